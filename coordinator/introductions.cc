#include "coordinator/introductions.h"

namespace strads {

using wire::FrameKind;

void Introductions::OnReady(const Member& member, const std::vector<Bytes>& parts) {
  if (member.role != wire::Role::kWorker || parts.empty()) return;
  endpoints_[static_cast<size_t>(member.index)] = Unpack<wire::Ready>(parts[0]).endpoint;
}

void Introductions::SendToAll(FrameKind kind, const std::vector<Bytes>& parts) {
  for (size_t rank = 0; rank < endpoints_.size(); ++rank)
    endpoint_.Send(membership_.worker(static_cast<int>(rank)).address, {.kind = kind}, parts);
}

void Introductions::Begin() {
  wire::Peers peers;
  peers.endpoints = endpoints_;
  for (size_t rank = 0; rank < endpoints_.size(); ++rank) {
    const Member& worker = membership_.worker(static_cast<int>(rank));
    peers.addresses.push_back(worker.address);
    peers.names.push_back(worker.Name());
  }
  SendToAll(FrameKind::kPeers, {Pack(peers)});
}

bool Introductions::OnMet(int64_t round) {
  if (round < 0) {
    if (++opened_ == endpoints_.size()) SendToAll(FrameKind::kMeet, {});
    return false;
  }
  return ++met_ == endpoints_.size();
}

}  // namespace strads
