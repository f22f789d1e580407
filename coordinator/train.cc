#include "coordinator/train.h"

#include <signal.h>
#include <strads/error.h>
#include <strads/model_file.h>
#include <strads/run.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "coordinator/progress.h"

namespace strads {
namespace {

// A signal handler can reach nothing but a global.
std::atomic<bool> stop_requested{false};

// The first Ctrl-C ends the run in order, the second the process.
void OnSignal(int) { stop_requested.store(true, std::memory_order_relaxed); }

void CatchSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// Metrics as JSON lines. Found wanting before the run, not after it.
class MetricsFile {
 public:
  explicit MetricsFile(const std::string& path) : path_(path) {
    if (path.empty()) return;
    file_.open(path, std::ios::trunc);
    if (!file_) throw DataError(path + ": cannot be written: " + std::strerror(errno));
  }
  template <class Record>
  void Write(const Record& record) {
    if (file_.is_open()) file_ << ToJson(record) << '\n';
  }
  void Close() {
    if (!file_.is_open()) return;
    file_.close();
    if (!file_) throw DataError(path_ + ": cannot be written: " + std::strerror(errno));
  }

 private:
  const std::string path_;
  std::ofstream file_;
};

}  // namespace

const std::atomic<bool>& StopRequest() { return stop_requested; }

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
    files = "  model            not written: a lost member had a part of it\n";
  } else if (!options.model.empty() && has_failed) {
    files = "  model            not written: the run has failed\n";
  } else if (!options.model.empty()) {
    const std::string& app = program.family.empty() ? program.name : program.family;
    WriteModel(options.model, {app, values, result.model}, result.summary);
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
