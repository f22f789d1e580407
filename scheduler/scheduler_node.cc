#include "scheduler/scheduler_node.h"

#include <strads/error.h>

namespace strads {

using wire::FrameKind;

std::vector<Bytes> SchedulerNode::Construct(const wire::Welcome& welcome, const Bytes& options) {
  const Program& program = FindProgram(programs_, welcome.app, welcome.messages);
  scheduler_ = program.make_scheduler(options, Slice{welcome.index, welcome.count});
  return {};
}

void SchedulerNode::OnFrame(wire::Delivery& delivery) {
  if (delivery.header.kind != FrameKind::kSchedule) {
    throw ProtocolError(std::string("a scheduler was sent a ") +
                        FrameKindName(delivery.header.kind) + ", expected a schedule");
  }
  for (const Bytes& update : delivery.parts) scheduler_->Feedback(update);
  ScheduledBytes scheduled = scheduler_->Schedule();
  endpoint_.Send(wire::kCoordinator,
                 {.kind = FrameKind::kPlan,
                  .round = delivery.header.round,
                  .fence = scheduled.fence ? 1u : 0u},
                 {std::move(scheduled.plan)});
}

}  // namespace strads
