#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/index.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/regression_problems.h"

// The squared loss with kinks and bounds, by coordinate descent on the products of all features.
namespace strads::testing {
namespace {

using regression::Options;

struct Case {
  std::string name;
  double lambda = 0, l1_ratio = 0;
  std::string lower = {}, upper = {};
  bool intercept = true;
  std::string scale = "none";
  bool has_weights = false;
  bool has_copies = false;  // also sums of columns, a constant one and one of zeros
  int rows = 120;
};

const std::vector<Case> kCases = {
    {.name = "lasso", .lambda = 8, .l1_ratio = 1},
    {.name = "elastic net", .lambda = 8, .l1_ratio = 0.6},
    {.name = "ridge", .lambda = 3},
    {.name = "no intercept", .lambda = 8, .l1_ratio = 1, .intercept = false},
    {.name = "standard", .lambda = 8, .l1_ratio = 0.8, .scale = "standard"},
    {.name = "max_abs", .lambda = 20, .l1_ratio = 0.8, .lower = "-0.1", .scale = "max_abs"},
    {.name = "weights", .lambda = 8, .l1_ratio = 1, .has_weights = true},
    {.name = "bounds", .lambda = 8, .l1_ratio = 0.75, .lower = "-0.05", .upper = "0.1"},
    {.name = "bounds without 0", .lambda = 8, .l1_ratio = 0.5, .lower = "0.02", .upper = "0.2"},
    {.name = "bounds below 0", .upper = "-0.01", .scale = "standard", .has_weights = true},
    {.name = "least squares of no less than 0", .lower = "0"},
    {.name = "copies", .lambda = 8, .l1_ratio = 1, .has_copies = true},
    {.name = "copies, bounded", .lower = "0", .has_copies = true},
    {.name = "copies, without 0", .lambda = 1, .l1_ratio = 0.5, .lower = "0.1", .has_copies = true},
    {.name = "few rows", .lambda = 1, .l1_ratio = 1, .rows = 8},
    {.name = "few rows, bounded", .lower = "0", .intercept = false, .rows = 8},
};

RegressionProblem ProblemOf(const Case& of, uint64_t seed) {
  RegressionProblem problem = RandomRegression(seed, of.rows, 12);
  if (!of.has_copies) return problem;
  problem.x.col(7) = problem.x.col(2);
  problem.x.col(8) = -problem.x.col(0);
  problem.x.col(9) = problem.x.col(3) + problem.x.col(4);
  problem.x.col(10).setConstant(2.5);
  problem.x.col(11).setZero();
  return problem;
}

Eigen::VectorXd WeightsOf(const Case& of) {
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(of.rows);
  if (of.has_weights)
    for (int i = 0; i < of.rows; ++i) weights[i] = 0.5 * (i % 4);
  return weights;
}

Options OptionsOf(const Case& of, const TempDir& folder) {
  Options options;
  options.lambda = of.lambda;
  options.l1_ratio = of.l1_ratio;
  options.lower = of.lower;
  options.upper = of.upper;
  options.intercept = of.intercept;
  options.scale = of.scale;
  options.solver = "coordinate";
  options.tolerance = 1e-10;
  if (!of.has_weights) return options;
  std::string text;
  for (const double weight : WeightsOf(of)) text += std::to_string(weight) + "\n";
  options.weights = folder.Write("weights", text);
  return options;
}

// d_j of Options.
double Divisor(const Case& of, const Eigen::VectorXd& column, const Eigen::VectorXd& weights) {
  if (of.scale == "max_abs") return column.cwiseAbs().maxCoeff();
  if (of.scale == "none") return 1;
  const double mean = weights.dot(column) / weights.sum();
  return std::sqrt(weights.dot((column.array() - mean).square().matrix()) / weights.sum());
}

// How far the optimality conditions of P, by its definition, are from being met at most, by the
// slopes of the losses that there are at w = 0.
double Violation(const RegressionProblem& problem, const Case& of, const RegressionFit& fit) {
  const Eigen::VectorXd c = WeightsOf(of);
  const auto slopes = [&](const Eigen::VectorXd& residual) {
    return Eigen::VectorXd(problem.x.transpose() * c.cwiseProduct(residual));
  };
  const Eigen::VectorXd residual = ((problem.x * fit.w.col(0) - problem.y).array() + fit.b[0]);
  const Eigen::VectorXd slope = slopes(residual);
  const double mean = of.intercept ? c.dot(problem.y) / c.sum() : 0;
  const Eigen::VectorXd at_zero = slopes((mean - problem.y.array()).matrix());
  const double lower = of.lower.empty() ? -INFINITY : std::stod(of.lower);
  const double upper = of.upper.empty() ? INFINITY : std::stod(of.upper);
  const double scale = at_zero.cwiseAbs().maxCoeff();
  double worst = of.intercept ? std::abs(c.dot(residual)) : std::abs(fit.b[0]);
  for (Eigen::Index j = 0; j < slope.size(); ++j) {
    const double w = fit.w(j, 0), d = Divisor(of, problem.x.col(j), c);
    EXPECT_TRUE(w >= lower && w <= upper) << w;
    const double smooth = slope[j] + of.lambda * (1 - of.l1_ratio) * d * d * w;
    const double l1 = of.lambda * of.l1_ratio * d;
    // In the solver's variables bounds are rounded.
    if (w < upper - 1e-14) worst = std::max(worst, -(smooth + (w >= 0 ? l1 : -l1)));
    if (w > lower + 1e-14) worst = std::max(worst, smooth + (w > 0 ? l1 : -l1));
  }
  return worst / scale;
}

TEST(CoordinateDescent, MeetsTheOptimalityConditionsForAnyNumberOfWorkers) {
  const TempDir folder;
  for (const Case& of : kCases) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(of.name + ", seed " + std::to_string(seed));
      const RegressionProblem problem = ProblemOf(of, seed);
      const Options options = OptionsOf(of, folder);
      double first = 0;
      for (const int workers : {1, 2, 3}) {
        const RegressionFit fit = FitRegression(problem, options, workers);
        EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
        EXPECT_LT(Violation(problem, of, fit), 1e-8);
        EXPECT_LE(fit.summary.rounds, 10);
        if (workers == 1) first = fit.summary.objective;
        EXPECT_NEAR(fit.summary.objective, first, 1e-12 * std::abs(first) + 1e-20);
      }
    }
  }
}

TEST(CoordinateDescent, AgreesWithFista) {
  const TempDir folder;
  for (const Case& of : kCases) {
    if (of.rows < 12 && of.lambda == 0) continue;  // conditions that hold for many w
    SCOPED_TRACE(of.name);
    const RegressionProblem problem = ProblemOf(of, 7);
    Options options = OptionsOf(of, folder);
    const RegressionFit fit = FitRegression(problem, options, 2);
    options.solver = "fista";
    const RegressionFit fista = FitRegression(problem, options);
    EXPECT_EQ(fista.summary.termination, Termination::kConverged) << fista.summary.message;
    EXPECT_NEAR(fit.summary.objective, fista.summary.objective, 1e-8 * fista.summary.objective);
    const Eigen::VectorXd f = problem.x * fit.w.col(0), other = problem.x * fista.w.col(0);
    EXPECT_LT(((f - other).array() + fit.b[0] - fista.b[0]).matrix().norm(), 1e-8 * f.norm());
    if (of.has_copies || of.rows < 12) continue;
    EXPECT_LT((fit.w - fista.w).norm(), 1e-8 * fista.w.norm());
    EXPECT_NEAR(fit.b[0], fista.b[0], 1e-8 * std::abs(fista.b[0]));
  }
}

// Where no bound is met they are least squares, and those of QR are an answer to compare with: of
// pairs of features that are nearly the same, along whose differences descent creeps.
TEST(CoordinateDescent, ARunThatSaysItHasConvergedHasWithCollinearFeatures) {
  constexpr int kRows = 200, kPairs = 4;
  for (const double apart : {1e-2, 1e-4, 1e-5}) {
    SCOPED_TRACE(apart);
    Random random(7);
    RegressionProblem problem{Eigen::MatrixXd(kRows, 2 * kPairs), Eigen::VectorXd(kRows)};
    for (int i = 0; i < kRows; ++i) {
      problem.y[i] = 2 * random.Uniform() + 3;
      for (int j = 0; j < kPairs; ++j) {
        const double value = 2 * random.Uniform() - 1, difference = 2 * random.Uniform() - 1;
        problem.x(i, j) = value;
        problem.x(i, kPairs + j) = value + apart * difference;
        problem.y[i] += value + difference;
      }
    }
    Eigen::MatrixXd wide(kRows, 2 * kPairs + 1);
    wide << problem.x, Eigen::VectorXd::Ones(kRows);
    const Eigen::VectorXd exact = wide.colPivHouseholderQr().solve(problem.y);
    const double least = (wide * exact - problem.y).squaredNorm() / 2;
    Options options;
    options.solver = "coordinate";
    options.lower = "-1e9";
    options.upper = "1e9";
    const RegressionFit fit = FitRegression(problem, options, 2);
    EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
    EXPECT_LE(fit.summary.objective - least, 1e-5 * least);
    EXPECT_GE(fit.summary.objective - least, -1e-9 * least);
  }
}

// More features than rows, each of them twice, and a penalty of next to nothing: least absolute
// values of all w that fit. A residual that is scaled to be feasible in the dual problem bounds P
// from below.
TEST(CoordinateDescent, ComesToTheOptimumAmongManyThatFit) {
  RegressionProblem problem = RandomRegression(5, 30, 100);
  problem.x.rightCols(50) = problem.x.leftCols(50);
  Options options;
  options.solver = "coordinate";
  options.lambda = 1e-3;
  options.l1_ratio = 1;
  options.intercept = false;
  options.tolerance = 1e-9;
  const RegressionFit fit = FitRegression(problem, options, 2);
  EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
  Eigen::VectorXd dual = problem.y - problem.x * fit.w.col(0);
  const double value = dual.squaredNorm() / 2 + options.lambda * fit.w.cwiseAbs().sum();
  EXPECT_NEAR(fit.summary.objective, value, 1e-9 * value);
  dual *= std::min(1.0, options.lambda / (problem.x.transpose() * dual).cwiseAbs().maxCoeff());
  EXPECT_LT(value - (dual.dot(problem.y) - dual.squaredNorm() / 2), 1e-3 * value);
  EXPECT_LE((fit.w.array() != 0).count(), 30);
}

// Copies could go as far as the bounds without a change of the fit, but for the rounding that far.
TEST(CoordinateDescent, BoundsFarAwayAreNotSought) {
  RegressionProblem problem = RandomRegression(6, 60, 9);
  problem.x.col(3) = problem.x.col(0);
  problem.x.col(5) = problem.x.col(1) + problem.x.col(2);
  problem.x.col(8) = problem.x.col(7) + 1e-5 * problem.x.col(8);
  Eigen::MatrixXd wide(60, 10);
  wide << problem.x, Eigen::VectorXd::Ones(60);
  const Eigen::VectorXd exact = wide.completeOrthogonalDecomposition().solve(problem.y);
  const double least = (wide * exact - problem.y).squaredNorm() / 2;
  Options options;
  options.solver = "coordinate";
  options.lower = "-1e12";
  const RegressionFit fit = FitRegression(problem, options);
  EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
  EXPECT_NEAR(fit.summary.objective, least, 1e-6 * least);
  EXPECT_LT(fit.w.cwiseAbs().maxCoeff(), 1e9);
}

// One pass over the rows after the other corrects what the matrix, which knows X's squares alone,
// cannot: of features whose means are far from 0 and that are not centred.
TEST(CoordinateDescent, SlopesAtTheSolutionCorrectTheMatrix) {
  RegressionProblem problem = RandomRegression(3, 90, 4);
  problem.x.array() += 1e6;
  Options options;
  options.solver = "coordinate";
  options.intercept = false;
  options.lower = "-1e9";
  const RegressionFit fit = FitRegression(problem, options);
  const Eigen::VectorXd exact = problem.x.colPivHouseholderQr().solve(problem.y);
  const double least = (problem.x * exact - problem.y).squaredNorm() / 2;
  EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
  EXPECT_NEAR(fit.summary.objective, least, 1e-9 * least);
}

TEST(CoordinateDescent, ATargetThatIsConstantNeedsNoFeature) {
  RegressionProblem problem = RandomRegression(4, 30, 3);
  problem.y.setConstant(0.1);
  Options options;
  options.solver = "coordinate";
  options.lambda = options.l1_ratio = 1;
  const RegressionFit fit = FitRegression(problem, options);
  EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
  EXPECT_TRUE(fit.w.isZero(0));
  EXPECT_NEAR(fit.b[0], 0.1, 1e-15);
}

TEST(CoordinateDescent, IsTakenForKinksWhereProductsOfFeaturesCostLittle) {
  const auto choose = [](int64_t rows, int64_t features, Options options) {
    return regression::ChooseSolver(options, {rows, features, rows * features, 1});
  };
  Options lasso;
  lasso.lambda = lasso.l1_ratio = 1;
  EXPECT_EQ(choose(1000, 10, lasso).solver, "coordinate");
  EXPECT_EQ(choose(200, 5000, lasso).solver, "fista");
  for (const regression::SolverChoice& of :
       {choose(9000, 30, lasso), choose(100'000, 600, lasso)}) {
    EXPECT_EQ(of.solver, "coordinate");
    EXPECT_NE(of.reason.find("kinks"), std::string::npos);
  }
  Options bounded;
  bounded.lower = "0";
  EXPECT_EQ(choose(1000, 10, bounded).solver, "coordinate");
  for (const std::string loss : {"huber", "logistic"}) {
    lasso.loss = loss;
    EXPECT_EQ(choose(1000, 10, lasso).solver, "fista");
    lasso.solver = "coordinate";
    EXPECT_THROW(lasso.Validate(), Error);
    lasso.solver = "auto";
  }
  bounded.solver = "normal";
  bounded.data = "data";
  EXPECT_THROW(bounded.Validate(), Error);
  Options many;
  many.solver = "coordinate";
  EXPECT_THROW(choose(100'000, 50'000, many), Error);
}

}  // namespace
}  // namespace strads::testing
