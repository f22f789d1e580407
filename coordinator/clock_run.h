#pragma once

#include <strads/run_options.h>
#include <strads/summary.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "coordinator/clock_engine.h"
#include "coordinator/engine.h"
#include "coordinator/membership.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// Throws Error (kUsage) if an option is given that only data-parallel apps have.
void RefuseClockOptions(const RunOptions& options);

// What the coordinator of a data-parallel run does beside what every coordinator does: runs a
// ClockEngine over an endpoint, and measures the snapshots of --trace once training is over.
class ClockRun final : private ClockEngine::Outlet {
 public:
  // `endpoint` and `membership` must outlive it. Throws Error (kUsage) if the options do not go
  // with this pattern.
  ClockRun(std::unique_ptr<DataParallelModelRole> model,
           const RunOptions& options,
           wire::ReliableEndpoint& endpoint,
           Membership& membership,
           const wire::Clock& clock);

  // A worker that is ready describes its shard.
  void OnReady(const Member& member, const std::vector<Bytes>& parts);
  // All are ready. `on_round` is called after every clock that is complete; true ends the run.
  void Start(std::function<bool(const RoundResult&)> on_round);
  void OnGradient(Member& member, wire::Delivery& delivery);

  // After the last clock: has the workers compute the loss of the next snapshot. False if there is
  // none left.
  bool MeasureNext();
  // A worker's loss. True: all have told theirs of this snapshot.
  bool OnMeasured(const Member& member, const wire::Delivery& delivery);
  // The workers whose loss of the snapshot is missing.
  std::vector<int> UnmeasuredRanks() const;

  // Once started.
  const EngineState& state() const { return *engine_; }
  // The parameters whose loss is the run's.
  Bytes Answer();
  ClockSummary Summarize() const;
  strads::Report Report() const { return model_->Report(); }
  Bytes Save() const { return model_->Save(); }

 private:
  struct Snapshot {
    TracePoint point;  // its objective is the penalty until losses are measured
    Bytes parameters;
    std::vector<std::optional<double>> losses;
  };

  void Send(int rank, const Grant& grant, const Bytes& parameters) override;
  bool OnClock(int64_t clock) override;
  void Keep(int64_t round, const strads::Report& report);

  const std::unique_ptr<DataParallelModelRole> model_;
  const RunOptions options_;
  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  const wire::Clock& clock_;
  const std::unique_ptr<const Consistency> consistency_;
  std::vector<Bytes> starts_;
  std::function<bool(const RoundResult&)> on_round_;
  std::optional<ClockEngine> engine_;
  wire::Time started_at_{0};
  std::vector<Snapshot> snapshots_;
  size_t measured_ = 0;  // of them
};

}  // namespace strads
