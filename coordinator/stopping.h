#pragma once

#include <strads/run_options.h>
#include <strads/summary.h>

#include <atomic>
#include <optional>
#include <string>

namespace strads {

// A reason to end a run, for the machine and for people.
struct Ending {
  Termination termination = Termination::kFailure;
  std::string message;
};

// Whether a run that has solved for so long ends, be it within a round.
std::optional<Ending> DecideAt(const RunOptions& options,
                               double seconds,
                               const std::atomic<bool>* stop);

// Whether a run ends after the round that `record` describes.
std::optional<Ending> Decide(const RunOptions& options,
                             const RoundRecord& record,
                             const std::atomic<bool>* stop);

}  // namespace strads
