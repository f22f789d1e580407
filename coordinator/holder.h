#pragma once

#include <strads/data_parallel_role.h>
#include <strads/run_options.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "coordinator/clock_engine.h"
#include "coordinator/parameter_store.h"

namespace strads {

// Parameters of a data-parallel run, all of them or a range, with the engine that decides what is
// pulled into them and who reads them.
class Holder final : private ClockEngine::Outlet {
 public:
  // A frame for the worker of this rank.
  using SendToWorker =
      std::function<void(int rank, const wire::FrameHeader&, std::vector<Bytes> parts)>;

  // Whether it has all parameters: then it can tell by itself that a run is done.
  enum class Range { kAll, kPart };

  // `model`, which it begins, and `clock` must outlive it. Throws Error (kUsage) if the options do
  // not go with this pattern.
  Holder(DataParallelModelRole& model,
         Range range,
         const RunOptions& options,
         const wire::Clock& clock,
         SendToWorker send,
         ParameterStore::OnClock on_clock);

  void Start(std::span<const Bytes> starts);
  // Throws ProtocolError if that worker may not push it.
  void OnGradient(int rank, wire::Delivery& delivery);
  // That worker will not push it: see ClockEngine.
  void OnSkip(int rank, int64_t clock) { engine_->OnSkip(rank, clock); }
  // No gradient counts from now on.
  void Stop() { engine_->Stop(); }
  // Tells of the clock that is not complete as of one that is.
  void TellOfOpenClock() { Tell(engine_->rounds(), false); }

  // Once started.
  const ClockEngine& engine() const { return *engine_; }
  Bytes Answer();
  ClockTally Tally() const;

 private:
  void Send(int rank, const Grant& grant, const Bytes& parameters) override;
  bool OnClock(int64_t clock) override;
  bool OnPulls(int64_t clock) override;
  bool Tell(int64_t clock, bool with_snapshot);

  DataParallelModelRole& model_;
  const Range range_;
  const RunOptions options_;
  const wire::Clock& clock_;
  const SendToWorker send_;
  const ParameterStore::OnClock on_clock_;
  const std::unique_ptr<const Consistency> consistency_;
  std::optional<ClockEngine> engine_;
};

}  // namespace strads
