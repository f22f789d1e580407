#include "coordinator/wire/peer_links.h"

#include <strads/error.h>
#include <strads/options.h>

#include <algorithm>
#include <utility>

namespace strads::wire {

bool PeerLinks::OnFrame(const Delivery& delivery) {
  if (delivery.header.kind == FrameKind::kPeers && delivery.parts.size() == 1) {
    Open(Unpack<Peers>(delivery.parts[0]));
    endpoint_.Send(kCoordinator, {.kind = FrameKind::kMet}, {});
    return true;
  }
  if (delivery.header.kind != FrameKind::kMeet) return false;
  Meet();
  return true;
}

void PeerLinks::Open(const Peers& peers) {
  const int count = static_cast<int>(peers.addresses.size());
  if (peers.addresses.size() != peers.endpoints.size() ||
      peers.addresses.size() != peers.names.size() || peers.awaits < 0 || peers.awaits > count ||
      peers.connects < 0 || peers.connects > count)
    throw ProtocolError("the list of peers is not complete");
  peers_ = peers;
  for (int index = 0; index < count; ++index) {
    if (index < peers.awaits || index >= peers.connects)
      endpoint_.Open(peers_.addresses[static_cast<size_t>(index)]);
  }
}

void PeerLinks::Meet() {
  meeting_ = true;
  deadline_ = endpoint_.Now() + Seconds(peers_.timeout);
  for (auto i = static_cast<size_t>(peers_.connects); i < peers_.addresses.size(); ++i) {
    endpoint_.Connect(peers_.addresses[i], peers_.endpoints[i]);
    endpoint_.Send(peers_.addresses[i], {.kind = FrameKind::kMeet}, {});
  }
  wake_at_(deadline_);
  TellIfAllMet();
}

void PeerLinks::OnMeet(const Address& from) {
  met_.insert(from);
  TellIfAllMet();
}

void PeerLinks::TellIfAllMet() {
  if (meeting_ && std::ssize(met_) >= peers_.awaits)
    endpoint_.Send(kCoordinator, {.kind = FrameKind::kMet, .round = 1}, {});
}

void PeerLinks::OnWake() {
  if (deadline_ == kNever) return;
  if (endpoint_.Now() < deadline_) {
    wake_at_(deadline_);
    return;
  }
  deadline_ = kNever;
  for (auto i = static_cast<size_t>(peers_.connects); i < peers_.addresses.size(); ++i) {
    if (endpoint_.LastHeard(peers_.addresses[i]) != ReliableEndpoint::kNotHeard) continue;
    throw PeerError(who_ + " has not reached " + peers_.names[i] + " at " + peers_.endpoints[i] +
                    " within " + internal::FormatOption(peers_.timeout) + " s (--join_timeout); " +
                    links_are_for_);
  }
}

void PeerLinks::Close() {
  for (const Address& address : peers_.addresses) endpoint_.Close(address);
}

int64_t PeerLinks::Send(int index, const FrameHeader& header, std::vector<Bytes> parts) {
  int64_t bytes = 0;
  for (const Bytes& part : parts) bytes += static_cast<int64_t>(part.size());
  endpoint_.Send(peers_.addresses.at(static_cast<size_t>(index)), header, std::move(parts));
  return bytes;
}

int PeerLinks::IndexOf(const Address& address) const {
  const auto found = std::ranges::find(peers_.addresses, address);
  return found == peers_.addresses.end() ? -1 : static_cast<int>(found - peers_.addresses.begin());
}

}  // namespace strads::wire
