#include "coordinator/introductions.h"

#include <algorithm>
#include <functional>

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

void Introductions::Begin(double timeout) {
  wire::Peers peers;
  peers.timeout = timeout;
  peers.endpoints = endpoints_;
  for (size_t rank = 0; rank < endpoints_.size(); ++rank) {
    const Member& worker = membership_.worker(static_cast<int>(rank));
    peers.addresses.push_back(worker.address);
    peers.names.push_back(worker.Name());
  }
  SendToAll(FrameKind::kPeers, {Pack(peers)});
}

bool Introductions::OnMet(const Member& member, int64_t round) {
  std::vector<bool>& stage = round < 0 ? opened_ : met_;
  const auto rank = static_cast<size_t>(member.index);
  if (stage[rank]) return false;
  stage[rank] = true;
  const bool all = std::ranges::all_of(stage, std::identity());
  if (all && round < 0) SendToAll(FrameKind::kMeet, {});
  return all && round >= 0;
}

std::vector<int> Introductions::MissingRanks() const {
  // No one meets the others before all links are open.
  const bool all_opened = std::ranges::all_of(opened_, std::identity());
  const std::vector<bool>& stage = all_opened ? met_ : opened_;
  std::vector<int> ranks;
  for (size_t rank = 0; rank < stage.size(); ++rank) {
    if (!stage[rank]) ranks.push_back(static_cast<int>(rank));
  }
  return ranks;
}

}  // namespace strads
