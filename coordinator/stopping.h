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

// Whether a run ends after the round that `record` describes.
std::optional<Ending> Decide(const RunOptions& options,
                             const RoundRecord& record,
                             const std::atomic<bool>* stop);

}  // namespace strads
