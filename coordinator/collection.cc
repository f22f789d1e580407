#include "coordinator/collection.h"

#include <utility>

namespace strads {

using wire::FrameKind;

void Collection::Begin(std::vector<Bytes> updates) {
  updates_ = std::move(updates);
  Ask(0, updates_);
}

void Collection::Ask(int64_t round, const std::vector<Bytes>& updates) {
  endpoint_.Send(membership_.worker(rank_).address, {.kind = FrameKind::kCollect, .round = round},
                 updates);
}

void Collection::OnShare(const Member& member,
                         const wire::FrameHeader& header,
                         const std::vector<Bytes>& parts) {
  if (member.role != wire::Role::kWorker || member.index != rank_)
    throw ProtocolError("it sent a part of the model that it was not asked for");
  if (parts.size() < 2) {
    if (++rank_ < workers_) Ask(0, updates_);
    return;
  }
  Ask(header.round + 1, {});
  if (Unpack<wire::ShareHead>(parts[0]).block >= 0) {
    model_.CollectBlock(parts[1]);
  } else {
    model_.CollectShare(parts[1]);
  }
}

}  // namespace strads
