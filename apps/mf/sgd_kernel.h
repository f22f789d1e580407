#pragma once

#include <cstdint>
#include <span>

#include "apps/mf/sgd_rows.h"

namespace strads::mf {

// One rating of a cell, its rows counted from the cell's first user and item: 8 bytes.
struct CellRating {
  uint16_t user = 0;
  uint16_t item = 0;
  float value = 0;
};

// How long the steps are and what is learned.
struct SgdStep {
  float mean = 0;       // what a prediction starts from
  float rate = 0;       // of factors: the rate without dimension by the root of the rating scale
  float bias_rate = 0;  // of biases: the rate without dimension by the rating scale
  bool biases = false;  // b_u and c_i are learned
  bool nonnegative = false;  // factors are projected to >= 0
  bool slow_only = false;    // only the first kLanes factors move: for the first epoch
};

// Goes once through the ratings in their order; users start at row first_user, items at first_item.
// For each, with e = r - (mean + b + c + w.h), at the same time
//
//   w += rate / sqrt(G_w) (e h - decay_w w),    h += rate / sqrt(G_h) (e w - decay_h h)
//
// and likewise b += e - decay b; then G grows by the squared gradient, averaged over the factors it
// is for. Half the gradient of e^2 + decay_w |w|^2 + decay_h |h|^2. Ratings 2 n and 2 n + 1 are
// done at once where they have no row in common, which is the same and does not wait as long.
// Returns the sum of e^2, each before its update. The order of every sum is fixed: the same bytes
// with any vector instructions.
double SgdCell(std::span<const CellRating> ratings,
               int64_t first_user,
               int64_t first_item,
               const SgdStep& step,
               SgdRows& users,
               SgdRows& items);

}  // namespace strads::mf
