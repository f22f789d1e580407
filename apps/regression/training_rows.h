#pragma once

#include <strads/row_gram.h>
#include <strads/row_matrix.h>

#include <cstdint>
#include <vector>

namespace strads::regression {

// The rows of a shard that a model is trained on. Row t is row `rows[t]` of x.
struct TrainingRows {
  RowMatrix x;
  std::vector<int64_t> rows;
  std::vector<double> y;       // the target, or the number of the class
  std::vector<double> weight;  // more than 0

  int64_t size() const { return static_cast<int64_t>(rows.size()); }
  WeightedRows weighted() const { return {.x = &x, .rows = rows, .y = y, .weights = weight}; }
};

}  // namespace strads::regression
