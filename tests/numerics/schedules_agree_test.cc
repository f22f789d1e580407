#include <gtest/gtest.h>

#include <string>

#include "tests/numerics/solve.h"
#include "tests/support/reference.h"

namespace strads::testing {
namespace {

class SchedulesAgree : public ::testing::TestWithParam<std::string> {
 protected:
  static void ExpectSameObjective(const Problem& problem, double ratio) {
    const double best = OptimalObjective(problem, ratio * LambdaMax(problem), 1e-11);
    for (const int parallelism : {1, 8, 64}) {
      for (const int workers : {1, 3}) {
        for (const int staleness : {0, 2}) {
          SCOPED_TRACE("parallelism " + std::to_string(parallelism) + ", workers " +
                       std::to_string(workers) + ", staleness " + std::to_string(staleness));
          lasso::Options options;
          options.schedule = GetParam();
          options.parallelism = parallelism;
          options.lambda_ratio = ratio;
          const Solution solution = Solve(problem, options, To(1e-9, workers, staleness));
          EXPECT_EQ(solution.summary.termination, Termination::kConverged);
          EXPECT_NEAR(Objective(problem, solution.b, solution.lambda), best, 1e-7 * best);
          EXPECT_NEAR(solution.summary.objective, best, 1e-7 * best);
        }
      }
    }
  }
};

TEST_P(SchedulesAgree, OnIndependentColumns) {
  ExpectSameObjective(DrawProblem({.rows = 100, .cols = 150, .density = 0.3, .seed = 21}), 0.05);
}

TEST_P(SchedulesAgree, OnCorrelatedColumns) {
  ExpectSameObjective(DrawProblem({.rows = 80, .cols = 50, .correlation = 0.9, .seed = 22}), 0.1);
}

TEST_P(SchedulesAgree, OnFewerColumnsThanAreUpdatedTogether) {
  ExpectSameObjective(DrawProblem({.rows = 50, .cols = 5, .correlation = 0.5, .seed = 23}), 0.02);
}

TEST_P(SchedulesAgree, WhateverTheNumberOfSchedulers) {
  const Problem problem = DrawProblem({.rows = 80, .cols = 60, .correlation = 0.5, .seed = 24});
  const double best = OptimalObjective(problem, 0.05 * LambdaMax(problem), 1e-11);
  for (const int schedulers : {1, 2, 5}) {
    for (const int staleness : {0, 3}) {
      SCOPED_TRACE("schedulers " + std::to_string(schedulers));
      lasso::Options options;
      options.schedule = GetParam();
      options.lambda_ratio = 0.05;
      options.parallelism = 8;
      RunOptions run = To(1e-9, 2, staleness);
      run.schedulers = schedulers;
      const Solution solution = Solve(problem, options, run);
      EXPECT_EQ(solution.summary.termination, Termination::kConverged);
      EXPECT_NEAR(Objective(problem, solution.b, solution.lambda), best, 1e-7 * best);
    }
  }
}

// By default a scheduler plans beside the rounds, where a core is free, or else the coordinator.
TEST_P(SchedulesAgree, OnTheSameModelWhoeverPlans) {
  const Problem problem = DrawProblem({.rows = 80, .cols = 600, .correlation = 0.5, .seed = 26});
  lasso::Options options;
  options.schedule = GetParam();
  options.lambda_ratio = 0.05;
  options.parallelism = 64;
  const auto solve = [&](int schedulers, int lookahead) {
    RunOptions run = To(1e-6, 1);
    run.schedulers = schedulers;
    run.lookahead = lookahead;
    return Solve(problem, options, run).b;
  };
  const Eigen::VectorXd by_default = solve(-1, -1);
  EXPECT_EQ(solve(0, -1), by_default);
  EXPECT_EQ(solve(1, -1), by_default);
}

// Shards without rows, and more schedulers than variables, have nothing to say.
TEST_P(SchedulesAgree, WithMoreRolesThanRowsAndVariables) {
  const Problem problem = DrawProblem({.rows = 3, .cols = 2, .seed = 25});
  lasso::Options options;
  options.schedule = GetParam();
  RunOptions run = To(1e-9, 5);
  run.schedulers = 4;
  ExpectOptimal(problem, Solve(problem, options, run), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    SchedulesAgree,
    ::testing::Values(
        "cyclic", "shuffled", "random", "priority", "dependency", "block_greedy", "working_set"),
    [](const auto& of) { return of.param; });

}  // namespace
}  // namespace strads::testing
