#pragma once

#include <strads/program.h>
#include <strads/run_options.h>

#include <atomic>
#include <string>
#include <vector>

namespace strads {

// The train command: runs `program`, shows progress and the summary, writes model and metrics.
// Returns the exit code.
int Train(const Program& program,
          const OptionValues& values,
          const RunOptions& options,
          const std::vector<std::string>& child_command);

// Whether Ctrl-C or SIGTERM has asked the training of this process to end.
const std::atomic<bool>& StopRequest();

}  // namespace strads
