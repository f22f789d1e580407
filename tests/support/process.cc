#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace strads::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLookEveryMs = 5;  // an exit wakes nobody who waits for pipes

// The parent of a process, or 0. Its name, in parentheses, may hold anything.
pid_t ParentOf(const std::filesystem::path& proc) {
  std::ifstream file(proc / "stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t end = text.rfind(')');
  if (end == std::string::npos || end + 4 >= text.size() || text[end + 2] == 'Z') return 0;
  return std::stoi(text.substr(end + 4));
}

}  // namespace

Process::Process(const std::vector<std::string>& command) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    setpgid(0, 0);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execv(words[0], words.data());
    _exit(127);
  }
  setpgid(pid_, pid_);  // whoever comes first
  close(out[1]);
  close(err[1]);
  out_.file = out[0];
  err_.file = err[0];
  fcntl(out_.file, F_SETFL, O_NONBLOCK);
  fcntl(err_.file, F_SETFL, O_NONBLOCK);
}

Process::~Process() {
  kill(-pid_, SIGKILL);
  if (exit_code_ < 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_.file >= 0) close(out_.file);
  if (err_.file >= 0) close(err_.file);
}

void Process::Signal(int signal) const {
  if (exit_code_ < 0) kill(pid_, signal);
}

void Process::Drain(Pipe& pipe) {
  char buffer[4096];
  while (pipe.file >= 0) {
    const ssize_t count = read(pipe.file, buffer, sizeof buffer);
    if (count > 0) {
      pipe.text.append(buffer, static_cast<size_t>(count));
    } else if (count == 0) {
      close(pipe.file);
      pipe.file = -1;
    } else {
      return;
    }
  }
}

void Process::Reap() {
  int status = 0;
  if (exit_code_ >= 0 || waitpid(pid_, &status, WNOHANG) != pid_) return;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool Process::WaitUntil(const std::function<bool()>& condition, double seconds) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  while (true) {
    Reap();  // first: what it has printed before its end is then in the pipes
    Drain(out_);
    Drain(err_);
    if (condition()) return true;
    if (Clock::now() >= deadline) return false;
    pollfd files[2] = {{out_.file, POLLIN, 0}, {err_.file, POLLIN, 0}};
    poll(files, 2, kLookEveryMs);
  }
}

bool Process::WaitForErr(const std::string& text, double seconds) {
  const auto found = [&] { return err().find(text) != std::string::npos; };
  WaitUntil([&] { return found() || exit_code_ >= 0; }, seconds);
  return found();
}

bool Process::WaitForExit(double seconds) {
  return WaitUntil([&] { return exit_code_ >= 0; }, seconds);
}

bool Process::WaitForSilence(double seconds) {
  return WaitUntil([&] { return out_.file < 0 && err_.file < 0; }, seconds);
}

std::vector<pid_t> Process::Children() const {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      continue;
    }
    if (ParentOf(entry.path()) == pid_) children.push_back(std::stoi(name));
  }
  std::sort(children.begin(), children.end());
  return children;
}

}  // namespace strads::testing
