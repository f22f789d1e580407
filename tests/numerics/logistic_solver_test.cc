#include "apps/lasso/logistic_solver.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <numeric>
#include <vector>

#include "strads/column_matrix.h"
#include "strads/parallel.h"
#include "strads/random.h"
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

ColumnMatrix SparseOf(const Eigen::MatrixXd& x) {
  std::vector<Triplet> entries;
  for (int j = 0; j < x.cols(); ++j) {
    for (int i = 0; i < x.rows(); ++i) {
      if (x(i, j) != 0) entries.push_back({i, j, x(i, j)});
    }
  }
  return ColumnMatrix::FromTriplets(x.rows(), x.cols(), entries, Storage::kSparse);
}

// Columns of many more rows than there are columns, nearly collinear: descent is cut short, and
// inner products, summed by rows, take over; those of the second half of the columns as well.
TEST(LogisticSolver, MeetsTheOptimalityConditionsByProductsOfRows) {
  constexpr int kRows = 4000, kCols = 12;
  ThreadPool pool(1);
  Random random(3);
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(kRows, kCols);
  Eigen::VectorXd y(kRows), weights(kRows);
  for (int i = 0; i < kRows; ++i) {
    const double common = random.Uniform() - 0.5;
    if (i % 4 == 0) {
      for (int j = 0; j < kCols; ++j) x(i, j) = common + 0.02 * (random.Uniform() - 0.5);
    }
    y[i] = random.Uniform() < 1 / (1 + std::exp(-4 * common - 200 * (x(i, 0) - x(i, 7)))) ? 1 : -1;
    weights[i] = 0.5 + random.Uniform();
  }
  LogisticSolver solver(y, weights, /*intercept=*/true);
  const std::vector<double> zero(kCols / 2, 0.0);
  const double lambda = 0.1;
  for (int half = 0; half < 2; ++half) {
    const Eigen::MatrixXd part = x.middleCols(half * kCols / 2, kCols / 2);
    std::vector<int32_t> numbers(kCols / 2);
    std::iota(numbers.begin(), numbers.end(), half * kCols / 2);
    solver.Grow(SparseOf(part), zero, numbers, solver.intercept());
    solver.Solve(Penalty::Lasso(solver.size(), lambda), 0, pool);
  }
  const Eigen::Map<const Eigen::VectorXd> b(solver.b().data(), kCols);
  const Eigen::VectorXd r = weights.cwiseProduct(SlopesAt((x * b).array() + solver.intercept(), y));
  EXPECT_NEAR(r.sum(), 0, 1e-10 * r.cwiseAbs().sum());
  int nonzeros = 0;
  for (int j = 0; j < kCols; ++j) {
    const double slope = x.col(j).dot(r);
    EXPECT_LE(std::abs(slope), lambda * (1 + 1e-6)) << j;
    if (b[j] == 0) continue;
    EXPECT_NEAR(slope, std::copysign(lambda, b[j]), 1e-6 * lambda) << j;
    ++nonzeros;
  }
  EXPECT_GE(nonzeros, 2);
}

// Columns that share a direction, as indicators do without an intercept: what descent gains in a
// sweep is lost in the rounding of the objective long before the slopes are right.
TEST(LogisticSolver, GetsBeyondWhatCanBeSeenInTheObjective) {
  constexpr int kRows = 4000, kCols = 80;
  ThreadPool pool(1);
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Eigen::MatrixXd x(kRows, kCols);
    for (double& value : x.reshaped()) value = random.Uniform() < 0.38 ? 1 : 0;
    Eigen::VectorXd y(kRows);
    for (int i = 0; i < kRows; ++i) {
      const double f = x(i, 0) + x(i, 1) - x(i, 2) - x(i, 3);
      y[i] = random.Uniform() < 1 / (1 + std::exp(-f)) ? 1 : -1;
    }
    const double lambda = 1e-3 * (x.transpose() * y / 2).cwiseAbs().maxCoeff();
    LogisticSolver solver(y, {}, /*intercept=*/false);
    std::vector<int32_t> numbers(kCols);
    std::iota(numbers.begin(), numbers.end(), 0);
    solver.Grow(SparseOf(x), std::vector<double>(kCols, 0.0), numbers, 0);
    solver.Solve(Penalty::Lasso(kCols, lambda), 0, pool);
    const Eigen::Map<const Eigen::VectorXd> b(solver.b().data(), kCols);
    const Eigen::VectorXd slopes = x.transpose() * SlopesAt(x * b, y);
    for (int j = 0; j < kCols; ++j) {
      if (b[j] != 0)
        EXPECT_NEAR(slopes[j], std::copysign(lambda, b[j]), 1e-9 * lambda) << j;
      else
        EXPECT_LE(std::abs(slopes[j]), lambda) << j;
    }
  }
}

}  // namespace
}  // namespace strads::testing
