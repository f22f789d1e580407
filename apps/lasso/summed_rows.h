#pragma once

#include <strads/dataset.h>
#include <strads/parallel.h>

#include <Eigen/Core>
#include <optional>
#include <vector>

namespace strads::lasso {

// Rows in place of those of a data set, one for each variable and two more: the squared loss sees
// rows only through the inner products of their columns,
//
//   |y - b0 e - X b|^2 = (b, b0, -1)' G (b, b0, -1),  G = [X e y]'[X e y],
//
// rows being scaled by the roots of their weights, and e what that makes of a column of ones. Of
// these rows e is not zero in the first alone, where it is the root of `weight`.
struct SummedRows {
  Eigen::MatrixXd x;
  Eigen::VectorXd y;
  double weight = 0;  // of the rows that they stand for
};

// Whether solving for many lambdas takes less with summed rows than with those of the data, and
// not much more memory: of the squared loss, where variables are few beside the entries.
bool SumsPay(const Dataset& rows, int32_t folds);

// To be taken from the columns of `rows` and from y beforehand, if there is an intercept that can
// stand for it: squares of what varies little beside its mean would tell nothing of it. Columns
// that do not vary are left alone, and of a sparse matrix those that vary enough.
struct Shifts {
  std::vector<double> of_columns;
  double of_target = 0;
};
Shifts ShiftsFor(const Dataset& rows);

// G of these rows: (p + 2) x (p + 2), of which those of disjoint rows add up. O(rows p^2), sparse
// O(sum of the squared sizes of the rows), over the pool's threads, never depending on how many.
Eigen::MatrixXd ProductsOf(Dataset rows, ThreadPool& pool);

// Which columns are combinations of e and columns before them, as sums of indicators are: by what
// G says, and found true of the rows themselves, so that it holds of any of them. None if a column
// seems not to vary, and does. O(p^3), and for each such column O(non-zeros).
std::optional<std::vector<bool>> Combinations(const Dataset& rows, const Eigen::MatrixXd& products);

// Rows with these products, by a Cholesky decomposition, O(p^3). None if G, whose rounding is that
// of squares, does not tell them to 11 digits: where y, or a column that is no combination, nearly
// is one, or varies little beside its mean. A column without variation is told exactly.
std::optional<SummedRows> RowsWith(const Eigen::MatrixXd& products,
                                   const std::vector<bool>& is_combination);

}  // namespace strads::lasso
