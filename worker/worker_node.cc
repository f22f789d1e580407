#include "worker/worker_node.h"

#include <strads/error.h>

namespace strads {

using wire::FrameKind;

void WorkerNode::Construct(const wire::Welcome& welcome, const Bytes& options) {
  const Program& program = FindProgram(programs_, welcome.app);
  worker_ = program.make_worker(options, Shard{welcome.index, welcome.count, welcome.threads});
}

void WorkerNode::OnFrame(wire::Delivery& delivery) {
  if (delivery.header.kind != FrameKind::kPush || delivery.parts.empty()) {
    throw ProtocolError(std::string("a worker was sent a ") + FrameKindName(delivery.header.kind) +
                        ", expected a push");
  }
  const size_t num_updates = delivery.parts.size() - 1;
  for (size_t i = 0; i < num_updates; ++i) worker_->Sync(delivery.parts[i]);
  const double loss = worker_->Loss();
  Bytes partial = worker_->Push(delivery.parts.back());
  endpoint_.Send(wire::kCoordinator,
                 {.kind = FrameKind::kPartial, .round = delivery.header.round, .loss = loss},
                 {std::move(partial)});
}

double WorkerNode::OnFinish(const std::vector<Bytes>& updates) {
  for (const Bytes& update : updates) worker_->Sync(update);
  return worker_->Loss();
}

}  // namespace strads
