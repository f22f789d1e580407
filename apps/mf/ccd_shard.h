#pragma once

#include <strads/aligned_vector.h>
#include <strads/parallel.h>
#include <strads/rating.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/mf/residual_rows.h"

namespace strads::mf {

// A worker's ratings, all those of its users, for coordinate descent: the residuals
// e = r - (mean + w_u.h_i) are kept twice, by user and by item, 16 bytes for a rating (24 with
// weights). What a column changes is subtracted from them by the next pass over them, so that a
// column costs one pass over each copy, and one more for each further inner iteration.
class CcdShard {
 public:
  // All factors are 0. O(ratings).
  CcdShard(std::span<const Rating> ratings, int64_t users, int64_t items, float mean);
  // Implicit feedback: e = 1 - w_u.h_i, with weights alpha r >= 0 (see implicit.h).
  static CcdShard Implicit(std::span<const Rating> ratings,
                           int64_t users,
                           int64_t items,
                           float alpha);

  int64_t users() const { return by_user_.rows.rows(); }
  int64_t items() const { return by_item_.rows.rows(); }

  // The column to work on, with its values; none is open.
  void Open(std::span<const float> w, std::span<const float> h);
  // Of each user, for the open column, with h as it is now: sums over its ratings, without the
  // column's share in e, as RowSums says. The same bytes for any number of threads.
  void UserSums(std::span<const float> h, std::span<RowSums> sums, ThreadPool& pool);
  // Of each item likewise, with w as it is now, over these ratings: to be added over workers.
  void ItemSums(std::span<const float> w, std::span<RowSums> sums, ThreadPool& pool);
  // The open column's values from now on.
  void Close(std::span<const float> w, std::span<const float> h, ThreadPool& pool);

  // sum of e^2; with weights, sum of (1 + weight) e^2 - (1 - e)^2, which is what an observed cell
  // has more than one that is not. No column is open.
  double Loss(ThreadPool& pool);

 private:
  CcdShard(ResidualRows by_user, ResidualRows by_item);

  // A column of one side.
  struct Column {
    AlignedVector<float> before, after;
  };
  // One copy of the residuals, with what is being done to it.
  struct Copy {
    explicit Copy(ResidualRows own_rows);
    ResidualRows rows;
    std::vector<int64_t> chunks;  // boundaries of ranges of rows with about as many entries
    bool behind = false;          // the column closed last is not subtracted yet
  };
  static void Sum(Copy& copy,
                  const Column& closed_own,
                  const Column& closed_other,
                  std::span<const float> open_own,
                  std::span<const float> open_other,
                  std::span<const float> other_now,
                  std::span<RowSums> sums,
                  ThreadPool& pool);
  void Settle(ThreadPool& pool);

  Copy by_user_, by_item_;
  AlignedVector<float> open_w_, open_h_;
  Column closed_w_, closed_h_;
};

}  // namespace strads::mf
