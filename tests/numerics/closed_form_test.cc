#include <gtest/gtest.h>

#include <cmath>

#include "tests/numerics/solve.h"
#include "tests/support/reference.h"

namespace strads::testing {
namespace {

double Shrunk(double value, double by) {
  return std::copysign(std::max(std::abs(value) - by, 0.0), value);
}

const char* const kSchedules[] = {"cyclic",     "shuffled",     "random",     "priority",
                                  "dependency", "block_greedy", "working_set"};

TEST(ClosedForm, OrthonormalColumnsAreShrunkOneByOne) {
  const Problem problem = DrawOrthonormal(50, 30, 11);
  const Eigen::VectorXd slopes = problem.x.transpose() * problem.y;
  for (const char* schedule : kSchedules) {
    SCOPED_TRACE(schedule);
    lasso::Options options;
    options.schedule = schedule;
    options.lambda_ratio = 0.2;
    const Solution solution = Solve(problem, options, To(1e-12, 2));
    for (Eigen::Index j = 0; j < slopes.size(); ++j) {
      const double b = Shrunk(slopes[j], solution.lambda);
      EXPECT_NEAR(solution.b[j], b, 1e-12 * slopes.cwiseAbs().maxCoeff()) << j;
    }
  }
}

TEST(ClosedForm, OneColumnIsShrunkAndDividedByItsSquaredNorm) {
  const Problem problem = DrawProblem({.rows = 20, .cols = 1, .seed = 12});
  const Eigen::VectorXd x = problem.x.col(0);
  for (const double lambda : {0.5, 3.0, 100.0}) {
    lasso::Options options;
    options.lambda = lambda;
    const Solution solution = Solve(problem, options, To(1e-14));
    const double b = Shrunk(x.dot(problem.y), lambda) / x.squaredNorm();
    EXPECT_NEAR(solution.b[0], b, 1e-13 * std::abs(x.dot(problem.y)));
  }
}

// With one row only max |x_j| matters: any solution explains it by such columns.
TEST(ClosedForm, OneRowIsExplainedByItsLargestEntries) {
  const Eigen::MatrixXd x = Eigen::RowVector4d(0.5, -2, 2, 1);
  const Problem problem(x, Eigen::VectorXd::Constant(1, 3.0));
  lasso::Options options;
  options.lambda = 1.5;
  const Solution solution = Solve(problem, options, To(1e-14));
  // 1/2 (3 - 2t)^2 + 1.5 t is least at t = (2*3 - 1.5) / 4.
  const double t = (2 * 3 - 1.5) / 4;
  EXPECT_NEAR(solution.summary.objective, 0.5 * (3 - 2 * t) * (3 - 2 * t) + 1.5 * t, 1e-13);
  EXPECT_NEAR(solution.b[2] - solution.b[1], t, 1e-13);
  EXPECT_EQ(solution.b[0], 0);
  EXPECT_EQ(solution.b[3], 0);
}

TEST(ClosedForm, FromLambdaMaxOnTheSolutionIsExactlyZero) {
  const Problem problem = DrawProblem({.rows = 30, .cols = 50, .correlation = 0.5, .seed = 13});
  for (const char* schedule : kSchedules) {
    for (const double ratio : {1.0, 1.0 + 1e-12, 3.0}) {
      SCOPED_TRACE(std::string(schedule) + " " + std::to_string(ratio));
      lasso::Options options;
      options.schedule = schedule;
      options.lambda_ratio = ratio;
      const Solution solution = Solve(problem, options, To(0, 3));
      EXPECT_EQ(solution.summary.termination, Termination::kConverged);
      EXPECT_EQ(solution.summary.gap, 0);
      EXPECT_EQ(solution.summary.nonzeros, 0);
      EXPECT_EQ(solution.b, Eigen::VectorXd::Zero(50));
    }
  }
}

TEST(ClosedForm, JustBelowLambdaMaxOneVariableEnters) {
  const Problem problem = DrawProblem({.rows = 30, .cols = 50, .seed = 14});
  lasso::Options options;
  options.lambda_ratio = 1 - 1e-6;
  const Solution solution = Solve(problem, options, To(1e-14));
  Eigen::Index steepest = 0;
  (problem.x.transpose() * problem.y).cwiseAbs().maxCoeff(&steepest);
  EXPECT_EQ(solution.summary.nonzeros, 1);
  EXPECT_NE(solution.b[steepest], 0);
}

TEST(ClosedForm, AZeroTargetIsExplainedByNothing) {
  Problem problem = DrawProblem({.rows = 12, .cols = 9});
  problem.y.setZero();
  for (const double lambda : {0.0, 1.0}) {  // 0: a share of lambda_max, which is 0
    lasso::Options options;
    options.lambda = lambda;
    const Solution solution = Solve(problem, options, To(1e-9, 2));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged);
    EXPECT_EQ(solution.summary.objective, 0);
    EXPECT_EQ(solution.summary.gap, 0);
    EXPECT_EQ(solution.summary.nonzeros, 0);
  }
}

TEST(ClosedForm, AMatrixOfZerosExplainsNothing) {
  const Problem problem(Eigen::MatrixXd::Zero(5, 4), Eigen::VectorXd::Constant(5, 2.0));
  for (const char* schedule : kSchedules) {
    lasso::Options options;
    options.schedule = schedule;
    options.lambda = 0.5;
    const Solution solution = Solve(problem, options, To(1e-9));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << schedule;
    EXPECT_EQ(solution.summary.objective, NullObjective(problem)) << schedule;
    EXPECT_EQ(solution.summary.nonzeros, 0) << schedule;
  }
}

// The lasso knows no units: with x in other units b is in theirs, with y in others b and lambda
// are.
TEST(ClosedForm, UnitsOfTheTargetAndOfAllColumnsGoThrough) {
  const Problem problem = DrawProblem({.rows = 40, .cols = 20, .seed = 15});
  Problem scaled = problem;
  scaled.x *= 4;
  scaled.y *= 0.125;  // powers of two: not a bit of rounding differs
  lasso::Options options;
  options.lambda_ratio = 0.1;
  const Solution one = Solve(problem, options, To(1e-10));
  const Solution other = Solve(scaled, options, To(1e-10));
  EXPECT_EQ(other.lambda, 0.5 * one.lambda);
  EXPECT_EQ(other.b * 32, one.b);
}

}  // namespace
}  // namespace strads::testing
