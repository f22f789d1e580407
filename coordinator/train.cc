#include "coordinator/train.h"

#include <signal.h>
#include <stdlib.h>
#include <strads/error.h>
#include <strads/model_file.h>
#include <strads/run.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "coordinator/child_processes.h"
#include "coordinator/progress.h"

namespace strads {
namespace {

namespace fs = std::filesystem;

// A signal handler can reach nothing but a global.
std::atomic<bool> stop_requested{false};

std::atomic<int64_t> first_signal_at{0};  // ns; 0: none yet

constexpr int64_t kRepetition = 500'000'000;  // ns

// The first Ctrl-C ends the run in order, the second the process: but not one that follows at once,
// as whoever signals a process and its group sends two.
void OnSignal(int signal) {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t at = int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  int64_t first = 0;
  if (first_signal_at.compare_exchange_strong(first, at)) {
    stop_requested.store(true, std::memory_order_relaxed);
  } else if (at - first > kRepetition) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

void CatchSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// However the process ends from now on, nothing is destroyed that a thread may still use.
void EndWithoutDestroying() {
  on_exit(
      [](int code, void*) {
        std::fflush(nullptr);
        std::_Exit(code);
      },
      nullptr);
}

// Metrics as JSON lines. Found wanting before the run, not after it; yet what an earlier run has
// left stays until there is a first line.
class MetricsFile {
 public:
  explicit MetricsFile(const std::string& path) : path_(path) {
    if (path.empty()) return;
    std::error_code ignored;
    const bool was_there = fs::exists(path, ignored);
    file_.open(path, std::ios::app);
    if (!file_) Fail(errno);
    if (!was_there) made_ = fs::canonical(path, ignored);
  }
  ~MetricsFile() {
    std::error_code ignored;
    if (!has_begun_ && !made_.empty()) fs::remove(made_, ignored);
  }
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  template <class Record>
  void Write(const Record& record) {
    if (!file_.is_open()) return;
    if (!std::exchange(has_begun_, true)) Empty();
    file_ << ToJson(record) << '\n';
  }
  void Close() {
    if (!file_.is_open()) return;
    file_.close();
    if (!file_) Fail(errno);
  }

 private:
  // A pipe or a device has nothing to be lost.
  void Empty() const {
    std::error_code error;
    if (!fs::is_regular_file(path_, error)) return;
    fs::resize_file(path_, 0, error);
    if (error) Fail(error.value());
  }
  [[noreturn]] void Fail(int why) const {
    throw DataError(path_ + ": cannot be written: " + std::strerror(why));
  }

  const std::string path_;
  fs::path made_;  // empty: the file was there before
  bool has_begun_ = false;
  std::ofstream file_;
};

}  // namespace

const std::atomic<bool>& StopRequest() { return stop_requested; }

void HeedStopOfParent() {
  struct sigaction action = {};
  action.sa_handler = [](int) { stop_requested.store(true, std::memory_order_relaxed); };
  sigaction(kStopSignal, &action, nullptr);
}

int Train(const Program& program,
          const OptionValues& values,
          const RunOptions& options,
          const std::vector<std::string>& child_command) {
  if (!options.model.empty()) CheckModelPath(options.model);
  MetricsFile metrics(options.metrics);
  RunResult result;
  {
    Progress progress(stderr, options.progress);
    CatchSignals();
    RunHooks hooks;
    hooks.stop = &stop_requested;
    hooks.child_command = child_command;
    hooks.on_left_threads = EndWithoutDestroying;
    hooks.on_round = [&](const RoundRecord& record) {
      metrics.Write(record);
      progress.Show(record);
    };
    if (options.role == "coordinator")
      hooks.on_news = [&](const std::string& text) { progress.News(text); };
    result = Run(program, values, options, hooks);
  }
  std::string files;
  const bool has_failed = result.summary.termination == Termination::kFailure;
  if (!options.model.empty() && !result.complete) {
    files = std::string("  model            not written: ") +
            (result.has_model ? "a lost member had a part of it\n"
                              : "the run ended before there was one\n");
  } else if (!options.model.empty() && has_failed) {
    files = "  model            not written: the run has failed\n";
  } else if (!options.model.empty()) {
    const std::string& app = program.family.empty() ? program.name : program.family;
    WriteModel(options.model, {app, values, result.model}, result.summary, result.side_files);
    files = "  model            " + options.model + "\n";
  }
  metrics.Write(result.summary);
  metrics.Close();
  if (!options.metrics.empty()) files += "  metrics          " + options.metrics + "\n";
  const Termination termination = result.summary.termination;
  std::FILE* out =
      ExitCode(termination) == 0 || termination == Termination::kUserStop ? stdout : stderr;
  std::fputs((result.summary.FullReport() + files).c_str(), out);
  if (program.describe && result.complete && out == stdout)
    std::fputs(program.describe(result.model).c_str(), out);
  return ExitCode(termination);
}

}  // namespace strads
