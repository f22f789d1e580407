// Apps outside apps/, as a binary of their own: one that fails where and how its options say, and
// one whose options have unusual defaults.
#include <strads/strads.h>

#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr int kSoundRounds = 2;

struct Failing {
  struct Options {
    std::string where;
    std::string how;
    STRADS_FIELDS(where, how)
  };
  static void Fail(const Options& options, const std::string& where) {
    if (options.where != where) return;
    if (options.how == "int") throw 42;  // NOLINT: what apps may do
    if (options.how == "empty") throw std::runtime_error("");
    if (options.how == "lines") throw std::runtime_error("one\ntwo\x1b[31m");
    if (options.how == "bytes") throw std::runtime_error("no \xff UTF-8");
    if (options.how == "stopped") throw strads::Error(strads::ErrorKind::kStopped, "enough");
  }
  struct Plan {
    int round = 0;
    STRADS_FIELDS(round)
  };
  struct Partial {
    double x = 0;
    STRADS_FIELDS(x)
  };
  using Update = Partial;
  struct Scheduler {
    Scheduler(const Options& o, strads::Slice) : options(o) { Fail(options, "scheduler"); }
    Plan Schedule() {
      if (round == kSoundRounds) Fail(options, "schedule");
      return {round++};
    }
    void Feedback(const Update&) {
      if (round >= kSoundRounds) Fail(options, "feedback");
    }
    Options options;
    int round = 0;
  };
  struct Worker {
    Worker(const Options& o, strads::Shard shard) : options(o), is_bad(shard.rank == 1) {
      if (is_bad) Fail(options, "worker");
    }
    Partial Push(const Plan& plan) {
      round = plan.round;
      if (round == kSoundRounds && is_bad) Fail(options, "push");
      return {1};
    }
    void Sync(const Update&) {
      if (round == kSoundRounds && is_bad) Fail(options, "sync");
    }
    double Loss() const {
      if (round < kSoundRounds || !is_bad) return 1;
      Fail(options, "loss");
      return options.where == "loss" ? std::stod(options.how) : 1;
    }
    std::vector<double> Measures() const {
      if (is_bad) Fail(options, "measures");
      return {1};
    }
    Options options;
    bool is_bad;
    int round = 0;
  };
  struct Model {
    explicit Model(const Options& o) : options(o) { Fail(options, "model"); }
    Update Pull(const Plan& plan, std::span<const Partial> partials) {
      round = plan.round;
      if (round == kSoundRounds) Fail(options, "pull");
      return strads::Sum(partials);
    }
    void Measured(std::span<const double>) { Fail(options, "measured"); }
    strads::Report Report() const {
      if (round == kSoundRounds) Fail(options, "report");
      strads::Report report;
      if (options.where == "extra") report.extra[options.how] = 7;
      return report;
    }
    Options options;
    int round = 0;
    STRADS_FIELDS(options, round)
  };
};

struct Unusual : Failing {
  struct Options : Failing::Options {
    double tiny = std::numeric_limits<double>::denorm_min();
    STRADS_MORE_FIELDS(Failing::Options, tiny)
  };
};

struct Unbounded : Failing {
  struct Options : Failing::Options {
    double most = std::numeric_limits<double>::infinity();
    STRADS_MORE_FIELDS(Failing::Options, most)
  };
};

}  // namespace

int main(int argc, char** argv) {
  const auto fail = [](const Failing::Options& options) {
    Failing::Fail(options, "command");
    return 0;
  };
  std::vector<strads::Program> programs = {
      strads::MakeProgram<Failing>(
          "failing", "", {strads::MakeCommand<Failing::Options>("command", "fails", fail)}),
      strads::MakeProgram<Unusual>("unusual"), strads::MakeProgram<Unbounded>("unbounded")};
  if (std::getenv("OWN_APP_TWICE") != nullptr) programs.push_back(programs.front());
  return strads::Main(argc, argv, programs);
}
