#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/numerics/solve.h"
#include "tests/support/reference.h"

namespace strads::testing {
namespace {

// How many variables each round updates that updates any.
std::vector<int64_t> UpdatesOfRounds(const Problem& problem,
                                     const lasso::Options& options,
                                     RunOptions run) {
  std::vector<int64_t> updates, before = {0};
  RunHooks hooks;
  hooks.on_round = [&](const RoundRecord& record) {
    if (record.updates > before.back()) updates.push_back(record.updates - before.back());
    before.push_back(record.updates);
  };
  run.max_rounds = 60;
  Solve(problem, options, run, hooks);
  return updates;
}

// Variables under way have others in their place, as long as there are any.
TEST(LassoRounds, AreFullThoughPlansAreMadeAhead) {
  const Problem problem = DrawProblem({.rows = 60, .cols = 40, .density = 0.9, .seed = 31});
  for (const std::string schedule : {"cyclic", "shuffled", "random", "priority"}) {
    SCOPED_TRACE(schedule);
    lasso::Options options;
    options.schedule = schedule;
    options.parallelism = 3;
    options.lambda_ratio = 1e-6;
    options.divergence_guard = false;
    RunOptions run = To(0);
    run.schedulers = 1;
    run.lookahead = 3;
    const std::vector<int64_t> updates = UpdatesOfRounds(problem, options, run);
    ASSERT_GT(updates.size(), 20U);
    EXPECT_EQ(std::ranges::count(updates, 3), std::ssize(updates));
  }
}

// With as many blocks as variables a round, the same blocks are looked at by plans under way.
TEST(LassoRounds, OfBlocksAreAsLargeWhoeverPlansAndHoweverFarAhead) {
  const Problem problem = DrawProblem({.rows = 60, .cols = 60, .density = 0.9, .seed = 32});
  for (const auto& [schedulers, lookahead, blocks] :
       {std::tuple(0, 0, 20), {1, 0, 20}, {2, 0, 20}, {3, 0, 20}, {0, 3, 4}, {1, 3, 4}}) {
    SCOPED_TRACE(::testing::Message() << schedulers << " schedulers, lookahead " << lookahead);
    lasso::Options options;
    options.schedule = "block_greedy";
    options.parallelism = 4;
    options.blocks = blocks;
    options.lambda_ratio = 1e-6;
    options.divergence_guard = false;
    RunOptions run = To(0);
    run.schedulers = schedulers;
    run.lookahead = lookahead;
    run.max_time = 0;
    const std::vector<int64_t> updates = UpdatesOfRounds(problem, options, run);
    ASSERT_GT(updates.size(), 20U);
    EXPECT_EQ(std::ranges::count(updates, 4), std::ssize(updates));
  }
}

// Parallel updates of columns that are nearly the same lead up: the gap told is of the model.
TEST(LassoRounds, ThatEndARunTellTheGapOfItsModel) {
  const Problem problem = DrawProblem({.rows = 40, .cols = 30, .correlation = 0.95, .seed = 33});
  const double lambda = 0.01 * LambdaMax(problem);
  const double best = OptimalObjective(problem, lambda, 1e-11);
  for (const std::string schedule : {"random", "cyclic", "priority", "working_set"}) {
    for (int rounds = 2; rounds < 12; ++rounds) {
      lasso::Options options;
      options.schedule = schedule;
      options.parallelism = 16;
      options.lambda = lambda;
      RunOptions run = To(1e-12);
      run.max_rounds = rounds;
      const Solution solution = Solve(problem, options, run);
      const double off = Objective(problem, solution.b, lambda) - best;
      EXPECT_GE(solution.summary.gap, (off - 1e-9 * best) / NullObjective(problem))
          << schedule << " " << rounds;
    }
  }
}

}  // namespace
}  // namespace strads::testing
