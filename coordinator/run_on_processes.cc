#include <strads/error.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "coordinator/child_processes.h"
#include "coordinator/coordinator_node.h"
#include "coordinator/open_files.h"
#include "coordinator/run_modes.h"
#include "coordinator/wire/thrown.h"
#include "coordinator/wire/zmq_transport.h"

namespace strads {
namespace {

constexpr std::chrono::milliseconds kReapEvery{50};

// Of a socket between workers, the longest: the coordinator's and a name of 12 letters.
constexpr std::string_view kLongestName = "/strads-XXXXXX/coordinator.abcdefghijkl";
constexpr size_t kLongestFolder = sizeof(sockaddr_un::sun_path) - 1 - kLongestName.size();

// A directory for sockets that goes with the run: in TMPDIR, or in /tmp if the paths of sockets
// would be too long there.
class SocketDirectory {
 public:
  SocketDirectory() {
    const char* const tmpdir = std::getenv("TMPDIR");
    std::string place = tmpdir == nullptr ? "" : tmpdir;
    const bool is_used = !place.empty() && place.size() <= kLongestFolder;
    if (!is_used) place = "/tmp";
    std::string path = place + "/strads-XXXXXX";
    if (mkdtemp(path.data()) == nullptr)
      throw UsageError("cannot make a folder for sockets in " +
                       (is_used ? "TMPDIR=" + place : place) + ": " + std::strerror(errno) +
                       ", expected TMPDIR to name one that may be written to, of at most " +
                       std::to_string(kLongestFolder) + " characters");
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
    bool has_told = false;
    while (!coordinator.done()) {
      coordinator.Poll(coordinator.NextTimer());
      const auto now = std::chrono::steady_clock::now();
      if (now < reap_at) continue;
      reap_at = now + kReapEvery;
      if (hooks.stop != nullptr && hooks.stop->load() && !std::exchange(has_told, true))
        children.TellStop();
      for (const auto& ended : children.Reap())
        coordinator.OnProcessEnded(ended.process, ended.how);
    }
  } catch (...) {
    coordinator.Abort(wire::WhatWasThrown(program.name));
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
  RequireOpenFiles(int64_t{options.workers} + options.schedulers + options.holders);
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
  RequireOpenFiles(int64_t{options.workers} + options.schedulers + options.holders);
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
