#include "apps/regression/column_basis.h"

#include <cmath>
#include <limits>

namespace strads::regression {

ColumnBasis BasisOf(const Eigen::MatrixXd& a) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const Eigen::Index count = a.cols();
  const double rounding = 64 * static_cast<double>(count) * kEpsilon;
  const Eigen::VectorXd unit = a.diagonal().cwiseSqrt().cwiseInverse();
  Eigen::VectorXd left = Eigen::VectorXd::Ones(count);  // of the diagonal of unit a unit
  Eigen::MatrixXd factor(count, count);
  ColumnBasis basis;
  Eigen::Index rank = 0;
  for (Eigen::Index pivot = 0; rank < count && left.maxCoeff(&pivot) > rounding; ++rank) {
    Eigen::VectorXd row = unit[pivot] * unit.cwiseProduct(a.col(pivot));
    row -= factor.topRows(rank).transpose() * factor.col(pivot).head(rank);
    row /= std::sqrt(left[pivot]);
    factor.row(rank) = row.transpose();
    left -= row.cwiseAbs2();
    left[pivot] = 0;
    basis.basic.push_back(pivot);
  }
  std::vector<char> is_basic(static_cast<size_t>(count), 0);
  Eigen::MatrixXd of_basic(rank, rank);
  for (Eigen::Index i = 0; i < rank; ++i) {
    const Eigen::Index column = basis.basic[static_cast<size_t>(i)];
    is_basic[static_cast<size_t>(column)] = 1;
    of_basic.col(i) = factor.col(column).head(rank);
  }
  basis.combination.resize(rank, count - rank);
  for (Eigen::Index j = 0, c = 0; j < count; ++j) {
    if (is_basic[static_cast<size_t>(j)] != 0) continue;
    basis.rest.push_back(j);
    basis.combination.col(c++) = factor.col(j).head(rank);
  }
  of_basic.triangularView<Eigen::Upper>().solveInPlace(basis.combination);
  for (Eigen::Index i = 0; i < rank; ++i)
    basis.combination.row(i) *= unit[basis.basic[static_cast<size_t>(i)]];
  for (Eigen::Index c = 0; c < count - rank; ++c)
    basis.combination.col(c) /= unit[basis.rest[static_cast<size_t>(c)]];
  return basis;
}

}  // namespace strads::regression
