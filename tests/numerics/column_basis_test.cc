#include "apps/regression/column_basis.h"

#include <gtest/gtest.h>
#include <strads/random.h>

#include <Eigen/Core>
#include <cmath>
#include <vector>

namespace strads::testing {
namespace {

// Of features in random order and units, some of which are combinations of the others.
TEST(ColumnBasis, MakesTheOtherColumnsOfThoseThatAreIndependent) {
  Random random(3);
  const auto uniform = [&](int rows, int cols) {
    return Eigen::MatrixXd(
        Eigen::MatrixXd::NullaryExpr(rows, cols, [&] { return 2 * random.Uniform() - 1; }));
  };
  for (const int rank : {0, 1, 5, 12}) {
    Eigen::MatrixXd x = uniform(30, rank) * uniform(rank, 12);
    if (rank == 12) x = uniform(30, 12);
    if (rank == 0) x.resize(30, 0);
    for (Eigen::Index j = 0; j < x.cols(); ++j) x.col(j) *= std::pow(10, j % 5);
    const regression::ColumnBasis basis = regression::BasisOf(x.transpose() * x);
    ASSERT_EQ(std::ssize(basis.basic), rank);
    ASSERT_EQ(std::ssize(basis.rest), x.cols() - rank);
    const Eigen::MatrixXd made = x(Eigen::all, basis.basic) * basis.combination;
    for (Eigen::Index c = 0; c < made.cols(); ++c) {
      const Eigen::VectorXd column = x.col(basis.rest[static_cast<size_t>(c)]);
      EXPECT_LT((made.col(c) - column).norm(), 1e-6 * column.norm());
    }
  }
}

}  // namespace
}  // namespace strads::testing
