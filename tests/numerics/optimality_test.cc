#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/numerics/solve.h"
#include "tests/support/reference.h"

namespace strads::testing {
namespace {

Problem WithDuplicatedColumns() {
  const Eigen::MatrixXd x = DrawMatrix({.rows = 40, .cols = 15, .seed = 3});
  Eigen::MatrixXd twice(x.rows(), 2 * x.cols());
  twice << x, x;
  return {twice, DrawProblem({.rows = 40, .cols = 15, .seed = 3}).y};
}

Problem WithZeroColumns() {
  Eigen::MatrixXd x = DrawMatrix({.rows = 30, .cols = 20, .seed = 4});
  for (const Eigen::Index j : {0, 7, 8, 19}) x.col(j).setZero();
  return {x, DrawProblem({.rows = 30, .cols = 20, .seed = 4}).y};
}

Problem WithZeroRows() {
  Eigen::MatrixXd x = DrawMatrix({.rows = 30, .cols = 10, .seed = 5});
  x.topRows(12).setZero();
  return {x, DrawProblem({.rows = 30, .cols = 10, .seed = 5}).y};
}

Problem WithColumnsOfManyScales() {
  Eigen::MatrixXd x = DrawMatrix({.rows = 50, .cols = 20, .seed = 6});
  for (Eigen::Index j = 0; j < x.cols(); ++j)
    x.col(j) *= std::pow(10.0, static_cast<double>(j % 7) - 3);
  return {x, DrawProblem({.rows = 50, .cols = 20, .seed = 6}).y};
}

Problem InTinyUnits() {
  Problem problem = DrawProblem({.seed = 7});
  problem.x *= 1e-6;
  problem.y *= 1e-9;
  return problem;
}

using Named = std::pair<std::string, Problem>;

class Optimality : public ::testing::TestWithParam<Named> {};

TEST_P(Optimality, HoldsAfterConvergenceWhateverTheLambda) {
  const Problem& problem = GetParam().second;
  for (const double ratio : {0.7, 0.1, 0.01}) {
    SCOPED_TRACE("lambda_ratio " + std::to_string(ratio));
    lasso::Options options;
    options.lambda_ratio = ratio;
    const Solution solution = Solve(problem, options, To(1e-9));
    const double lambda = ratio * LambdaMax(problem);
    EXPECT_NEAR(solution.lambda, lambda, 1e-12 * lambda);
    ExpectOptimal(problem, solution, 1e-9);
  }
}

TEST_P(Optimality, HoldsForThreeWorkersAndALambdaInItsOwnUnits) {
  const Problem& problem = GetParam().second;
  lasso::Options options;
  options.lambda = 0.2 * LambdaMax(problem);
  options.schedule = "dependency";
  const Solution solution = Solve(problem, options, To(1e-9, 3, 1));
  EXPECT_EQ(solution.lambda, options.lambda);
  ExpectOptimal(problem, solution, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    Optimality,
    ::testing::Values(
        Named{"ManyRows", DrawProblem({.rows = 400, .cols = 12})},
        Named{"ManyColumns", DrawProblem({.rows = 20, .cols = 300})},
        Named{"DenseColumns", DrawProblem({.rows = 60, .cols = 60})},
        Named{"SparseColumns", DrawProblem({.rows = 200, .cols = 300, .density = 0.02})},
        Named{"CorrelatedColumns", DrawProblem({.rows = 80, .cols = 60, .correlation = 0.9})},
        Named{"DuplicatedColumns", WithDuplicatedColumns()},
        Named{"ZeroColumns", WithZeroColumns()},
        Named{"ZeroRows", WithZeroRows()},
        Named{"ColumnsOfManyScales", WithColumnsOfManyScales()},
        Named{"TinyUnits", InTinyUnits()},
        Named{"OneRow", DrawProblem({.rows = 1, .cols = 9})},
        Named{"TwoRows", DrawProblem({.rows = 2, .cols = 9})},
        Named{"OneColumn", DrawProblem({.rows = 30, .cols = 1})}),
    [](const auto& of) { return of.param.first; });

}  // namespace
}  // namespace strads::testing
