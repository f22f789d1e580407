#pragma once

#include <strads/program.h>

#include <memory>
#include <optional>
#include <vector>

#include "coordinator/holder.h"
#include "coordinator/wire/member_node.h"

namespace strads {

// A holder of a range of a data-parallel run's parameters at its endpoint: takes gradients from
// workers, sends them parameters, and tells the coordinator of clocks.
class HolderNode final : public wire::MemberNode {
 public:
  // `programs` must outlive it; the coordinator says which one is run.
  HolderNode(wire::Transport& transport,
             const std::vector<Program>& programs,
             const wire::MemberOptions& options)
      : MemberNode(transport, wire::Role::kHolder, options), programs_(programs) {}

 private:
  std::vector<Bytes> Construct(const wire::Welcome& welcome, const Bytes& options) override;
  void OnFrame(wire::Delivery& delivery) override;
  void OnPeer(int rank, wire::Delivery& delivery) override;
  double OnFinish(const std::vector<Bytes>&) override { return 0; }

  void Begin(const std::vector<Bytes>& parts);
  bool TellClock(int64_t clock, const Report& report, std::vector<Bytes> snapshot);
  void Share();

  const std::vector<Program>& programs_;
  std::unique_ptr<DataParallelModelRole> model_;
  std::optional<Holder> holder_;
  bool shared_ = false;
};

}  // namespace strads
