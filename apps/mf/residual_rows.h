#pragma once

#include <strads/aligned_vector.h>
#include <strads/rating.h>

#include <cstdint>
#include <span>

namespace strads::mf {

// Ratings by row of one side, each row padded to a multiple of 8 entries: 8 bytes for an entry, 12
// with weights. Padding has residual 0, weight 0 and the index `others`, one past the last.
struct ResidualRows {
  int64_t others = 0;             // rows of the other side
  AlignedVector<int64_t> begins;  // rows + 1, multiples of 8
  AlignedVector<int32_t> index;   // which row of the other side, ascending within a row
  AlignedVector<float> residual;
  AlignedVector<float> weight;  // empty, or one for each entry

  int64_t rows() const { return std::ssize(begins) - 1; }
};

// The values of ratings as residuals, by user or by item. No weights. O(ratings).
ResidualRows ByUser(std::span<const Rating> ratings, int64_t users, int64_t items);
ResidualRows ByItem(std::span<const Rating> ratings, int64_t users, int64_t items);

// Two columns of the other side's factors, for one of its rows: of the column whose change is still
// to be subtracted from the residuals, and of the column that is looked at; what they were and are.
struct OtherRow {
  float applied_before = 0;
  float applied_after = 0;
  float before = 0;
  float now = 0;
};

// Likewise for one row of this side.
struct OwnRow {
  float applied_before = 0;
  float applied_after = 0;
  float before = 0;
};

// The sums over the entries of a row, with e_j its residual without the column looked at, x the
// other side's column now: e_j = residual_j + before_j own.before.
struct RowSums {
  using Number = float;
  float numerator = 0;    // sum_j e_j x_j; with weights, sum_j (weight_j e_j + 1) x_j
  float denominator = 0;  // sum_j x_j^2; with weights, sum_j weight_j x_j^2
};

// The sums of rows [first, first + own.size()); `others` has one more than rows.others, the last of
// it zero. If `apply`, every residual is first changed by applied_before - applied_after, products
// of both sides. Lane j mod 8 takes entry j, and 1024 entries at a time are added in double: the
// same bytes whatever the vector instructions.
void SumRows(ResidualRows& rows,
             int64_t first,
             std::span<const OwnRow> own,
             std::span<const OtherRow> others,
             bool apply,
             std::span<RowSums> sums);

}  // namespace strads::mf
