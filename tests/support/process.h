#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace strads::testing {

// A command in a process of its own, with what it prints. It leads a process group, which is
// killed as a whole at the end of the scope: nothing outlives a test, however that ends.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& out() const { return out_.text; }
  const std::string& err() const { return err_.text; }
  // As a shell tells it: 128 + the signal if one killed it. -1 while it runs.
  int exit_code() const { return exit_code_; }

  void Signal(int signal) const;

  // Each waits at most so many seconds, reading what is printed meanwhile, and says whether it
  // came true.
  bool WaitUntil(const std::function<bool()>& condition, double seconds = kPatience);
  bool WaitForErr(const std::string& text, double seconds = kPatience);
  bool WaitForExit(double seconds = kPatience);
  // Until nobody holds its standard output and error: its children have ended, too.
  bool WaitForSilence(double seconds = kPatience);

  // The processes that it has started and that still run, in order of their ids.
  std::vector<pid_t> Children() const;

  // Far more than anything should take, as machines are busy.
  static constexpr double kPatience = 60;

 private:
  struct Pipe {
    int file = -1;
    std::string text;
  };
  static void Drain(Pipe& pipe);
  void Reap();

  pid_t pid_ = -1;
  int exit_code_ = -1;
  Pipe out_, err_;
};

}  // namespace strads::testing
