#include <gtest/gtest.h>
#include <strads/output_losses.h>
#include <strads/parallel.h>
#include <strads/prox.h>
#include <strads/random.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "apps/regression/evaluator.h"
#include "apps/regression/losses.h"
#include "apps/regression/variables.h"
#include "tests/support/regression_problems.h"

namespace strads::testing {
namespace {

using regression::Evaluator;
using regression::TrainingRows;
using regression::Variables;

TrainingRows RowsOf(const RegressionProblem& problem) {
  TrainingRows rows;
  for (int i = 0; i < problem.x.rows(); ++i) {
    rows.rows.push_back(i);
    rows.y.push_back(problem.y[i]);
    rows.weight.push_back(0.5 + 0.1 * (i % 5));
  }
  ThreadPool pool(1);
  rows.x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
  return rows;
}

struct LossCase {
  std::string loss;
  int classes;
  double share;  // of entries that are not zero
};

class Losses : public ::testing::TestWithParam<LossCase> {};

// By central differences; also at points ahead of the model's, and for any number of threads.
TEST_P(Losses, SlopesAreThoseOfTheLoss) {
  const auto [loss, classes, share] = GetParam();
  const RegressionProblem problem = RandomRegression(3, 120, 4, share, classes);
  const TrainingRows rows = RowsOf(problem);
  regression::Options options;
  options.loss = loss;
  options.delta = 0.7;
  const int64_t outputs = classes > 2 ? classes : 1;
  Random random(9);
  std::vector<double> model, w;
  for (int64_t j = 0; j < 5 * outputs; ++j) {
    model.push_back(0.2 * random.Uniform());
    w.push_back(0.3 * random.Uniform() - 0.1);
  }
  ThreadPool pool(1), threads(3);
  for (const double ahead : {0.0, 0.6}) {
    Evaluator evaluator(options, rows, outputs, true);
    evaluator.Evaluate(model, 0, pool);
    evaluator.Accept();
    const regression::Evaluation found = evaluator.Evaluate(w, ahead, pool);
    EXPECT_EQ(evaluator.Evaluate(w, ahead, threads).slopes, found.slopes);
    std::vector<double> point = w;
    for (size_t j = 0; j < w.size(); ++j) point[j] += ahead * (w[j] - model[j]);
    Evaluator plain(options, rows, outputs, false);
    EXPECT_NEAR(plain.Evaluate(w, 0, pool).loss, found.loss, 1e-10 * found.loss);
    EXPECT_NEAR(plain.Evaluate(point, 0, pool).loss, found.loss_ahead, 1e-10 * found.loss);
    for (size_t j = 0; j < point.size(); ++j) {
      constexpr double kStep = 1e-5;
      std::vector<double> more = point, less = point;
      more[j] += kStep;
      less[j] -= kStep;
      const double slope =
          (plain.Evaluate(more, 0, pool).loss - plain.Evaluate(less, 0, pool).loss) / (2 * kStep);
      EXPECT_NEAR(found.slopes[j], slope, 1e-5 * (1 + std::abs(slope))) << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         Losses,
                         ::testing::Values(LossCase{"squared", 0, 1},
                                           LossCase{"squared", 0, 0.3},
                                           LossCase{"huber", 0, 1},
                                           LossCase{"logistic", 2, 1},
                                           LossCase{"logistic", 2, 0.3},
                                           LossCase{"logistic", 4, 1},
                                           LossCase{"logistic", 4, 0.3}));

TEST(Losses, FarOutLogisticLossesAreFinite) {
  const regression::LossAt wrong = regression::LogisticLoss{}(1, -1000);
  EXPECT_DOUBLE_EQ(wrong.loss, 1000);
  EXPECT_DOUBLE_EQ(wrong.slope, -1);
  EXPECT_EQ(regression::LogisticLoss{}(1, 1000).loss, 0);
  std::array<double, 3> f = {1000, -1000, 0};
  EXPECT_DOUBLE_EQ(SoftmaxLoss(1, f.data(), 3), 2000);
}

TEST(Evaluator, AStepAlongAProductMovesTheModelThere) {
  const RegressionProblem problem = RandomRegression(3, 50, 3);
  const TrainingRows rows = RowsOf(problem);
  const regression::Options options;
  ThreadPool pool(1);
  Evaluator evaluator(options, rows, 1, true);
  const std::vector<double> w = {0.1, -0.2, 0.3, 1}, d = {1, 0.5, -1, 2};
  evaluator.Evaluate(w, 0, pool);
  evaluator.Accept();
  const regression::Evaluation product = evaluator.Product(d, pool);
  Eigen::MatrixXd x(50, 4);
  x << problem.x, Eigen::VectorXd::Ones(50);
  const Eigen::Map<const Eigen::VectorXd> c(rows.weight.data(), 50), direction(d.data(), 4);
  const Eigen::VectorXd expected = x.transpose() * c.asDiagonal() * (x * direction);
  for (int j = 0; j < 4; ++j)
    EXPECT_NEAR(product.slopes[static_cast<size_t>(j)], expected[j], 1e-10 * expected.norm());
  evaluator.Step(0.25);
  std::vector<double> moved = w;
  for (size_t j = 0; j < 4; ++j) moved[j] += 0.25 * d[j];
  Evaluator other(options, rows, 1, false);
  EXPECT_NEAR(evaluator.loss(), other.Evaluate(moved, 0, pool).loss, 1e-10 * evaluator.loss());
}

// Against the least value on a fine grid.
TEST(Evaluator, ALogisticProductIsTheChangeOfTheSlopes) {
  const RegressionProblem problem = RandomRegression(12, 90, 4, 0.6, 2);
  const TrainingRows rows = RowsOf(problem);
  regression::Options options;
  options.loss = "logistic";
  Evaluator evaluator(options, rows, 1, true);
  ThreadPool pool(1);
  const std::vector<double> direction = {1, -0.5, 0.25, 2, -1};
  for (const double scale : {0.1, 2.0}) {  // a second point: no product of the first is kept
    std::vector<double> w = {0.3, -0.2, 1, -0.5, 0.4}, more(5), less(5);
    constexpr double kStep = 1e-5;
    for (size_t j = 0; j < 5; ++j) {
      w[j] *= scale;
      more[j] = w[j] + kStep * direction[j];
      less[j] = w[j] - kStep * direction[j];
    }
    const std::vector<double> up = evaluator.Evaluate(more, 0, pool).slopes;
    const std::vector<double> down = evaluator.Evaluate(less, 0, pool).slopes;
    evaluator.Evaluate(w, 0, pool);
    evaluator.Accept();
    const std::vector<double> product = evaluator.Product(direction, pool).slopes;
    for (size_t j = 0; j < 5; ++j) {
      const double change = (up[j] - down[j]) / (2 * kStep);
      EXPECT_NEAR(product[j], change, 1e-6 * (1 + std::abs(change))) << j;
    }
  }
}

TEST(Prox, OfTheBoxIsTheLeastPoint) {
  for (const double z : {-3.0, -0.4, 0.0, 0.3, 2.0}) {
    for (const auto& [l1, l2] : {std::pair{0.0, 0.0}, {0.5, 0.0}, {0.2, 1.0}}) {
      for (const auto& [lower, upper] : {std::pair{-1.0, 1.0}, {0.0, 5.0}, {0.5, 0.75}}) {
        double best = lower, least = 1e300;
        for (int k = 0; k <= 100'000; ++k) {
          const double b = lower + (upper - lower) * k / 100'000;
          const double value = 0.5 * (b - z) * (b - z) + l1 * std::abs(b) + 0.5 * l2 * b * b;
          if (value < least) {
            least = value;
            best = b;
          }
        }
        EXPECT_NEAR(BoxProx(z, l1, l2, lower, upper), best, 1e-4);
      }
    }
  }
}

// Weights and slopes go through the same change of variables, and penalties are those of Options.
TEST(Variables, KeepLossesSlopesAndPenalties) {
  const RegressionProblem problem = RandomRegression(4, 80, 5);
  regression::Options options;
  options.lambda = 2;
  options.l1_ratio = 0.3;
  options.scale = "standard";
  const regression::TrainingRows rows = RowsOf(problem);
  FeatureStats stats;
  for (int j = 0; j < 5; ++j) {
    double sum = 0, spread = 0;
    stats.weight = 0;
    for (int i = 0; i < 80; ++i) stats.weight += rows.weight[static_cast<size_t>(i)];
    for (int i = 0; i < 80; ++i) sum += rows.weight[static_cast<size_t>(i)] * problem.x(i, j);
    const double mean = sum / stats.weight;
    for (int i = 0; i < 80; ++i)
      spread += rows.weight[static_cast<size_t>(i)] * std::pow(problem.x(i, j) - mean, 2);
    stats.means.push_back(mean);
    stats.spreads.push_back(spread);
    stats.largest.push_back(problem.x.col(j).cwiseAbs().maxCoeff());
  }
  const Variables variables(options, stats, 1, true);
  Eigen::VectorXd u(6);
  u << 0.3, -0.2, 0, 1.5, -0.7, 2;
  const std::vector<double> w = variables.ToWeights(u);
  double penalty = 0;
  for (size_t j = 0; j < 5; ++j) {
    const double scaled = w[j] * std::sqrt(stats.spreads[j] / stats.weight);
    penalty += 2 * (0.3 * std::abs(scaled) + 0.35 * scaled * scaled);
  }
  EXPECT_NEAR(variables.Penalty(u), penalty, 1e-12 * penalty);
  ThreadPool pool(1);
  Evaluator evaluator(options, rows, 1, false);
  const Eigen::VectorXd slopes = variables.ToSlopes(evaluator.Evaluate(w, 0, pool).slopes);
  for (Eigen::Index j = 0; j < 6; ++j) {
    constexpr double kStep = 1e-5;
    Eigen::VectorXd more = u, less = u;
    more[j] += kStep;
    less[j] -= kStep;
    const double slope = (evaluator.Evaluate(variables.ToWeights(more), 0, pool).loss -
                          evaluator.Evaluate(variables.ToWeights(less), 0, pool).loss) /
                         (2 * kStep);
    EXPECT_NEAR(slopes[j], slope, 1e-5 * (1 + std::abs(slope))) << j;
  }
  // The prox is the least point along each variable: its own optimality conditions hold.
  const Eigen::VectorXd z = 3 * u, least = variables.Prox(z, 7);
  EXPECT_LT(variables.Violation(least, 7 * (least - z)), 1e-12);
}

}  // namespace
}  // namespace strads::testing
