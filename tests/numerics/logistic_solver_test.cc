#include "apps/lasso/logistic_solver.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "strads/column_matrix.h"
#include "strads/parallel.h"
#include "tests/numerics/solve.h"
#include "tests/support/reference.h"

namespace strads::testing {
namespace {

using lasso::LogisticSolver;
using lasso::Penalty;

// r_i = s_i / (1 + exp(s_i eta_i)), the slopes of the loss, negated.
Eigen::VectorXd SlopesAt(const Eigen::VectorXd& eta, const Eigen::VectorXd& y) {
  return (y.array() / (1 + (y.array() * eta.array()).exp())).matrix();
}

// How far |x'r| is from lambda is of first order in the gap, and squared in the gaps of the
// quadratic problems that Newton's method solves: 1e-8 of it is nothing to them.
TEST(LogisticSolver, MeetsTheOptimalityConditionsToTheLastDigits) {
  ThreadPool pool(1);
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem = DrawProblem({.rows = 48, .cols = 1, .seed = seed});
    const Eigen::MatrixXd x = 50 * Eigen::MatrixXd(problem.x);
    const Eigen::VectorXd y =
        problem.y.unaryExpr([](double value) { return value > 0 ? 1.0 : -1.0; });
    const double positive = 0.5 * (1 + y.mean()), null = std::log(positive / (1 - positive));
    const Eigen::VectorXd at_null = SlopesAt(Eigen::VectorXd::Constant(48, null), y);
    const double lambda = 0.3 * std::abs(x.col(0).dot(at_null));
    LogisticSolver solver(y, {}, /*intercept=*/true);
    solver.Grow(ColumnMatrix::FromDense(x), std::vector{0.0}, std::vector{0}, null);
    solver.Solve(Penalty::Lasso(1, lambda), 0, pool);
    const double b = solver.b()[0];
    const Eigen::VectorXd r = SlopesAt((b * x.col(0)).array() + solver.intercept(), y);
    ASSERT_NE(b, 0);
    EXPECT_NEAR(x.col(0).dot(r), std::copysign(lambda, b), 1e-12 * lambda);
    EXPECT_NEAR(r.sum(), 0, 1e-12 * r.cwiseAbs().sum());
  }
}

}  // namespace
}  // namespace strads::testing
