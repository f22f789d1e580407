#pragma once

#include <strads/run.h>

namespace strads {

// All roles on threads of this process: the coordinator and worker 0 take turns on the calling
// thread, so that P workers keep P threads busy; every other member has its own. Where gradients
// are pulled as they arrive worker 0 has its own too, and the coordinator the calling one.
RunResult RunOnThreads(const Program& program,
                       const OptionValues& values,
                       const RunOptions& options,
                       const RunHooks& hooks);

// The coordinator in this process, at `listen` or, for --processes, at an endpoint of its own with
// children started by hooks.child_command.
RunResult RunOnProcesses(const Program& program,
                         const OptionValues& values,
                         const RunOptions& options,
                         const RunHooks& hooks);
RunResult RunAsCoordinator(const Program& program,
                           const OptionValues& values,
                           const RunOptions& options,
                           const RunHooks& hooks);

// Not 0; differs from run to run.
uint64_t NewRunId();

}  // namespace strads
