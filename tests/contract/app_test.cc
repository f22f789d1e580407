#include <gtest/gtest.h>
#include <strads/model_file.h>
#include <strads/run.h>
#include <strads/sum.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "apps/lasso/lasso.h"
#include "strads/random.h"
#include "tests/support/temp_files.h"
#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

// An app with a small problem, and what its models have in common.
struct ToyCase {
  using App = Toy;
  static constexpr int kRows = 20;
  Toy::Options options() const {
    Toy::Options options;
    options.rows = kRows;
    return options;
  }
  static Eigen::VectorXd Coefficients(const Toy::Model& model) { return model.coefficients(); }
};

template <const char* kSchedule>
struct LassoCase {
  using App = lasso::Lasso;
  static constexpr int kRows = 20;
  LassoCase() {
    Random random(31);
    std::string text;
    for (int i = 0; i < kRows; ++i) {
      text += std::to_string(2 * random.Uniform() - 1);
      for (int j = 1; j <= 12; ++j) {
        if (random.Below(3) == 0) continue;
        text += " " + std::to_string(j) + ":" + std::to_string(2 * random.Uniform() - 1);
      }
      text += "\n";
    }
    path_ = directory_.Write("data.svm", text);
  }
  lasso::Options options() const {
    lasso::Options options;
    options.data = path_;
    options.schedule = kSchedule;
    options.parallelism = 3;
    return options;
  }
  static Eigen::VectorXd Coefficients(const lasso::Model& model) {
    const auto& values = model.coefficients().values();
    return Eigen::Map<const Eigen::VectorXd>(values.data(), std::ssize(values));
  }

 private:
  TempDir directory_;
  std::string path_;
};

constexpr char kCyclic[] = "cyclic";
constexpr char kPriority[] = "priority";
constexpr char kDependency[] = "dependency";

template <class Case>
class AppContract : public ::testing::Test {
 protected:
  using A = typename Case::App;

  RunResult Train(RunOptions run) {
    const Program program = MakeProgram<A>("app");
    return strads::Run(program, ToValues(case_.options()), run);
  }
  static RunOptions Rounds(int workers, int64_t rounds) {
    RunOptions run;
    run.workers = workers;
    run.max_rounds = rounds;
    run.tolerance = 0;
    return run;
  }
  static Eigen::VectorXd CoefficientsOf(const RunResult& result) {
    typename A::Model model;
    codec::Decoder decoder(result.model);
    codec::Decode(decoder.root(), model);
    return Case::Coefficients(model);
  }

  Case case_;
};

using Cases =
    ::testing::Types<ToyCase, LassoCase<kCyclic>, LassoCase<kPriority>, LassoCase<kDependency>>;
TYPED_TEST_SUITE(AppContract, Cases);

TYPED_TEST(AppContract, GivesTheSameBytesWhenRepeated) {
  for (const int workers : {1, 3}) {
    for (const int staleness : {0, 2}) {
      for (const int schedulers : {0, 2}) {
        RunOptions run = this->Rounds(workers, 30);
        run.staleness = staleness;
        run.schedulers = schedulers;
        const RunResult first = this->Train(run);
        const RunResult second = this->Train(run);
        EXPECT_EQ(first.model.view(), second.model.view())
            << workers << " workers, staleness " << staleness << ", " << schedulers
            << " schedulers";
        EXPECT_EQ(first.summary.objective, second.summary.objective);
        run.threads = 3;
        EXPECT_EQ(this->Train(run).model.view(), first.model.view()) << "threads change the answer";
      }
    }
  }
}

// 25 workers on 20 rows: some have no rows.
TYPED_TEST(AppContract, GivesTheSameModelToAnyNumberOfWorkersUpToRounding) {
  const RunResult one = this->Train(this->Rounds(1, 30));
  const Eigen::VectorXd expected = this->CoefficientsOf(one);
  ASSERT_GT(expected.norm(), 0);
  static_assert(TypeParam::kRows < 25);
  for (const int workers : {2, 3, 7, 25}) {
    const RunResult other = this->Train(this->Rounds(workers, 30));
    const Eigen::VectorXd found = this->CoefficientsOf(other);
    ASSERT_EQ(found.size(), expected.size());
    EXPECT_LT((found - expected).norm(), 1e-10 * expected.norm()) << workers << " workers";
    EXPECT_NEAR(other.summary.objective, one.summary.objective, 1e-10 * one.summary.objective);
  }
}

TYPED_TEST(AppContract, ConvergesToACertifiedOptimumInEveryShape) {
  double least = std::numeric_limits<double>::infinity();
  std::vector<Summary> summaries;
  for (const auto& [workers, staleness, schedulers] :
       {std::tuple{1, 0, 0}, {3, 0, 1}, {2, 2, 0}, {3, 2, 2}}) {
    RunOptions run = this->Rounds(workers, 100'000);
    run.tolerance = 1e-8;
    run.staleness = staleness;
    run.schedulers = schedulers;
    summaries.push_back(this->Train(run).summary);
    ASSERT_EQ(summaries.back().termination, Termination::kConverged) << summaries.back().message;
    EXPECT_LE(summaries.back().gap, 1e-8);
    least = std::min(least, summaries.back().objective);
  }
  // The gap is relative to the objective of the empty model, which is at least the least one.
  for (const Summary& summary : summaries) EXPECT_NEAR(summary.objective, least, 1e-6 * least);
}

TYPED_TEST(AppContract, SavesAndRestoresItsModelExactly) {
  const TempDir directory;
  const RunResult result = this->Train(this->Rounds(2, 30));
  WriteModel(directory.Path("m"), {"app", ToValues(this->case_.options()), result.model},
             result.summary);
  const auto restored = LoadModel<typename TypeParam::App::Model>(directory.Path("m"), "app");
  EXPECT_EQ(Pack(restored).view(), result.model.view());
  EXPECT_EQ(ReadModel(directory.Path("m"), "app").options, ToValues(this->case_.options()));
}

// However soon the data are loaded.
TYPED_TEST(AppContract, WritesNothingIfTheUserStopsBeforeTheFirstRound) {
  const std::atomic<bool> stop = true;
  RunHooks hooks;
  hooks.stop = &stop;
  int rounds = 0;
  hooks.on_round = [&](const RoundRecord&) { ++rounds; };
  for (const int workers : {1, 2}) {
    RunOptions run = this->Rounds(workers, 5);
    const Program program = MakeProgram<typename TypeParam::App>("app");
    try {
      strads::Run(program, ToValues(this->case_.options()), run, hooks);
      ADD_FAILURE() << "it went on";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kStopped) << error.what();
    }
  }
  EXPECT_EQ(rounds, 0);
}

TYPED_TEST(AppContract, CountsWhatItReports) {
  const RunResult result = this->Train(this->Rounds(2, 30));
  const Eigen::VectorXd coefficients = this->CoefficientsOf(result);
  EXPECT_EQ(result.summary.rounds, 30);
  EXPECT_EQ(result.summary.nonzeros, (coefficients.array() != 0).count());
  EXPECT_GT(result.summary.updates, 0);
}

// No worker of this program has read its data before all have begun to.
TEST(AppContractOfThreads, WorkersReadTheirDataAtTheSameTime) {
  constexpr int kWorkers = 3;
  std::mutex mutex;
  std::condition_variable all_begun;
  int begun = 0;
  Program program = ToyProgram();
  program.make_worker = [&](const Bytes& options, Shard shard) {
    std::unique_lock lock(mutex);
    ++begun;
    all_begun.notify_all();
    const bool in_time =
        all_begun.wait_for(lock, std::chrono::seconds(20), [&] { return begun == kWorkers; });
    if (!in_time) throw DataError("the others wait for this one");
    return ToyProgram().make_worker(options, shard);
  };
  RunOptions run;
  run.workers = kWorkers;
  EXPECT_NO_THROW(strads::Run(program, {}, run));
}

// A worker that computes until it is told to go on.
class Stuck final : public WorkerRole {
 public:
  Stuck(std::unique_ptr<WorkerRole> worker, std::shared_future<void> go_on)
      : worker_(std::move(worker)), go_on_(std::move(go_on)) {}
  Bytes Push(const Bytes& plan) override {
    if (++pushes_ == 3) go_on_.wait();
    return worker_->Push(plan);
  }
  void Sync(const Bytes& update) override { worker_->Sync(update); }
  double Loss() const override { return worker_->Loss(); }

 private:
  const std::unique_ptr<WorkerRole> worker_;
  const std::shared_future<void> go_on_;
  int pushes_ = 0;
};

TEST(AppContractOfThreads, AWorkerThatComputesForEverIsGivenUpAndLeftToItself) {
  std::promise<void> go_on;
  const std::shared_future<void> may_go_on = go_on.get_future();
  Program program = ToyProgram();
  program.make_worker = [may_go_on, make = program.make_worker](
                            const Bytes& options, Shard shard) -> std::unique_ptr<WorkerRole> {
    auto worker = make(options, shard);
    if (shard.rank == 0) return worker;
    return std::make_unique<Stuck>(std::move(worker), may_go_on);
  };
  RunOptions run;
  run.workers = 2;
  run.tolerance = 0;
  run.round_timeout = 0.5;
  const RunResult result = strads::Run(program, {}, run);
  EXPECT_EQ(result.summary.termination, Termination::kWorkerLost);
  EXPECT_NE(result.summary.message.find("--round_timeout"), std::string::npos);
  EXPECT_TRUE(result.complete);
  EXPECT_TRUE(result.has_left_threads);
  go_on.set_value();  // it goes on with what is its own, and ends
}

// Of the app's own code at the coordinator, one of which throws in round 2.
enum class Place { kPull, kSchedule, kFeedback };

[[noreturn]] void BreakTheProtocol() { throw ProtocolError("there are no partials to sum"); }

class BadModel final : public ModelRole {
 public:
  explicit BadModel(std::unique_ptr<ModelRole> model) : model_(std::move(model)) {}
  Bytes Pull(const Bytes& plan, std::span<const Bytes> partials) override {
    if (pulls_++ == 2) BreakTheProtocol();
    return model_->Pull(plan, partials);
  }
  strads::Report Report() const override { return model_->Report(); }
  void EndSoon() override {}
  void Measured(std::span<const double>) override {}
  void CollectBlock(const Bytes&) override {}
  void CollectShare(const Bytes&) override {}
  Bytes Save() const override { return model_->Save(); }

 private:
  const std::unique_ptr<ModelRole> model_;
  int pulls_ = 0;
};

class BadScheduler final : public SchedulerRole {
 public:
  BadScheduler(std::unique_ptr<SchedulerRole> scheduler, Place place)
      : scheduler_(std::move(scheduler)), place_(place) {}
  ScheduledBytes Schedule() override {
    if (place_ == Place::kSchedule && plans_++ == 2) BreakTheProtocol();
    return scheduler_->Schedule();
  }
  void Feedback(const Bytes& update) override {
    if (place_ == Place::kFeedback && updates_++ == 2) BreakTheProtocol();
    scheduler_->Feedback(update);
  }

 private:
  const std::unique_ptr<SchedulerRole> scheduler_;
  const Place place_;
  int plans_ = 0, updates_ = 0;
};

class AppContractOfErrors : public ::testing::TestWithParam<std::tuple<Place, int>> {};

// The error of no member: none is blamed for it, and all leave.
TEST_P(AppContractOfErrors, AProtocolErrorOfTheAppAtTheCoordinatorEndsTheRun) {
  const auto [place, workers] = GetParam();
  Program program = ToyProgram();
  if (place == Place::kPull) {
    program.make_model = [make = program.make_model](const Bytes& options) {
      return std::make_unique<BadModel>(make(options));
    };
  } else {
    program.make_scheduler = [make = program.make_scheduler, at = place](const Bytes& options,
                                                                         Slice slice) {
      return std::make_unique<BadScheduler>(make(options, slice), at);
    };
  }
  RunOptions run;
  run.workers = workers;
  run.tolerance = 0;
  try {
    strads::Run(program, {}, run);
    FAIL() << "it did not end by an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kProtocol);
    const std::string round = place == Place::kFeedback ? "round 3" : "round 2";
    EXPECT_EQ(error.what(), round + ": there are no partials to sum");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Places,
    AppContractOfErrors,
    ::testing::Combine(::testing::Values(Place::kPull, Place::kSchedule, Place::kFeedback),
                       ::testing::Values(1, 2, 3)));

// Each worker counts its rounds, which takes no options, and nothing to be told.
struct Counting {
  struct Options {
    STRADS_FIELDS()
  };
  struct Plan {
    STRADS_FIELDS()
  };
  struct Partial {
    int64_t count = 1;
    STRADS_FIELDS(count)
  };
  struct Update {
    STRADS_FIELDS()
  };
  struct Scheduler {
    Scheduler(const Options&, Slice) {}
    Plan Schedule() { return {}; }
    void Feedback(const Update&) {}
  };
  struct Worker {
    Worker(const Options&, Shard) {}
    Partial Push(const Plan&) { return {}; }
    void Sync(const Update&) {}
    double Loss() const { return 0; }
  };
  struct Model {
    Model() = default;
    explicit Model(const Options&) {}
    Update Pull(const Plan&, std::span<const Partial> partials) {
      count += Sum(partials).count;
      return {};
    }
    strads::Report Report() const { return {}; }
    int64_t count = 0;
    STRADS_FIELDS(count)
  };
};

TEST(AppContractOfMessages, MayHaveNoFields) {
  RunOptions run;
  run.workers = 3;
  run.schedulers = 1;
  run.max_rounds = 4;
  const RunResult result = strads::Run(MakeProgram<Counting>("counting"), {}, run);
  EXPECT_EQ(Unpack<Counting::Model>(result.model).count, 3 * 4);
}

}  // namespace
}  // namespace strads::testing
