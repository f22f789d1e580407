#include "coordinator/collection.h"

namespace strads {

using wire::FrameKind;

void Collection::Begin(const std::vector<Bytes>& updates) {
  for (int rank = 0; rank < open_; ++rank) {
    endpoint_.Send(membership_.worker(rank).address, {.kind = FrameKind::kCollect, .round = 0},
                   updates);
  }
}

void Collection::OnShare(const Member& member,
                         const wire::FrameHeader& header,
                         const std::vector<Bytes>& parts) {
  if (parts.size() < 2) {
    --open_;
    return;
  }
  if (Unpack<wire::ShareHead>(parts[0]).block >= 0) {
    model_.CollectBlock(parts[1]);
  } else {
    model_.CollectShare(parts[1]);
  }
  endpoint_.Send(member.address, {.kind = FrameKind::kCollect, .round = header.round + 1}, {});
}

}  // namespace strads
