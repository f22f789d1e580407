#include "apps/mf/sgd_rows.h"

#include <algorithm>

namespace strads::mf {

SgdRows::SgdRows(int64_t rows, int rank, float rating_scale, float row_decay)
    : factors(rows, rank),
      // As if ratings were divided by their scale, and factors by its square root, and sums
      // started at 1.
      state(static_cast<size_t>(rows),
            SgdState{.slow = rating_scale * rating_scale * rating_scale,
                     .fast = rating_scale * rating_scale * rating_scale,
                     .bias = 0,
                     .decay = row_decay}),
      bias_sums(static_cast<size_t>(rows), rating_scale * rating_scale) {}

void SetPlainDecay(float lambda, std::span<const int64_t> counts, SgdRows& rows) {
  for (size_t row = 0; row < rows.state.size(); ++row)
    rows.state[row].decay = lambda / static_cast<float>(std::max<int64_t>(1, counts[row]));
}

}  // namespace strads::mf
