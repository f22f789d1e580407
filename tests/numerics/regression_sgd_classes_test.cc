#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/run.h>

#include <Eigen/Core>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "apps/regression/sgd/sgd.h"
#include "tests/support/regression_problems.h"
#include "tests/support/rounds.h"

// Multinomial regression by stochastic gradient descent, and threads without locks.
namespace strads::testing {
namespace {

using Options = regression::sgd::Options;

ResultOf<regression::sgd::Sgd> Train(const RegressionProblem& problem,
                                     Options options,
                                     const RunOptions& run) {
  const TempDir folder;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  options.num_features = problem.x.cols();
  return strads::Run<regression::sgd::Sgd>(options, run);
}

RegressionFit Best(const RegressionProblem& problem, const Options& options) {
  regression::Options exact = options.problem();
  exact.tolerance = 1e-9;
  if (options.loss == "logistic") exact.solver = "lbfgs";
  return FitRegression(problem, exact);
}

// consistency, staleness, batch, average, intercept, classes
class Multinomial
    : public ::testing::TestWithParam<std::tuple<std::string, int, int, bool, bool, int>> {};

TEST_P(Multinomial, SgdComesToTheOptimumOfLbfgs) {
  const auto [consistency, staleness, batch, average, intercept, classes] = GetParam();
  const RegressionProblem problem = RandomRegression(7, 150, 6, 1, classes);
  Options options;
  options.loss = "logistic";
  options.lambda = 10;
  options.scale = "standard";
  options.intercept = intercept;
  options.batch = batch;
  options.average = average;
  options.local_epochs = 0.5;
  options.epochs = 0;
  const bool is_bounded = consistency != "async" && consistency != "backup";
  RunOptions run = Rounds(3, is_bounded ? 2500 : 600);
  run.consistency = consistency;
  run.staleness = staleness;
  if (!is_bounded) run.delay_mean = 1e-4;
  if (consistency == "backup") run.backup_workers = 1;
  if (average) run.holders = 3;
  const auto fit = Train(problem, options, run);
  const RegressionFit best = Best(problem, options);
  ASSERT_EQ(std::ssize(fit.model.outputs), classes);
  for (size_t k = 0; k < fit.model.outputs.size(); ++k)
    EXPECT_EQ(fit.model.outputs[k].label, best.model.outputs[k].label);
  EXPECT_GE(fit.summary.objective, best.summary.objective * (1 - 1e-9));
  EXPECT_LE(fit.summary.objective, best.summary.objective * (1 + (is_bounded ? 1e-3 : 3e-2)));
}

INSTANTIATE_TEST_SUITE_P(Of,
                         Multinomial,
                         ::testing::Values(std::tuple{"bsp", 0, 1, false, true, 3},
                                           std::tuple{"bsp", 0, 4, true, true, 5},
                                           std::tuple{"bsp", 0, 1, true, false, 4},
                                           std::tuple{"ssp", 5, 1, true, true, 3},
                                           std::tuple{"essp", 3, 1, true, true, 4},
                                           std::tuple{"async", 0, 1, false, true, 3},
                                           std::tuple{"backup", 0, 1, true, true, 3}));

// P of the model that is written, by the definition.
TEST(MultinomialSgd, ReportsTheObjectiveOfItsModel) {
  const RegressionProblem problem = RandomRegression(17, 60, 5, 0.3, 4);
  Options options;
  options.loss = "logistic";
  options.lambda = 0.7;
  const auto fit = Train(problem, options, Rounds(2, 30));
  double objective = 0;
  std::vector<Eigen::VectorXd> f;
  for (const regression::Output& output : fit.model.outputs) {
    const Eigen::Map<const Eigen::VectorXd> w(output.coefficients.values().data(), 5);
    f.emplace_back((problem.x * w).array() + output.intercept);
    objective += 0.5 * options.lambda * w.squaredNorm();
  }
  for (Eigen::Index i = 0; i < 60; ++i) {
    double sum = 0;
    for (const Eigen::VectorXd& of : f) sum += std::exp(of[i]);
    objective += std::log(sum) - f[static_cast<size_t>(problem.y[i])][i];
  }
  EXPECT_NEAR(fit.summary.objective, objective, 1e-11 * objective);
}

TEST(MultinomialSgd, HasTheSameModelForAnyNumberOfHolders) {
  const RegressionProblem problem = RandomRegression(11, 60, 5, 1, 3);
  for (const bool average : {false, true}) {
    Options options;
    options.loss = "logistic";
    options.scale = "standard";
    options.average = average;
    RunOptions run = Rounds(3, 40);
    const auto whole = Train(problem, options, run);
    for (const int holders : {1, 2, 3, 4, 7}) {
      run.holders = holders;
      const auto divided = Train(problem, options, run);
      for (size_t k = 0; k < 3; ++k) {
        EXPECT_EQ(divided.model.outputs[k].coefficients, whole.model.outputs[k].coefficients);
        EXPECT_EQ(divided.model.outputs[k].intercept, whole.model.outputs[k].intercept);
      }
      EXPECT_EQ(divided.summary.objective, whole.summary.objective) << holders << " holders";
    }
  }
}

TEST(MultinomialSgd, RefusesAClassWithoutRowsToLearnFrom) {
  const TempDir folder;
  Options options;
  options.loss = "logistic";
  RegressionProblem problem = RandomRegression(2, 6, 3);
  problem.y << 0, 1, 2, 0, 1, 2;
  options.weights = folder.Write("weights", "1\n1\n0\n1\n1\n0\n");
  EXPECT_THROW(Train(problem, options, Rounds(2, 1)), Error);
}

// loss, classes, share of entries that are there
class RegressionHogwild : public ::testing::TestWithParam<std::tuple<std::string, int, double>> {};

TEST_P(RegressionHogwild, ThreadsComeToTheOptimum) {
  const auto [loss, classes, share] = GetParam();
  RegressionProblem problem = RandomRegression(7, 400, 6, share, classes);
  // A mean that is a thousand times what the feature varies by: nothing of it may get lost.
  problem.x.col(2).array() += 1000;
  Options options;
  options.loss = loss;
  options.lambda = 10;
  options.hogwild = true;
  options.scale = "standard";
  options.local_epochs = 5;
  options.epochs = 0;
  RunOptions run = Rounds(2, 40);
  run.threads = 2;
  const auto fit = Train(problem, options, run);
  const RegressionFit best = Best(problem, options);
  EXPECT_GE(fit.summary.objective, best.summary.objective * (1 - 1e-9));
  EXPECT_LE(fit.summary.objective, best.summary.objective * (1 + 2e-2));
}

INSTANTIATE_TEST_SUITE_P(Of,
                         RegressionHogwild,
                         ::testing::Values(std::tuple{"squared", 0, 1.0},
                                           std::tuple{"squared", 0, 0.2},
                                           std::tuple{"huber", 0, 1.0},
                                           std::tuple{"huber", 0, 0.2},
                                           std::tuple{"logistic", 2, 1.0},
                                           std::tuple{"logistic", 2, 0.2},
                                           std::tuple{"logistic", 3, 1.0},
                                           std::tuple{"logistic", 3, 0.2}));

}  // namespace
}  // namespace strads::testing
