#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace strads {

// Not one that reaches children of a run from anyone else: a terminal signals the whole group.
constexpr int kStopSignal = SIGUSR1;

// Child processes that end with this one: killed and reaped on destruction, and killed by the
// kernel should this process die first.
class ChildProcesses {
 public:
  ChildProcesses() = default;
  ~ChildProcesses();
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  // Starts `command`, whose first word is the path of a program. Throws Error (kPeer) if it cannot.
  void Start(const std::vector<std::string>& command);

  // Tells all that the run is to end by kStopSignal, which they ignore unless they handle it.
  void TellStop() const;

  struct Ended {
    pid_t process = 0;
    std::string how;  // "was killed by signal 9", "ended with exit code 3"
  };
  // Those that have ended since the last call.
  std::vector<Ended> Reap();

  // Waits, `seconds` at most, for the rest to end by themselves.
  void WaitForAll(double seconds);

 private:
  std::vector<pid_t> running_;
};

// The path of the program that this process runs.
std::string OwnPath();

}  // namespace strads
