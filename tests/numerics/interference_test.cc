#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <tuple>

#include "tests/numerics/solve.h"
#include "tests/support/reference.h"

namespace strads::testing {
namespace {

// Updates that are made together do not know of each other: those of correlated variables add up
// to more than each alone would do.
class Interference : public ::testing::Test {
 protected:
  // A run that ends after so many updates, if it does not before.
  static Solution SolveWithin(int64_t updates,
                              const Problem& problem,
                              const lasso::Options& options,
                              const RunOptions& run) {
    std::atomic<bool> stop = false;
    RunHooks hooks;
    hooks.stop = &stop;
    hooks.on_round = [&](const RoundRecord& record) { stop = record.updates >= updates; };
    return Solve(problem, options, run, hooks);
  }

  static lasso::Options Parallel(const std::string& schedule, bool guard, int64_t seed = 1) {
    lasso::Options options;
    options.schedule = schedule;
    options.parallelism = 64;
    options.divergence_guard = guard;
    options.lambda_ratio = 0.05;
    options.seed = seed;
    return options;
  }

  static RunOptions Seeded(RunOptions run, int64_t seed) {
    run.seed = seed;
    return run;
  }

  static constexpr int64_t kBudget = 400'000;

  // A common part in all columns, so that any two of them are correlated, and neighbours more so.
  static Problem Correlated(uint64_t seed, int rows = 200, int cols = 400) {
    const ProblemShape shape{
        .rows = rows, .cols = cols, .correlation = 0.9, .relevant = 20, .seed = seed};
    Eigen::MatrixXd x = DrawMatrix(shape);
    x.colwise() += DrawMatrix({.rows = rows, .cols = 1, .seed = seed + 100}).col(0);
    return {x, DrawProblem(shape).y};
  }
};

TEST_F(Interference, UncheckedParallelUpdatesDoNotConvergeButCheckedOnesDo) {
  for (const int64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem = Correlated(static_cast<uint64_t>(seed));
    const RunOptions run = Seeded(To(1e-6), seed);
    for (const char* schedule : {"random", "priority"}) {
      const Solution unchecked =
          SolveWithin(kBudget, problem, Parallel(schedule, false, seed), run);
      EXPECT_NE(unchecked.summary.termination, Termination::kConverged) << schedule;
    }
    const Solution checked =
        SolveWithin(kBudget, problem, Parallel("dependency", false, seed), run);
    EXPECT_EQ(checked.summary.termination, Termination::kConverged) << checked.summary.message;
  }
}

TEST_F(Interference, ADivergedRunSaysSo) {
  const Problem problem = Correlated(1);
  const Solution random = Solve(problem, Parallel("random", false), To(1e-6));
  EXPECT_EQ(random.summary.termination, Termination::kFailure);
  EXPECT_NE(random.summary.message.find("--parallelism"), std::string::npos);
  EXPECT_EQ(ExitCode(random.summary.termination), 1);
}

class DivergenceGuard : public Interference,
                        public ::testing::WithParamInterface<std::tuple<std::string, int>> {};

TEST_P(DivergenceGuard, MakesUncheckedUpdatesConverge) {
  const auto& [schedule, staleness] = GetParam();
  const Problem problem = Correlated(2, 60, 80);
  const RunOptions run = To(1e-5, 2, staleness);
  const Solution unguarded = SolveWithin(kBudget, problem, Parallel(schedule, false), run);
  EXPECT_NE(unguarded.summary.termination, Termination::kConverged);
  const Solution guarded = Solve(problem, Parallel(schedule, true), run);
  ExpectOptimal(problem, guarded, 1e-5);
  EXPECT_LT(guarded.summary.extra.at("parallelism"), 64);
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    DivergenceGuard,
    ::testing::Combine(::testing::Values("random", "priority", "cyclic", "shuffled"),
                       ::testing::Values(0, 2)),
    [](const auto& of) {
      return std::get<0>(of.param) + "WithStaleness" + std::to_string(std::get<1>(of.param));
    });

// Every column twice: from far beyond the model of zeros, where the first rounds have led, descent
// takes the copies back by a lambda at a time. The intercept alone brings the objective down by far
// more than any divergence raises it.
TEST_F(Interference, TheGuardStartsAgainBeyondTheModelOfTheInterceptAlone) {
  const Problem once = Correlated(6, 40, 30);
  Eigen::MatrixXd twice(40, 60);
  twice << Eigen::MatrixXd(once.x), Eigen::MatrixXd(once.x);
  const Problem problem(twice, once.y.array() + 1e6);
  for (const char* schedule : {"random", "priority", "cyclic", "shuffled", "block_greedy"}) {
    lasso::Options options = Parallel(schedule, true);
    options.intercept = true;
    options.lambda_ratio = 0.001;
    const Solution solution = SolveWithin(kBudget, problem, options, To(1e-6));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << schedule;
  }
}

TEST_F(Interference, TheGuardLeavesHarmlessParallelismAlone) {
  const Problem problem = DrawOrthonormal(100, 80, 5);
  const Solution solution = Solve(problem, Parallel("random", true), To(1e-9));
  EXPECT_EQ(solution.summary.extra.at("parallelism"), 64);
}

// No round may raise the objective.
RunHooks ExpectDescent(const Problem& problem, const std::string& schedule) {
  RunHooks hooks;
  hooks.on_round = [schedule, before = NullObjective(problem)](const RoundRecord& record) mutable {
    EXPECT_LE(record.objective, before * (1 + 1e-12)) << schedule << ", round " << record.round;
    before = record.objective;
  };
  return hooks;
}

TEST_F(Interference, OneUpdateAtATimeNeverRaisesTheObjective) {
  const Problem problem = Correlated(4);
  for (const char* schedule :
       {"cyclic", "shuffled", "random", "priority", "dependency", "block_greedy", "working_set"}) {
    lasso::Options options = Parallel(schedule, false);
    options.parallelism = 1;
    RunOptions run = To(0);
    run.max_rounds = 3000;
    Solve(problem, options, run, ExpectDescent(problem, schedule));
  }
}

// Of columns that are orthogonal no update is in another's way, so only the second of a variable
// from slopes that do not know of the first can raise the objective.
TEST_F(Interference, NoVariableIsUpdatedTwiceFromTheSameSlopes) {
  const Problem problem = DrawOrthonormal(40, 30, 5);
  for (const char* schedule :
       {"cyclic", "shuffled", "random", "priority", "dependency", "block_greedy"}) {
    lasso::Options options = Parallel(schedule, false);
    options.parallelism = 4;
    RunOptions run = To(1e-9, 2, 3);
    run.lookahead = 2;
    const Solution solution = Solve(problem, options, run, ExpectDescent(problem, schedule));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << schedule;
  }
}

TEST_F(Interference, PriorityNeedsFewerUpdatesThanRandomWhereFewVariablesMatter) {
  for (const int64_t seed : {1, 2, 3, 4, 5}) {
    const Problem problem = DrawProblem(
        {.rows = 150, .cols = 1500, .relevant = 8, .seed = static_cast<uint64_t>(seed)});
    lasso::Options options;
    options.lambda_ratio = 0.3;
    options.parallelism = 4;
    options.seed = seed;
    const auto updates = [&](const std::string& schedule) {
      options.schedule = schedule;
      const Solution solution = Solve(problem, options, Seeded(To(1e-6), seed));
      EXPECT_EQ(solution.summary.termination, Termination::kConverged) << schedule;
      return solution.summary.updates;
    };
    EXPECT_LT(updates("priority"), updates("random")) << "seed " << seed;
  }
}

}  // namespace
}  // namespace strads::testing
