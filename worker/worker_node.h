#pragma once

#include <strads/program.h>

#include <memory>
#include <vector>

#include "coordinator/wire/member_node.h"

namespace strads {

// A worker at its endpoint: syncs updates, pushes plans, answers with partials.
class WorkerNode final : public wire::MemberNode {
 public:
  // `programs` must outlive it; the coordinator says which one is run.
  WorkerNode(wire::Transport& transport,
             const std::vector<Program>& programs,
             const wire::MemberOptions& options)
      : MemberNode(transport, wire::Role::kWorker, options), programs_(programs) {}

 private:
  void Construct(const wire::Welcome& welcome, const Bytes& options) override;
  void OnFrame(wire::Delivery& delivery) override;
  double OnFinish(const std::vector<Bytes>& updates) override;

  const std::vector<Program>& programs_;
  std::unique_ptr<WorkerRole> worker_;
};

}  // namespace strads
