#include <strads/error.h>
#include <strads/run.h>

#include <random>
#include <string>
#include <thread>

#include "coordinator/coordinator_node.h"
#include "coordinator/holder_node.h"
#include "coordinator/open_files.h"
#include "coordinator/planning.h"
#include "coordinator/refused_options.h"
#include "coordinator/run_modes.h"
#include "coordinator/wire/zmq_transport.h"
#include "scheduler/scheduler_node.h"
#include "worker/worker_node.h"

namespace strads {

uint64_t NewRunId() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}

namespace {

// Rounds that a worker of a search has in hand beside the one that it is at.
constexpr int kAhead = 3;

RunOptions OfSearch(const Program& search, RunOptions options) {
  RefuseOptions(search, options);
  options.max_rounds = 0;
  options.max_time = 0;
  options.staleness = kAhead;
  options.round_timeout *= kAhead + 1;
  return options;
}

// Beside the threads of the workers, the first of which shares one with the coordinator.
bool HasFreeCore(const RunOptions& options) {
  const auto cores = static_cast<int64_t>(std::thread::hardware_concurrency());
  const bool all_are_here = options.role == "all" && !options.processes;
  return all_are_here && int64_t{options.workers} * options.threads < cores;
}

}  // namespace

void internal::ShareOptions(const OptionValues& defaults,
                            OptionValues& values,
                            RunOptions& run_options) {
  const OptionValues run_defaults = ToValues(RunOptions{});
  ForEachField(run_options, [&](std::string_view name, auto& field) {
    const auto of_app = values.find(std::string(name));
    if (of_app == values.end()) return;
    const std::string& option = of_app->first;
    const std::string of_run = FormatOption(field);
    const bool is_set = of_run != run_defaults.at(option);
    if (is_set && of_app->second != defaults.at(option) && of_app->second != of_run)
      throw UsageError("--" + option + " is " + of_app->second + " in the app's options and " +
                       of_run + " in the run's, expected one value");
    if (is_set)
      of_app->second = of_run;
    else
      ParseOption(name, of_app->second, field);
  });
}

RunResult Run(const Program& program,
              const OptionValues& values,
              const RunOptions& given,
              const RunHooks& hooks) {
  given.Validate();
  const RunOptions run_options =
      WithPlanning(PlanningOf(program, program.pack_options(values)),
                   program.is_search ? OfSearch(program, given) : given, HasFreeCore(given));
  // Options that the app and the run both have are one option.
  OptionValues all = values;
  for (const auto& [name, value] : ToValues(given)) all[name] = value;
  if (run_options.role == "coordinator") return RunAsCoordinator(program, all, run_options, hooks);
  if (run_options.processes) return RunOnProcesses(program, all, run_options, hooks);
  const bool shares_scheduler = given.schedulers < 0 && run_options.schedulers == 1;
  return RunOnThreads(program, all, run_options, hooks, shares_scheduler);
}

void Join(const std::vector<Program>& programs,
          const std::string& app,
          const OptionValues& claimed,
          const RunOptions& run_options,
          const RunHooks& hooks) {
  run_options.Validate();
  RequireOpenFiles(1);
  const auto transport = wire::ZmqTransport::Connect(run_options.connect);
  wire::MemberOptions options;
  options.app = app;
  options.claimed = claimed;
  options.endpoint = run_options.connect;
  options.join_timeout = wire::Seconds(run_options.join_timeout);
  options.link = LinkOptionsOf(run_options);
  if (hooks.on_news) hooks.on_news("joining the coordinator at " + run_options.connect);
  const auto play = [](wire::MemberNode& node) {
    node.Run();
    if (node.error()) throw *node.error();
  };
  if (run_options.role == "scheduler") {
    SchedulerNode node(*transport, programs, options);
    play(node);
  } else if (run_options.role == "holder") {
    HolderNode node(*transport, programs, options);
    play(node);
  } else {
    WorkerNode node(*transport, programs, options);
    play(node);
  }
}

}  // namespace strads
