#include "coordinator/stopping.h"

#include <cmath>
#include <cstdio>

namespace strads {
namespace {

std::string Format(const char* format, double a, double b) {
  char text[160];
  std::snprintf(text, sizeof text, format, a, b);
  return text;
}

}  // namespace

std::optional<Ending> Decide(const RunOptions& options,
                             const RoundRecord& record,
                             const std::atomic<bool>* stop) {
  if (!std::isfinite(record.objective)) {
    return Ending{Termination::kFailure,
                  "the objective is no longer finite: the updates of a round work against each "
                  "other; lower --parallelism or choose another --schedule"};
  }
  if (record.gap <= options.tolerance) {
    return Ending{Termination::kConverged, Format("relative gap %.2g is at most the tolerance %.2g",
                                                  record.gap, options.tolerance)};
  }
  if (stop != nullptr && stop->load(std::memory_order_relaxed)) {
    return Ending{Termination::kUserStop,
                  "stopped by the user; the model is the one after the last complete round"};
  }
  if (options.max_rounds > 0 && record.round + 1 >= options.max_rounds) {
    return Ending{Termination::kMaxRounds, "did the " + std::to_string(options.max_rounds) +
                                               " rounds of --max_rounds; not converged"};
  }
  if (options.max_time > 0 && record.seconds >= options.max_time) {
    return Ending{Termination::kMaxTime, Format("used the %.3g s of --max_time; not converged%.0s",
                                                options.max_time, 0.0)};
  }
  return std::nullopt;
}

}  // namespace strads
