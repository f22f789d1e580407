#include "coordinator/introductions.h"

#include <algorithm>
#include <functional>

namespace strads {

using wire::FrameKind;
using wire::Role;

int Introductions::IndexOf(const Member& member) const {
  if (member.role == Role::kWorker) return member.index;
  return member.role == Role::kHolder ? workers_ + member.index : -1;
}

Member& Introductions::MemberAt(size_t index) {
  const int i = static_cast<int>(index);
  return i < workers_ ? membership_.worker(i) : membership_.holder(i - workers_);
}

void Introductions::OnReady(const Member& member, const std::vector<Bytes>& parts) {
  const int index = IndexOf(member);
  if (index < 0 || parts.empty()) return;
  endpoints_[static_cast<size_t>(index)] = Unpack<wire::Ready>(parts[0]).endpoint;
}

void Introductions::Begin(double timeout) {
  wire::Peers peers;
  peers.timeout = timeout;
  peers.endpoints = endpoints_;
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    const Member& member = MemberAt(i);
    peers.addresses.push_back(member.address);
    peers.names.push_back(member.Name());
  }
  const int all = static_cast<int>(endpoints_.size());
  for (int i = 0; i < all; ++i) {
    if (has_holders()) {
      peers.awaits = i < workers_ ? 0 : workers_;
      peers.connects = i < workers_ ? workers_ : all;
    } else {
      peers.awaits = i;
      peers.connects = i + 1;
    }
    endpoint_.Send(MemberAt(static_cast<size_t>(i)).address, {.kind = FrameKind::kPeers},
                   {Pack(peers)});
  }
}

bool Introductions::OnMet(const Member& member, int64_t round) {
  std::vector<bool>& stage = round < 0 ? opened_ : met_;
  const int index = IndexOf(member);
  if (index < 0 || stage[static_cast<size_t>(index)]) return false;
  stage[static_cast<size_t>(index)] = true;
  const bool all = std::ranges::all_of(stage, std::identity());
  if (all && round < 0) {
    for (size_t i = 0; i < endpoints_.size(); ++i)
      endpoint_.Send(MemberAt(i).address, {.kind = FrameKind::kMeet}, {});
  }
  return all && round >= 0;
}

Member& Introductions::Missing() {
  // No one meets the others before all links are open.
  const bool all_opened = std::ranges::all_of(opened_, std::identity());
  const std::vector<bool>& stage = all_opened ? met_ : opened_;
  const auto missing = std::ranges::find(stage, false);
  return MemberAt(static_cast<size_t>(missing - stage.begin()));
}

}  // namespace strads
