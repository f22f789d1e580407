#include "coordinator/child_processes.h"

#include <signal.h>
#include <strads/error.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace strads {
namespace {

std::string Describe(int status) {
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::string OwnPath() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || length == sizeof path)
    throw PeerError("cannot find the path of this program in /proc/self/exe");
  return {path, static_cast<size_t>(length)};
}

void ChildProcesses::Start(const std::vector<std::string>& command) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw PeerError(std::string("cannot start a process: ") + std::strerror(errno));
  if (child == 0) {
    // Between fork and exec only calls that are safe in a copy of a process with threads.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    // Ctrl-C reaches the whole group; the coordinator ends the run in order.
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(kStopSignal, SIG_IGN);
    execv(words[0], words.data());
    _exit(127);
  }
  running_.push_back(child);
}

void ChildProcesses::TellStop() const {
  for (const pid_t child : running_) kill(child, kStopSignal);
}

std::vector<ChildProcesses::Ended> ChildProcesses::Reap() {
  std::vector<Ended> ended;
  std::erase_if(running_, [&](pid_t child) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) != child) return false;
    ended.push_back({child, Describe(status)});
    return true;
  });
  return ended;
}

void ChildProcesses::WaitForAll(double seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (Reap(), !running_.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

ChildProcesses::~ChildProcesses() {
  for (const pid_t child : running_) kill(child, SIGKILL);
  for (const pid_t child : running_) waitpid(child, nullptr, 0);
}

}  // namespace strads
