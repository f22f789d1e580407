#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "strads/row_matrix.h"

namespace strads {

class ThreadPool;

// Rows of a matrix with targets and weights; all borrowed.
struct WeightedRows {
  const RowMatrix* x = nullptr;
  std::span<const int64_t> rows;    // which rows of x
  std::span<const double> y;        // of each of them
  std::span<const double> weights;  // likewise
};

// The upper triangle, by columns, of the sum over the rows of c_i z_i z_i', where z_i is row i of x
// less `centre`, followed by y_i less the last number of `centre` (x.num_cols() + 1 of them): entry
// a of column b stands at b (b + 1) / 2 + a. The same bytes for any number of threads. O(rows times
// cols^2) for dense x, O(sum of squares of the rows' non-zeros) for sparse x.
std::vector<double> RowGram(const WeightedRows& data,
                            std::span<const double> centre,
                            ThreadPool& pool);

}  // namespace strads
