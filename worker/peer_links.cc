#include "worker/peer_links.h"

#include <strads/error.h>

#include <algorithm>
#include <utility>

namespace strads {

using wire::FrameKind;

void PeerLinks::Open(const wire::Peers& peers) {
  if (peers.addresses.size() != peers.endpoints.size() ||
      peers.addresses.size() != peers.names.size() ||
      std::cmp_less_equal(peers.addresses.size(), rank_))
    throw ProtocolError("the list of workers is not complete");
  peers_ = peers;
  for (size_t rank = 0; rank < peers_.addresses.size(); ++rank) {
    if (std::cmp_not_equal(rank, rank_)) endpoint_.Open(peers_.addresses[rank]);
  }
}

void PeerLinks::Meet() {
  meeting_ = true;
  deadline_ = endpoint_.Now() + wire::Seconds(peers_.timeout);
  for (size_t rank = static_cast<size_t>(rank_) + 1; rank < peers_.addresses.size(); ++rank) {
    endpoint_.Connect(peers_.addresses[rank], peers_.endpoints[rank]);
    endpoint_.Send(peers_.addresses[rank], {.kind = FrameKind::kMeet}, {});
  }
}

void PeerLinks::CheckThatAllAnswered() const {
  for (size_t rank = static_cast<size_t>(rank_) + 1; rank < peers_.addresses.size(); ++rank) {
    if (endpoint_.LastHeard(peers_.addresses[rank]) != wire::ReliableEndpoint::kNotHeard) continue;
    throw PeerError("worker " + std::to_string(rank_) + " has not reached " + peers_.names[rank] +
                    " at " + peers_.endpoints[rank] + " within " +
                    std::to_string(static_cast<int64_t>(peers_.timeout)) +
                    " s (--join_timeout); workers hand blocks to each other directly");
  }
}

void PeerLinks::Close() {
  for (const wire::Address& address : peers_.addresses) endpoint_.Close(address);
}

int64_t PeerLinks::Send(int rank, const wire::FrameHeader& header, std::vector<Bytes> parts) {
  int64_t bytes = 0;
  for (const Bytes& part : parts) bytes += static_cast<int64_t>(part.size());
  endpoint_.Send(peers_.addresses.at(static_cast<size_t>(rank)), header, std::move(parts));
  return bytes;
}

std::string PeerLinks::NameOf(const wire::Address& address) const {
  const auto found = std::ranges::find(peers_.addresses, address);
  if (found == peers_.addresses.end()) return address;
  return peers_.names[static_cast<size_t>(found - peers_.addresses.begin())];
}

}  // namespace strads
