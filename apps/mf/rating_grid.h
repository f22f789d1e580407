#pragma once

#include <strads/rating.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/mf/sgd_kernel.h"

namespace strads::mf {

// How a grid is cut.
struct GridOptions {
  int threads = 1;
  int64_t row_bytes = 0;            // of one row's factors and state
  int64_t cache_bytes = 192 << 10;  // for the rows of either side of a cell
  uint64_t seed = 0;
};

// A worker's ratings by block of items, and within a block by cells: ranges of users x ranges of
// items whose rows stay in cache while the cell is gone through. With T threads users and the items
// of a block are each in T groups of about as many ratings: in step s of a pass, thread t has the
// cells of users' group t and items' group t + s mod T, so that no two threads meet in a row.
class RatingGrid {
 public:
  // Ratings with user in [0, users) and item in [0, block_begins.back()); block b holds the items
  // [block_begins[b], block_begins[b + 1]). O(ratings) time, 8 bytes for each rating.
  RatingGrid(std::span<const Rating> ratings,
             int64_t users,
             std::span<const int64_t> block_begins,
             const GridOptions& options);

  // A part of a cell's rows, items counted from the block's first.
  struct Cell {
    int64_t first_user = 0;
    int64_t first_item = 0;
    std::span<const CellRating> ratings;
  };

  int threads() const { return threads_; }
  int64_t blocks() const { return std::ssize(blocks_); }
  // Ratings in a block.
  int64_t size(int64_t block) const { return blocks_[static_cast<size_t>(block)].size; }
  // The cells of a thread in a step of a pass over a block, in an order drawn from (seed, pass).
  std::vector<Cell> Cells(int64_t block, int step, int thread, uint64_t pass) const;

 private:
  // Boundaries of all ranges of a side; group g has the ranges [first[g], first[g + 1]).
  struct Side {
    std::vector<int64_t> begins;
    std::vector<int64_t> groups;
  };
  struct Block {
    int64_t first_item = 0;
    Side items;  // counted from the block's first
    int64_t size = 0;
    std::vector<int64_t> cells;  // where each begins: users' range by items' range; and the end
  };
  static Side Cut(std::span<const int64_t> counts, const GridOptions& options);

  int threads_ = 1;
  uint64_t seed_ = 0;
  Side users_;
  std::vector<Block> blocks_;
  std::vector<CellRating> ratings_;
};

}  // namespace strads::mf
