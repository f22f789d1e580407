#pragma once

#include <strads/program.h>

#include <memory>
#include <vector>

#include "coordinator/wire/member_node.h"

namespace strads {

// A scheduler at its endpoint: takes feedback, answers with plans.
class SchedulerNode final : public wire::MemberNode {
 public:
  // `programs` must outlive it; the coordinator says which one is run.
  SchedulerNode(wire::Transport& transport,
                const std::vector<Program>& programs,
                const wire::MemberOptions& options)
      : MemberNode(transport, wire::Role::kScheduler, options), programs_(programs) {}

 private:
  std::vector<Bytes> Construct(const wire::Welcome& welcome, const Bytes& options) override;
  void OnFrame(wire::Delivery& delivery) override;
  double OnFinish(const std::vector<Bytes>&) override { return 0; }

  const std::vector<Program>& programs_;
  std::unique_ptr<SchedulerRole> scheduler_;
};

}  // namespace strads
