#pragma once

#include <cstdint>
#include <span>

#include "strads/column_matrix.h"

namespace strads {

class ThreadPool;

// For a dense matrix x, in one pass over r:
//
//   r += sum over c of scales[c] x_added[c], added in this order, then
//   dots[k] = x_asked[k]'r
//
// r has x.num_rows() values, `dots` as many as `asked`. Rows are divided over the threads; sums run
// within parts of fixed length and then over those: the same for any number of threads.
// O(x.num_rows() (added + asked)).
void AddAndDot(const ColumnMatrix& x,
               std::span<const int32_t> added,
               std::span<const double> scales,
               std::span<const int32_t> asked,
               double* r,
               double* dots,
               ThreadPool& pool);

}  // namespace strads
