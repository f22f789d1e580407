#pragma once

#include <strads/row_matrix.h>

#include <cstdint>
#include <vector>

namespace strads::sgd {

// The rows of a shard. Row i of x, which outlives this, is followed by the constant feature `bias`
// (0: none), whose weight comes after all others.
struct TrainingRows {
  const RowMatrix* x = nullptr;
  double bias = 0;
  std::vector<double> sign = {};  // y_i: 1 or -1
  std::vector<double> cost = {};  // c_i

  int64_t size() const { return x->num_rows(); }
};

}  // namespace strads::sgd
