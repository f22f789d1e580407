#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "apps/lasso/block_solver.h"
#include "apps/lasso/column_solver.h"
#include "strads/column_matrix.h"
#include "strads/parallel.h"
#include "tests/numerics/solve.h"
#include "tests/support/reference.h"

namespace strads::testing {
namespace {

using lasso::BlockSolver;
using lasso::ColumnSolver;
using lasso::Penalty;

struct Case {
  std::string name;
  Problem problem;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

Problem WithRepeatedAndZeroColumns() {
  Eigen::MatrixXd x = DrawMatrix({.rows = 40, .cols = 30, .seed = 3});
  x.rightCols(10) = x.leftCols(10);
  x.col(5).setZero();
  return {x, DrawProblem({.rows = 40, .cols = 30, .seed = 3}).y};
}

// The columns [first, last) of x, and their inner products as workers send them.
Eigen::MatrixXd Dense(const Problem& problem) { return Eigen::MatrixXd(problem.x); }

class BlockTest : public ::testing::TestWithParam<Case> {
 protected:
  const Problem& problem() const { return GetParam().problem; }
  int cols() const { return static_cast<int>(problem().x.cols()); }
  double Lambda(double ratio) const { return ratio * LambdaMax(problem()); }

  // Adds columns [solver.size(), last).
  void Grow(BlockSolver& solver, BlockSolver::State& state, int last) const {
    const Eigen::MatrixXd x = Dense(problem());
    const int first = solver.size();
    std::vector<double> norms, gram;
    for (int b = first; b < last; ++b) {
      norms.push_back(x.col(b).squaredNorm());
      for (int a = 0; a < b; ++a) gram.push_back(x.col(a).dot(x.col(b)));
    }
    solver.Grow(norms, gram);
    Eigen::VectorXd b = Eigen::VectorXd::Zero(last);
    b.head(first) = state.b;
    const Eigen::VectorXd r = problem().y - x.leftCols(last) * b;
    state.b = b;
    state.q = x.leftCols(last).transpose() * r;
    state.xy = x.leftCols(last).transpose() * problem().y;
    state.rr = r.squaredNorm();
    state.yr = problem().y.dot(r);
  }
  ThreadPool pool_{2};
  Problem Restricted(int last) const { return {Dense(problem()).leftCols(last), problem().y}; }
};

TEST_P(BlockTest, IsSolvedFromInnerProductsHoweverItGrew) {
  for (const double ratio : {0.5, 0.1, 0.01, 0.001}) {
    SCOPED_TRACE(ratio);
    const double lambda = Lambda(ratio);
    BlockSolver solver;
    BlockSolver::State state;
    for (const int last : {cols() / 3, cols() / 2, cols()}) {
      Grow(solver, state, last);
      const double null_objective = NullObjective(problem());
      solver.Solve(state, Penalty::Lasso(last, lambda), 1e-11 * null_objective, pool_);
      EXPECT_LE(RelativeGap(Restricted(last), state.b, lambda), 2e-11);
      // What the solver believes is so.
      const Eigen::MatrixXd x = Dense(problem()).leftCols(last);
      const Eigen::VectorXd r = problem().y - x * state.b;
      const double scale = problem().y.squaredNorm();
      EXPECT_NEAR(state.rr, r.squaredNorm(), 1e-12 * scale);
      EXPECT_NEAR(state.yr, problem().y.dot(r), 1e-12 * scale);
      EXPECT_LE((state.q - x.transpose() * r).lpNorm<Eigen::Infinity>(),
                1e-11 * LambdaMax(problem()));
    }
    const Penalty penalty = Penalty::Lasso(cols(), lambda);
    EXPECT_EQ(solver.Solve(state, penalty, 1e-10 * NullObjective(problem()), pool_), 0)
        << "there was nothing to do";
  }
}

TEST_P(BlockTest, IsSolvedFromColumnsHoweverItGrew) {
  for (const double ratio : {0.5, 0.1, 0.03}) {
    SCOPED_TRACE(ratio);
    const double lambda = Lambda(ratio);
    ColumnSolver solver(problem().y);
    for (const int last : {cols() / 3, cols() / 2, cols()}) {
      const int first = solver.size();
      const Eigen::MatrixXd x = Dense(problem()).middleCols(first, last - first);
      const std::vector<double> zeros(static_cast<size_t>(last - first), 0.0);
      solver.Grow(ColumnMatrix::FromDense(x), zeros);
      solver.Solve(Penalty::Lasso(last, lambda), 1e-10 * NullObjective(problem()), pool_);
      const Eigen::Map<const Eigen::VectorXd> b(solver.b().data(), last);
      EXPECT_LE(RelativeGap(Restricted(last), b, lambda), 2e-10);
    }
    EXPECT_EQ(solver.Solve(Penalty::Lasso(cols(), lambda), 1e-9 * NullObjective(problem()), pool_),
              0);
  }
}

// The coefficients with which columns join are taken into account.
TEST_P(BlockTest, StartsFromTheCoefficientsItIsGiven) {
  const Eigen::MatrixXd x = Dense(problem());
  std::vector<double> b;
  for (int j = 0; j < cols(); ++j) b.push_back(j % 3 == 0 ? 0.5 * j : 0);
  ColumnSolver solver(problem().y);
  solver.Grow(ColumnMatrix::FromDense(x), b);
  EXPECT_EQ(solver.b(), b);
  solver.Solve(Penalty::Lasso(cols(), Lambda(0.1)), 1e-10 * NullObjective(problem()), pool_);
  const Eigen::Map<const Eigen::VectorXd> found(solver.b().data(), cols());
  EXPECT_LE(RelativeGap(problem(), found, Lambda(0.1)), 2e-10);
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    BlockTest,
    ::testing::Values(
        Case{"ManyRows", DrawProblem({.rows = 300, .cols = 30})},
        Case{"ManyColumns", DrawProblem({.rows = 25, .cols = 90, .seed = 4})},
        Case{"Correlated", DrawProblem({.rows = 60, .cols = 90, .correlation = 0.97, .seed = 5})},
        Case{"Sparse", DrawProblem({.rows = 80, .cols = 60, .density = 0.05, .seed = 6})},
        Case{"RepeatedAndZeroColumns", WithRepeatedAndZeroColumns()}),
    [](const auto& of) { return of.param.name; });

// Fewer rows than variables that descent leaves in, nearly collinear: each step to their common
// optimum ends where the next of them is zero.
TEST(Block, OfMoreNonzerosThanRowsTakesFewSteps) {
  for (const uint64_t seed : {1, 2, 3}) {
    Eigen::MatrixXd x = 1e-3 * DrawMatrix({.rows = 8, .cols = 20, .seed = seed});
    x.array() += 1;
    const Problem problem{x, DrawProblem({.rows = 8, .cols = 20, .seed = seed}).y};
    const double lambda = 1e-3 * LambdaMax(problem);
    lasso::Options options;
    options.lambda = lambda;
    const Solution solution = Solve(problem, options, To(1e-6));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
    EXPECT_LE(solution.summary.updates, 100'000) << "seed " << seed;
  }
}

// So correlated, and with so many non-zeros, that descent alone would take thousands of sweeps.
TEST(Block, OfManyDenseColumnsIsTheSameWithAnyNumberOfThreads) {
  const Problem problem = DrawProblem(
      {.rows = 300, .cols = 500, .correlation = 0.95, .relevant = 100, .noise = 5, .seed = 8});
  const Eigen::MatrixXd x(problem.x);
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(x.rows());
  Problem centred{x.rowwise() - x.colwise().mean(), problem.y.array() - problem.y.mean()};
  for (const double ratio : {0.01, 0.001}) {
    for (const bool intercept : {false, true}) {
      SCOPED_TRACE(std::to_string(ratio) + (intercept ? " with intercept" : ""));
      const Problem& solved = intercept ? centred : problem;
      const double lambda = ratio * LambdaMax(solved);
      std::vector<double> first;
      for (const int threads : {1, 2, 4}) {
        ThreadPool pool(threads);
        ColumnSolver solver(problem.y, intercept ? ones : Eigen::VectorXd());
        solver.Grow(ColumnMatrix::FromDense(x), std::vector<double>(500, 0.0));
        const int64_t changes =
            solver.Solve(Penalty::Lasso(500, lambda), 1e-10 * NullObjective(solved), pool);
        EXPECT_LE(changes, 300'000);
        if (threads == 1) first = solver.b();
        EXPECT_EQ(solver.b(), first) << threads << " threads";
      }
      const Eigen::Map<const Eigen::VectorXd> b(first.data(), 500);
      EXPECT_LE(RelativeGap(solved, b, lambda), 2e-10);
    }
  }
}

// Pairs of nearly the same column: along the difference of two a step is as long as it likes. And
// fewer rows than variables that descent leaves in.
TEST(Block, OfColumnsThatAreNearlyOthersTakesFewSteps) {
  const Eigen::MatrixXd base = DrawMatrix({.rows = 200, .cols = 120, .seed = 11});
  const Eigen::MatrixXd noise = DrawMatrix({.rows = 200, .cols = 120, .seed = 12});
  Eigen::MatrixXd twice(200, 240);
  twice << base, base + 1e-5 * noise;
  Eigen::MatrixXd wide = DrawMatrix({.rows = 60, .cols = 240, .seed = 13});
  wide.array() += 10;
  ThreadPool pool(2);
  for (const Eigen::MatrixXd& x : {twice, wide}) {
    const Problem problem{x, DrawProblem({.rows = static_cast<int>(x.rows()), .cols = 240}).y};
    for (const double ratio : {1e-2, 1e-4}) {
      const double lambda = ratio * LambdaMax(problem);
      ColumnSolver solver(problem.y);
      solver.Grow(ColumnMatrix::FromDense(x), std::vector<double>(240, 0.0));
      const int64_t changes =
          solver.Solve(Penalty::Lasso(240, lambda), 1e-7 * NullObjective(problem), pool, 5'000'000);
      EXPECT_LE(changes, 240 * 6000) << x.rows() << " rows, " << ratio;
      const Eigen::Map<const Eigen::VectorXd> b(solver.b().data(), 240);
      EXPECT_LE(RelativeGap(problem, b, lambda), 1.1e-7);
    }
  }
}

TEST(Block, OfNothingIsSolvedAtOnce) {
  BlockSolver::State state;
  state.rr = state.yr = 4;
  ThreadPool pool(1);
  EXPECT_EQ(BlockSolver().Solve(state, Penalty::Lasso(0, 1), 0, pool), 0);
  EXPECT_EQ(ColumnSolver(Eigen::VectorXd::Ones(4)).Solve(Penalty::Lasso(0, 1), 0, pool), 0);
}

class WorkingSetRuns : public ::testing::Test {
 protected:
  static lasso::Options Options(double ratio, int block_memory = 1024) {
    lasso::Options options;
    options.schedule = "working_set";
    options.lambda_ratio = ratio;
    options.block_memory = block_memory;
    return options;
  }
};

TEST_F(WorkingSetRuns, NeedTensOfRoundsHoweverCorrelatedTheColumnsAre) {
  for (const double correlation : {0.0, 0.9, 0.99}) {
    for (const double ratio : {0.1, 0.001}) {
      SCOPED_TRACE(std::to_string(correlation) + " " + std::to_string(ratio));
      const Problem problem = DrawProblem(
          {.rows = 100, .cols = 400, .correlation = correlation, .relevant = 20, .seed = 9});
      const Solution solution = Solve(problem, Options(ratio), To(1e-10, 2));
      ExpectOptimal(problem, solution, 1e-10);
      EXPECT_LE(solution.summary.rounds, 60);
    }
  }
}

// More non-zeros than inner products are kept for: columns are gathered.
TEST_F(WorkingSetRuns, GatherColumnsOfLargeBlocks) {
  const Problem problem =
      DrawProblem({.rows = 900, .cols = 1200, .density = 0.02, .relevant = 600, .seed = 10});
  for (const int workers : {1, 3}) {
    for (const int schedulers : {0, 2}) {
      for (const int staleness : {0, 2}) {
        SCOPED_TRACE(std::to_string(workers) + " workers, " + std::to_string(schedulers) +
                     " schedulers, staleness " + std::to_string(staleness));
        RunOptions run = To(1e-9, workers, staleness);
        run.schedulers = schedulers;
        const Solution solution = Solve(problem, Options(0.02), run);
        EXPECT_GT(solution.summary.nonzeros, 256);
        ExpectOptimal(problem, solution, 1e-9);
        EXPECT_LE(solution.summary.rounds, 400);
      }
    }
  }
}

// No step of a block is planned without what was measured before it, however early plans are made.
TEST_F(WorkingSetRuns, TakeTheSameStepsWhoeverPlansThem) {
  const Problem problem =
      DrawProblem({.rows = 100, .cols = 400, .correlation = 0.9, .relevant = 20, .seed = 9});
  const Solution alone = Solve(problem, Options(0.01), To(1e-10, 2));
  for (const int schedulers : {1, 2, 4}) {
    for (const int lookahead : {-1, 0, 3}) {
      for (const int staleness : {0, 2}) {
        SCOPED_TRACE(std::to_string(schedulers) + " schedulers, lookahead " +
                     std::to_string(lookahead) + ", staleness " + std::to_string(staleness));
        RunOptions run = To(1e-10, 2, staleness);
        run.schedulers = schedulers;
        run.lookahead = lookahead;
        const Solution solution = Solve(problem, Options(0.01), run);
        EXPECT_EQ(solution.summary.rounds, alone.summary.rounds);
        EXPECT_EQ(solution.b, alone.b);
      }
    }
  }
}

// What the gap-safe rule leaves out is zero in the best model, and the certificate still holds.
TEST_F(WorkingSetRuns, ScreenOnlyWhatIsZeroInTheBestModel) {
  for (const double density : {1.0, 0.1}) {
    const Problem problem = DrawProblem({.rows = 80,
                                         .cols = 500,
                                         .density = density,
                                         .correlation = 0.5,
                                         .relevant = 30,
                                         .seed = 12});
    for (const double ratio : {0.5, 0.05}) {
      SCOPED_TRACE(std::to_string(density) + " " + std::to_string(ratio));
      const Solution solution = Solve(problem, Options(ratio), To(1e-12, 3));
      ExpectOptimal(problem, solution, 1e-12);
      EXPECT_GT(solution.summary.extra.at("screened"), 250);
      EXPECT_LE(solution.summary.extra.at("screened") + solution.summary.extra.at("block"), 500);
    }
  }
}

// The block is given up where rounding keeps it from a gap this small, as nearly collinear columns
// that are not penalised do: what comes then must not lead away from its model.
TEST_F(WorkingSetRuns, KeepTheModelOfABlockThatRoundingEnds) {
  Member member;
  member.factors = Eigen::VectorXd::Ones(400);
  member.factors.head(300).setZero();
  for (const uint64_t seed : {13, 14, 15, 16}) {
    const Problem problem =
        DrawProblem({.rows = 500, .cols = 400, .correlation = 0.99, .relevant = 40, .seed = seed});
    for (const int workers : {1, 2}) {
      const Solution solution = SolveMember(problem, member, Options(0.1), To(1e-9, workers));
      EXPECT_EQ(solution.summary.termination, Termination::kConverged)
          << solution.summary.FullReport();
    }
  }
}

TEST_F(WorkingSetRuns, GoOnByPriorityWhereABlockWouldTakeTooMuchMemory) {
  const Problem problem = DrawProblem({.rows = 60, .cols = 90, .correlation = 0.5, .seed = 11});
  const Solution solution = Solve(problem, Options(0.05, /*block_memory=*/0), To(1e-9, 2));
  ExpectOptimal(problem, solution, 1e-9);
}

}  // namespace
}  // namespace strads::testing
