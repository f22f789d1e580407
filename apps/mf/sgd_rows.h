#pragma once

#include <strads/aligned_vector.h>
#include <strads/fields.h>

#include <cstdint>
#include <span>

#include "apps/mf/factors.h"

namespace strads::mf {

// What SGD keeps of a row beside its factors. Slow and fast are sums of squared gradients: a step
// is the rate by one over the square root of its sum (Chin, Zhuang, Juan, Lin, PAKDD 2015: one sum
// for the first kLanes factors, which learn slowly, and one for the others).
struct SgdState {
  using Number = float;
  float slow = 0;
  float fast = 0;
  float bias = 0;
  // lambda of a row for each of its ratings. Weighted: lambda. Plain: lambda / the row's number of
  // ratings, so that an epoch adds up to lambda.
  float decay = 0;
};

// Rows of one side with all that SGD knows of them: a worker's users, who stay, or a block of
// items, which travels. Self-contained and movable; its content is three contiguous arrays.
struct SgdRows {
  SgdRows() = default;
  // Biases 0, decay as given for all rows, sums as of ratings with this standard deviation.
  SgdRows(int64_t rows, int rank, float rating_scale, float decay);

  int64_t rows() const { return factors.rows(); }

  Factors factors;
  AlignedVector<SgdState> state;  // one per row
  AlignedVector<float> bias_sums;
  // How often the block has been gone through as scheduled, and beyond that while a worker waited.
  int64_t passes = 0;
  int64_t extra_passes = 0;

  STRADS_FIELDS(factors, state, bias_sums, passes, extra_passes)
};

// decay = lambda / max(1, counts): the plain penalty.
void SetPlainDecay(float lambda, std::span<const int64_t> counts, SgdRows& rows);

}  // namespace strads::mf
