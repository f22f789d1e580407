#include "coordinator/stopping.h"

#include <cmath>

#include "coordinator/format.h"

namespace strads {

std::optional<Ending> DecideAt(const RunOptions& options,
                               double seconds,
                               const std::atomic<bool>* stop) {
  if (stop != nullptr && stop->load(std::memory_order_relaxed)) {
    return Ending{Termination::kUserStop, "stopped by the user; the model is the one so far"};
  }
  if (options.max_time > 0 && seconds >= options.max_time) {
    return Ending{Termination::kMaxTime, "used the " + FormatNumber(options.max_time, 3) +
                                             " s of --max_time; not converged"};
  }
  return std::nullopt;
}

std::optional<Ending> Decide(const RunOptions& options,
                             const RoundRecord& record,
                             const std::atomic<bool>* stop) {
  if (record.measured && !std::isfinite(record.objective)) {
    return Ending{Termination::kFailure,
                  "the objective is no longer finite: steps are too long, or the updates of a "
                  "round work against each other; take shorter steps, lower --parallelism or "
                  "choose another --schedule, of what the app has"};
  }
  if (record.gap <= options.tolerance) {
    return Ending{Termination::kConverged, "relative gap " + FormatNumber(record.gap, 2) +
                                               " is at most the tolerance " +
                                               FormatNumber(options.tolerance, 2)};
  }
  if (!record.done.empty()) {
    return Ending{record.converged ? Termination::kConverged : Termination::kMaxRounds,
                  record.done};
  }
  if (std::optional<Ending> ending = DecideAt(options, record.seconds, stop)) return ending;
  if (options.max_rounds > 0 && record.round + 1 >= options.max_rounds) {
    return Ending{Termination::kMaxRounds, "did the " + std::to_string(options.max_rounds) +
                                               " rounds of --max_rounds; not converged"};
  }
  return std::nullopt;
}

}  // namespace strads
