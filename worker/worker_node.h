#pragma once

#include <strads/program.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/wire/member_node.h"
#include "worker/block_ledger.h"
#include "worker/clock_worker.h"
#include "worker/pace.h"

namespace strads {

// A worker at its endpoint: syncs updates, pushes plans, answers with partials; in runs whose model
// is divided into blocks, hands blocks to other workers. Does what it is asked in that order, each
// as soon as the block that it takes is here.
class WorkerNode final : public wire::MemberNode {
 public:
  // `programs` must outlive it; the coordinator says which one is run.
  WorkerNode(wire::Transport& transport,
             const std::vector<Program>& programs,
             const wire::MemberOptions& options)
      : MemberNode(transport, wire::Role::kWorker, options),
        programs_(programs),
        push_takes_(options.push_takes),
        extend_takes_(options.extend_takes) {}

 private:
  // A push that has not been answered yet.
  struct Pushing {
    int64_t round = 0;
    double loss = 0;
    int32_t block = -1;
    int next = 0;
    bool extend = false;
    bool tells = false;  // when the share is done: others may extend theirs
    bool told = false;
    Bytes partial = {};  // of a push without a block
    wire::Time due{0};   // when the next step is
  };

  std::vector<Bytes> Construct(const wire::Welcome& welcome, const Bytes& options) override;
  std::vector<Bytes> ConstructApp(const wire::Welcome& welcome, const Bytes& options);
  void OnFrame(wire::Delivery& delivery) override;
  void OnPeer(int index, wire::Delivery& delivery) override;
  void OnWake() override;
  double OnFinish(const std::vector<Bytes>& updates) override;
  std::vector<double> Measures() override;

  std::unique_ptr<ClockWorker> MakeClockWorker(const Program& program,
                                               const wire::Welcome& welcome,
                                               const Bytes& options);
  std::string Name() const { return "worker " + std::to_string(rank_); }
  // Does what has been asked for as far as blocks are here.
  void Work();
  // Each returns false if it has to wait.
  bool TryPush(const wire::Delivery& asked);
  bool TryCollect(const wire::Delivery& asked);
  // A step of the push is over: answers it, or extends it.
  void GoOn();
  void EndPush();

  const std::vector<Program>& programs_;
  const wire::Time push_takes_;
  const wire::Time extend_takes_;
  int rank_ = 0;
  int num_workers_ = 1;
  Pace pace_;
  std::unique_ptr<ClockWorker> clock_worker_;  // of a data-parallel app; then there is no worker_
  std::unique_ptr<WorkerRole> worker_;
  RotationRole* rotation_ = nullptr;  // of worker_, if it has one
  std::optional<BlockLedger> ledger_;
  std::deque<wire::Delivery> asked_;
  std::optional<Pushing> pushing_;
  bool collected_ = false;  // everything it had of the model
};

}  // namespace strads
