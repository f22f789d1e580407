#include <strads/error.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "coordinator/child_processes.h"
#include "coordinator/coordinator_node.h"
#include "coordinator/run_modes.h"
#include "coordinator/wire/zmq_transport.h"

namespace strads {
namespace {

constexpr std::chrono::milliseconds kReapEvery{50};

// A directory for sockets that goes with the run.
class SocketDirectory {
 public:
  SocketDirectory() {
    std::string path = std::filesystem::temp_directory_path() / "strads-XXXXXX";
    if (mkdtemp(path.data()) == nullptr)
      throw PeerError("cannot make a directory for sockets at " + path);
    path_ = path;
  }
  ~SocketDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SocketDirectory(const SocketDirectory&) = delete;
  SocketDirectory& operator=(const SocketDirectory&) = delete;
  std::string Endpoint() const { return "ipc://" + path_ + "/coordinator"; }

 private:
  std::string path_;
};

RunResult Coordinate(wire::ZmqTransport& transport,
                     ChildProcesses& children,
                     const Program& program,
                     const OptionValues& values,
                     const RunOptions& options,
                     const RunHooks& hooks) {
  CoordinatorNode coordinator(transport, program, values, options, hooks, NewRunId());
  coordinator.Start();
  try {
    auto reap_at = std::chrono::steady_clock::now();
    while (!coordinator.done()) {
      coordinator.Poll(coordinator.NextTimer());
      const auto now = std::chrono::steady_clock::now();
      if (now < reap_at) continue;
      reap_at = now + kReapEvery;
      for (const auto& ended : children.Reap())
        coordinator.OnProcessEnded(ended.process, ended.how);
    }
  } catch (const std::exception& error) {
    coordinator.Abort(error.what());
    while (!coordinator.done()) coordinator.Poll(coordinator.NextTimer());
    throw;
  }
  children.WaitForAll(2);
  return coordinator.Result();
}

}  // namespace

RunResult RunOnProcesses(const Program& program,
                         const OptionValues& values,
                         const RunOptions& options,
                         const RunHooks& hooks) {
  if (hooks.child_command.empty())
    throw UsageError("--processes needs a program that can be started as a worker");
  RunOptions run = options;
  const SocketDirectory directory;
  run.listen = directory.Endpoint();
  const auto transport = wire::ZmqTransport::Bind(run.listen);
  ChildProcesses children;
  for (const auto& [role, count] : {std::pair{wire::Role::kWorker, options.workers},
                                    {wire::Role::kScheduler, options.schedulers},
                                    {wire::Role::kHolder, options.holders}}) {
    for (int i = 0; i < count; ++i) {
      std::vector<std::string> command = hooks.child_command;
      command.push_back(std::string("--role=") + wire::RoleName(role));
      command.push_back("--connect=" + transport->bound_endpoint());
      children.Start(command);
    }
  }
  return Coordinate(*transport, children, program, values, run, hooks);
}

RunResult RunAsCoordinator(const Program& program,
                           const OptionValues& values,
                           const RunOptions& options,
                           const RunHooks& hooks) {
  const auto transport = wire::ZmqTransport::Bind(options.listen);
  if (hooks.on_news) {
    hooks.on_news(
        "listening on " + transport->bound_endpoint() + " for " + std::to_string(options.workers) +
        " workers" +
        (options.schedulers > 0 ? " and " + std::to_string(options.schedulers) + " schedulers"
                                : "") +
        (options.holders > 0 ? " and " + std::to_string(options.holders) + " holders" : ""));
  }
  ChildProcesses none;
  return Coordinate(*transport, none, program, values, options, hooks);
}

}  // namespace strads
