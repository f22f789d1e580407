#include "apps/regression/penalised_quadratic.h"

#include <gtest/gtest.h>

#include <Eigen/Core>

#include "tests/support/regression_problems.h"

namespace strads::testing {
namespace {

using regression::PenalisedQuadratic;
using regression::Variables;

// 1/2 |Z u - y|^2 of the variables without an intercept.
struct Quadratic {
  Eigen::MatrixXd z, a;
  Eigen::VectorXd y;
  regression::Options options;
  Variables variables;

  static FeatureStats Stats(const Eigen::MatrixXd& x) {
    FeatureStats stats;
    stats.weight = static_cast<double>(x.rows());
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      stats.means.push_back(x.col(j).mean());
      stats.spreads.push_back((x.col(j).array() - x.col(j).mean()).square().sum());
      stats.largest.push_back(x.col(j).cwiseAbs().maxCoeff());
    }
    return stats;
  }
  static regression::Options With(double lambda, const std::string& lower) {
    regression::Options options;
    options.lambda = lambda;
    options.l1_ratio = 1;
    options.intercept = false;
    options.lower = lower;
    return options;
  }

  Quadratic(const RegressionProblem& problem, double lambda, const std::string& lower)
      : y(problem.y), options(With(lambda, lower)), variables(options, Stats(problem.x), 1, true) {
    z = problem.x;
    for (Eigen::Index j = 0; j < z.cols(); ++j)
      z.col(j) *= variables.inverses()[static_cast<size_t>(j)];
    a = z.transpose() * z;
  }

  Eigen::VectorXd Slopes(const Eigen::VectorXd& u) const { return z.transpose() * (z * u - y); }
  double Value(const Eigen::VectorXd& u) const {
    return (z * u - y).squaredNorm() / 2 + variables.Penalty(u);
  }
};

// Some work at a time: each call goes on where the last one ended, never uphill, with the slopes of
// where it is, until nothing is left.
TEST(PenalisedQuadratic, EndsAfterTheWorkThatItIsAllowed) {
  RegressionProblem problem = RandomRegression(5, 80, 20);
  problem.x.rightCols(10) = problem.x.leftCols(10) + 1e-3 * problem.x.rightCols(10);
  for (const std::string lower : {"", "0"}) {
    const Quadratic of(problem, 5, lower);
    PenalisedQuadratic quadratic(of.variables, of.a);
    Eigen::VectorXd u = Eigen::VectorXd::Zero(20), slopes = of.Slopes(u);
    const double scale = slopes.cwiseAbs().maxCoeff(), enough = 1e-10 * scale;
    double value = of.Value(u);
    int calls = 0;
    for (; of.variables.Violation(u, slopes) > enough && calls < 1000; ++calls) {
      quadratic.Minimise(u, slopes, enough, 1);
      EXPECT_LT((slopes - of.Slopes(u)).norm(), 1e-9 * scale);
      EXPECT_LE(of.Value(u), value * (1 + 1e-12));
      value = of.Value(u);
    }
    EXPECT_GT(calls, 1);
    EXPECT_LT(calls, 1000);
    EXPECT_LT(quadratic.Left(u, of.Slopes(u)), 1e-9 * value);
  }
}

// Of features that are free at the optimum, what is left is what the optimum is better by.
TEST(PenalisedQuadratic, KnowsWhatIsLeft) {
  const Quadratic of(RandomRegression(6, 80, 6), 1e-3, "");
  PenalisedQuadratic quadratic(of.variables, of.a);
  Eigen::VectorXd best = Eigen::VectorXd::Zero(6), slopes = of.Slopes(best);
  quadratic.Minimise(best, slopes, 0, 1e6);
  ASSERT_GT(best.cwiseAbs().minCoeff(), 0);
  const Eigen::VectorXd near = 0.9 * best;
  EXPECT_NEAR(quadratic.Left(near, of.Slopes(near)), of.Value(near) - of.Value(best),
              1e-9 * of.Value(near));
}

// Copies whose signs differ cannot be optimal: one of them goes to 0.
TEST(PenalisedQuadratic, CopiesHaveOneSign) {
  RegressionProblem problem = RandomRegression(7, 40, 4);
  problem.x.col(3) = problem.x.col(0);
  const Quadratic of(problem, 0.5, "");
  PenalisedQuadratic quadratic(of.variables, of.a);
  Eigen::VectorXd u(4);
  u << 5, 1, -1, -5;
  Eigen::VectorXd slopes = of.Slopes(u);
  const double enough = 1e-10 * slopes.cwiseAbs().maxCoeff();
  quadratic.Minimise(u, slopes, enough, 1e6);
  EXPECT_GE(u[0] * u[3], 0);
  EXPECT_LE(of.variables.Violation(u, of.Slopes(u)), 10 * enough);
}

}  // namespace
}  // namespace strads::testing
