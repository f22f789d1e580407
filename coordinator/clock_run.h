#pragma once

#include <strads/program.h>
#include <strads/run_options.h>
#include <strads/summary.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "coordinator/engine.h"
#include "coordinator/membership.h"
#include "coordinator/parameter_store.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// What the coordinator of a data-parallel run does beside what every coordinator does: has the
// parameters held, here or by holders, and measures the snapshots of --trace once training is over.
class ClockRun final {
 public:
  // `endpoint`, `membership` and `clock` must outlive it. Throws Error (kUsage) if the options do
  // not go with this pattern.
  ClockRun(const Program& program,
           const Bytes& app_options,
           const RunOptions& options,
           wire::ReliableEndpoint& endpoint,
           Membership& membership,
           const wire::Clock& clock);

  // A worker that is ready describes its shard.
  void OnReady(const Member& member, const std::vector<Bytes>& parts);
  // All are ready. `on_round` is called after every clock that is complete; true ends the run.
  void Start(std::function<bool(const RoundResult&)> on_round);
  // A frame that is about clocks or what holders have.
  void OnFrame(Member& member, wire::Delivery& delivery) { store_->OnFrame(member, delivery); }

  // Has `on_round` called of the clock that is not complete, if it is known here how far it is.
  bool TellOfOpenClock() { return store_->TellOfOpenClock(); }
  // Whether there is more than the empty model.
  bool HasPulled() const { return store_->HasPulled(); }
  // After the last clock: brings parameters here. Not collected before they are.
  void Collect() { store_->Collect(); }
  bool collected() const { return store_->collected(); }
  // Then: has the workers compute the loss of the next snapshot. False if there is none left.
  bool MeasureNext();
  // A worker's loss. True: all have told theirs of this snapshot.
  bool OnMeasured(const Member& member, const wire::Delivery& delivery);
  // Those whose answer is missing for the run to go on.
  std::vector<Member*> Missing();

  // Once started.
  const EngineState& state() const { return store_->state(); }
  // The parameters whose loss is the run's, in parts.
  std::vector<Bytes> Answer() { return store_->Answer(); }
  // Then, all workers having finished: the sums of what they tell beside their losses.
  void Measured(std::span<const double> sums) { model_->Measured(sums); }
  ClockSummary Summarize() const;
  strads::Report Report() const { return model_->Report(); }
  Bytes Save() const { return model_->Save(); }
  SideFiles TakeFiles() const { return model_->TakeFiles(); }

 private:
  struct Snapshot {
    TracePoint point;  // its objective is the penalty until losses are measured
    std::vector<Bytes> parameters;
    std::vector<std::optional<double>> losses;
  };

  bool OnClock(int64_t clock, const strads::Report& report, std::vector<Bytes> snapshot);

  const RunOptions options_;
  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  const wire::Clock& clock_;
  const std::unique_ptr<DataParallelModelRole> model_;
  std::unique_ptr<ParameterStore> store_;
  std::vector<Bytes> starts_;
  std::function<bool(const RoundResult&)> on_round_;
  wire::Time started_at_{0};
  std::vector<Snapshot> snapshots_;
  size_t measured_ = 0;  // of them
};

}  // namespace strads
