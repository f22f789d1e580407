#pragma once

#include <Eigen/Core>
#include <vector>

namespace strads::regression {

// Columns of a symmetric positive semidefinite matrix that do not depend on each other, and what of
// them the rest are made of: column rest[c] = sum_i combination(i, c) column basic[i], but for
// rounding.
struct ColumnBasis {
  std::vector<Eigen::Index> basic, rest;
  Eigen::MatrixXd combination;
};

// By Cholesky's factor with pivots, up to the first that rounding could have made. The diagonal is
// above 0. O(columns rank^2).
ColumnBasis BasisOf(const Eigen::MatrixXd& a);

}  // namespace strads::regression
