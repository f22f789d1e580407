#pragma once

#include <strads/column_matrix.h>

#include <span>

namespace strads::lasso {

// The columns of a block, borrowed, of which e, the column of the intercept, is to be projected
// out.
struct ProjectedColumns {
  const ColumnMatrix& x;
  std::span<const double> squared_norms;  // of what is left
  std::span<const double> sums;           // e'x_j; empty if there is no e
  double weight = 1;                      // e'e
};

}  // namespace strads::lasso
