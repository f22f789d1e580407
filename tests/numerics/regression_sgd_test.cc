#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/local_sgd.h>
#include <strads/parallel.h>
#include <strads/run.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "apps/regression/sgd/sgd.h"
#include "tests/support/regression_problems.h"
#include "tests/support/rounds.h"
#include "tests/support/sgd_steps.h"

namespace strads::testing {
namespace {

using Options = regression::sgd::Options;

// Weights that come while it computes lack its last clocks: it goes on as if they did not.
TEST(LocalSgd, ReadsItsOwnWritesWhateverWeightsLack) {
  const RegressionProblem problem = RandomRegression(12, 12, 4);
  ThreadPool pool(1);
  const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
  const SgdRows rows = {.x = &x,
                        .rows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
                        .y = {problem.y.begin(), problem.y.end()},
                        .cost = std::vector<double>(12, 1.0),
                        .has_constant = true,
                        .centre = Eigen::Vector4d(0.4, -0.1, 0.7, 0.2)};
  const SgdSteps steps = {.loss = "squared", .lambda = 0.3, .step = 0.05};
  const SharedWeights start{.w = Eigen::Vector4d(0.3, -0.2, 0.1, 1),
                            .constants = Eigen::VectorXd::Constant(1, 2.0),
                            .pulls = 0};
  SharedWeights newer = start;
  newer.pulls = 5;
  const auto third_clock = [&](const SharedWeights& weights, const std::vector<int64_t>& settled) {
    return ThirdClock(rows, steps, start, weights, settled);
  };
  const auto expect_same = [](const LocalSteps& a, const LocalSteps& b) {
    EXPECT_NEAR(a.constant_changes[0], b.constant_changes[0], 1e-13);
    EXPECT_NEAR(a.centre_changes[0], b.centre_changes[0], 1e-13);
    ASSERT_EQ(a.change.values.size(), b.change.values.size());
    for (size_t j = 0; j < a.change.values.size(); ++j)
      EXPECT_NEAR(a.change.values[j], b.change.values[j], 1e-13);
  };
  const LocalSteps on = third_clock(start, {0});
  expect_same(third_clock(newer, {0}), on);
  expect_same(third_clock(newer, {0, 0, 0}), on);  // in three parts
  LocalSgd fresh(rows, 9, 0);
  const LocalSteps from_newer = fresh.Push(newer, 2, {.settled = {2}}, 3, steps);
  expect_same(third_clock(newer, {2}), from_newer);
  EXPECT_GT(std::abs(on.constant_changes[0] - from_newer.constant_changes[0]), 1e-4);
}

// Steps of one length on all rows once: equal if and only if the orders are.
TEST(LocalSgd, VisitsRowsInAnotherOrderInEachPassAndForEachSeed) {
  const RegressionProblem problem = RandomRegression(12, 12, 4);
  ThreadPool pool(1);
  const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
  SgdRows rows = {.x = &x,
                  .rows = {},
                  .y = {problem.y.begin(), problem.y.end()},
                  .cost = std::vector<double>(12, 1)};
  for (int64_t i = 0; i < 12; ++i) rows.rows.push_back(i);
  const SgdSteps steps = {.loss = "squared", .lambda = 0, .step = 0.1};
  const SharedWeights start{.w = Eigen::VectorXd::Zero(4), .constants = Eigen::VectorXd::Zero(1)};
  std::vector<Eigen::VectorXd> ends;
  for (const uint64_t seed : {5, 6, 7}) {
    LocalSgd sgd(rows, seed, 0);
    for (int64_t pass = 0; pass < 3; ++pass) {
      SharedWeights read = start;
      read.pulls = pass;
      Eigen::VectorXd w = start.w;
      sgd.Push(read, pass, {.settled = {pass}}, 12, steps).change.AddTo({w.data(), 4});
      for (const Eigen::VectorXd& other : ends)
        EXPECT_GT((w - other).norm(), 1e-9) << "seed " << seed << ", pass " << pass;
      ends.push_back(std::move(w));
    }
  }
}

// Steps on batches of two rows with a constant, by the definition.
TEST(LocalSgd, TakesBatchesOfCentredRowsAndAConstantThatIsNotPenalised) {
  const RegressionProblem problem = RandomRegression(4, 4, 3);
  ThreadPool pool(1);
  const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
  const SgdRows rows = {.x = &x,
                        .rows = {0, 1, 2, 3},
                        .y = {problem.y.begin(), problem.y.end()},
                        .cost = {1, 0.5, 2, 1},
                        .has_constant = true,
                        .centre = Eigen::Vector3d(0.4, -0.1, 0.7)};
  const SgdSteps steps = {.loss = "huber", .delta = 0.8, .batch = 2, .lambda = 0.3, .step = 0.05};
  LocalSgd sgd(rows, 9, 0);
  const SharedWeights start{.w = Eigen::Vector3d(0.3, -0.2, 0.1),
                            .constants = Eigen::VectorXd::Constant(1, 2.0),
                            .pulls = 0};
  const LocalSteps made = sgd.Push(start, 3, {.settled = {3}}, 2, steps);
  EXPECT_EQ(made.visits, 4);
  Eigen::VectorXd w = made.shrink * start.w;
  made.change.AddTo({w.data(), 3});
  w -= made.centre_changes[0] * rows.centre;
  std::vector<int> order = {0, 1, 2, 3};
  double nearest = 1;
  do {
    Eigen::VectorXd naive = start.w;
    double constant = start.constants[0];
    for (int k = 0; k < 2; ++k) {
      const double eta = 0.05 / (1 + 0.3 * 0.05 * (3 * 2 + k + 1));
      Eigen::VectorXd slope = Eigen::VectorXd::Zero(3);
      double slope_of_constant = 0;
      for (int n = 2 * k; n < 2 * k + 2; ++n) {
        const int i = order[static_cast<size_t>(n)];
        const Eigen::VectorXd z = problem.x.row(i).transpose() - rows.centre;
        const double r = z.dot(naive) + constant - problem.y[i];
        const double own = rows.cost[static_cast<size_t>(i)] * std::clamp(r, -0.8, 0.8) / 2;
        slope += own * z;
        slope_of_constant += own;
      }
      naive = (1 - eta * 0.3) * naive - eta * slope;
      constant -= eta * slope_of_constant;
    }
    nearest = std::min(nearest, (naive - w).norm() + std::abs(constant - start.constants[0] -
                                                              made.constant_changes[0]));
  } while (std::ranges::next_permutation(order).found);
  EXPECT_LT(nearest, 1e-13);
}

struct Fit {
  Summary summary;
  regression::sgd::Model model;
};

Fit Train(const RegressionProblem& problem, Options options, const RunOptions& run) {
  const TempDir folder;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  options.num_features = problem.x.cols();
  auto result = strads::Run<regression::sgd::Sgd>(options, run);
  return {std::move(result.summary), std::move(result.model)};
}

// loss, consistency, staleness, batch, average
class RegressionSgd
    : public ::testing::TestWithParam<std::tuple<std::string, std::string, int, int, bool>> {};

TEST_P(RegressionSgd, ComesToTheOptimumThatOtherSolversFind) {
  const auto [loss, consistency, staleness, batch, average] = GetParam();
  const RegressionProblem problem = RandomRegression(7, 150, 6, 1, loss == "logistic" ? 2 : 0);
  Options options;
  options.loss = loss;
  options.lambda = 20;
  options.scale = "standard";
  options.batch = batch;
  options.average = average;
  options.local_epochs = 0.5;
  options.epochs = 0;
  RunOptions run = Rounds(3, 2500);
  run.consistency = consistency;
  run.staleness = staleness;
  if (consistency == "async") run.delay_mean = 1e-4;
  if (consistency == "backup") {
    run.backup_workers = 1;
    run.delay_mean = 1e-4;
  }
  const bool is_bounded = consistency != "async" && consistency != "backup";
  if (!is_bounded) run.max_rounds = 600;
  if (consistency == "essp") run.holders = 3;
  const Fit fit = Train(problem, options, run);
  regression::Options exact = options.problem();
  exact.tolerance = 1e-9;
  const RegressionFit best = FitRegression(problem, exact);
  EXPECT_GE(fit.summary.objective, best.summary.objective * (1 - 1e-9));
  EXPECT_LE(fit.summary.objective, best.summary.objective * (1 + (is_bounded ? 2e-3 : 5e-2)));
  if (is_bounded) {
    EXPECT_LE(fit.summary.clocks->staleness.max(), staleness);
  }
}

INSTANTIATE_TEST_SUITE_P(Of,
                         RegressionSgd,
                         ::testing::Values(std::tuple{"squared", "bsp", 0, 1, false},
                                           std::tuple{"squared", "bsp", 0, 8, true},
                                           std::tuple{"squared", "ssp", 10, 1, false},
                                           std::tuple{"squared", "async", 0, 1, false},
                                           std::tuple{"squared", "backup", 0, 1, false},
                                           std::tuple{"huber", "essp", 3, 1, false},
                                           std::tuple{"huber", "bsp", 0, 1, true},
                                           std::tuple{"logistic", "bsp", 0, 4, false},
                                           std::tuple{"logistic", "essp", 10, 1, false}));

TEST(RegressionSgd, ScalesFeaturesAsIfTheDataWere) {
  RegressionProblem problem = RandomRegression(9, 80, 5);
  Options options;
  options.scale = "max_abs";
  const Fit scaled = Train(problem, options, Rounds(2, 30));
  const Eigen::RowVectorXd largest = problem.x.cwiseAbs().colwise().maxCoeff();
  problem.x.array().rowwise() /= largest.array();
  options.scale = "none";
  const Fit plain = Train(problem, options, Rounds(2, 30));
  for (Eigen::Index j = 0; j < 5; ++j) {
    const auto at = static_cast<size_t>(j);
    EXPECT_NEAR(scaled.model.outputs[0].coefficients[at] * largest[j],
                plain.model.outputs[0].coefficients[at], 1e-12);
  }
  EXPECT_NEAR(scaled.model.outputs[0].intercept, plain.model.outputs[0].intercept, 1e-12);
}

TEST(RegressionSgd, IsTheSameForAnyNumberOfThreadsAndNeedsNoRowsInEveryShard) {
  const RegressionProblem problem = RandomRegression(5, 5, 3);
  RunOptions run = Rounds(7, 50);
  const Fit one = Train(problem, {}, run);
  run.threads = 3;
  const Fit three = Train(problem, {}, run);
  EXPECT_EQ(one.model.outputs[0].coefficients, three.model.outputs[0].coefficients);
  EXPECT_EQ(one.model.outputs[0].intercept, three.model.outputs[0].intercept);
}

TEST(RegressionSgd, HasTheSameModelForAnyNumberOfHolders) {
  const RegressionProblem problem = RandomRegression(11, 60, 5);
  for (const bool average : {false, true}) {
    Options options;
    options.scale = "standard";
    options.average = average;
    RunOptions run = Rounds(3, 40);
    const Fit whole = Train(problem, options, run);
    for (const int holders : {1, 2, 4, 6}) {
      run.holders = holders;
      const Fit divided = Train(problem, options, run);
      EXPECT_EQ(divided.model.outputs[0].coefficients, whole.model.outputs[0].coefficients);
      EXPECT_EQ(divided.model.outputs[0].intercept, whole.model.outputs[0].intercept);
      EXPECT_EQ(divided.summary.objective, whole.summary.objective) << holders << " holders";
      EXPECT_EQ(divided.summary.nonzeros, whole.summary.nonzeros);
    }
  }
}

TEST(RegressionSgd, EndsAfterSoManyPasses) {
  Options options;
  options.epochs = 3;
  options.batch = 2;
  const Fit fit = Train(RandomRegression(2, 100, 3), options, Rounds(2, 0));
  EXPECT_GE(fit.summary.updates, 300);
  EXPECT_LE(fit.summary.updates, 320) << "more than a clock too many";
}

TEST(RegressionSgd, RefusesWhatItCannotTrain) {
  Options options;
  options.lambda = 0;
  EXPECT_THROW(Train(RandomRegression(2, 9, 3), options, Rounds(1, 1)), Error);
  options = {};
  options.batch = 0;
  EXPECT_THROW(Train(RandomRegression(2, 9, 3), options, Rounds(1, 1)), Error);
  options = {};
  options.hogwild = true;
  options.batch = 2;
  EXPECT_THROW(Train(RandomRegression(2, 9, 3), options, Rounds(1, 1)), Error);
  options = {};
  options.loss = "logistic";
  RegressionProblem problem = RandomRegression(2, 9, 3);
  problem.y.setOnes();
  EXPECT_THROW(Train(problem, options, Rounds(1, 1)), Error) << "one class";
}

}  // namespace
}  // namespace strads::testing
