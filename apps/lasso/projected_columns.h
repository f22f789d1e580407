#pragma once

#include <strads/column_matrix.h>
#include <strads/index.h>
#include <strads/parallel.h>

#include <cstdint>
#include <span>
#include <vector>

namespace strads::lasso {

// What is left of |x|^2 after a mean is taken out of x, or 0 if that is but rounding of what is
// gone.
inline double LeftOf(double spread, double mean, double weight) {
  constexpr double kConstant = 1e-26;
  return spread > kConstant * mean * mean * weight ? spread : 0;
}

// Takes from the inner products `pairs`, in the order of ColumnMatrix::GramBlock, what e makes of
// them: x_a'e x_b'e / e'e, given x_j'e of all columns and e'e.
inline void ProjectOut(std::span<const int32_t> columns,
                       int first_new,
                       std::span<const double> sums,
                       double weight,
                       std::vector<double>& pairs) {
  double* pair = pairs.data();
  for (size_t b = Index(first_new); b < columns.size(); ++b) {
    const double mean = sums[Index(columns[b])] / weight;
    for (size_t a = 0; a < b; ++a) *pair++ -= mean * sums[Index(columns[a])];
  }
}

// The columns of a block, borrowed, of which e, the column of the intercept, is to be projected
// out.
struct ProjectedColumns {
  const ColumnMatrix& x;
  std::span<const double> squared_norms;  // of what is left
  std::span<const double> sums;           // e'x_j; empty if there is no e
  double weight = 1;                      // e'e

  // ColumnMatrix::GramBlock of what is left.
  void GramBlock(std::span<const int32_t> columns,
                 int first_new,
                 std::vector<double>& upper,
                 ThreadPool& pool) const {
    x.GramBlock(columns, first_new, upper, pool);
    if (!sums.empty()) ProjectOut(columns, first_new, sums, weight, upper);
  }
};

}  // namespace strads::lasso
