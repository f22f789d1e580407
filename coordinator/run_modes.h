#pragma once

#include <strads/run.h>

namespace strads {

// All roles on threads of this process: the coordinator and worker 0 take turns on the calling
// thread, so that P workers keep P threads busy; every other worker and holder has its own, and
// schedulers have those of the cores that are left. Where gradients are pulled as they arrive
// worker 0 has its own too, and the coordinator the calling one. With `shares_scheduler` the one
// scheduler is the coordinator's as well, which makes plans where it would wait for them.
RunResult RunOnThreads(const Program& program,
                       const OptionValues& values,
                       const RunOptions& options,
                       const RunHooks& hooks,
                       bool shares_scheduler);

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
