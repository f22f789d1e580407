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

// Whether Ctrl-C or SIGTERM has asked the training of this process to end; of a child process,
// kStopSignal.
const std::atomic<bool>& StopRequest();
// Of a child process that trains by itself: from now on it does as the run that started it says.
void HeedStopOfParent();

}  // namespace strads
