#include "apps/mf/rating_grid.h"

#include <strads/index.h>
#include <strads/random.h>
#include <strads/rotation_schedule.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace strads::mf {
namespace {

// Ratings sorted by key(rating) in [0, keys), equal ones as they were.
template <class Key>
std::vector<Rating> CountingSort(std::span<const Rating> ratings, int64_t keys, Key key) {
  std::vector<int64_t> next(Index(keys) + 1);
  for (const Rating& rating : ratings) ++next[Index(key(rating)) + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<Rating> sorted(ratings.size());
  for (const Rating& rating : ratings) sorted[Index(next[Index(key(rating))]++)] = rating;
  return sorted;
}

// Where the n-th of `count` goes so that those of the first half are followed by those of the
// second half in turn: the kernel does two ratings at once, if they have no row in common.
int64_t Interleave(int64_t n, int64_t count) {
  const int64_t half = (count + 1) / 2;
  return n < half ? 2 * n : 2 * (n - half) + 1;
}

// range[i] for each i below begins.back(): the one that holds i.
std::vector<int32_t> RangeOfEach(std::span<const int64_t> begins) {
  std::vector<int32_t> range(Index(begins.back()));
  for (size_t r = 0; r + 1 < begins.size(); ++r)
    std::fill(range.begin() + begins[r], range.begin() + begins[r + 1], static_cast<int32_t>(r));
  return range;
}

}  // namespace

RatingGrid::Side RatingGrid::Cut(std::span<const int64_t> counts, const GridOptions& options) {
  const int64_t most =
      std::clamp<int64_t>(options.cache_bytes / std::max<int64_t>(1, options.row_bytes), 1,
                          int64_t{1} << 16);  // a CellRating counts to 2^16 - 1
  const std::vector<int64_t> groups = BalancedRanges(counts, options.threads);
  Side side{.begins = {0}, .groups = {0}};
  for (size_t g = 0; g + 1 < groups.size(); ++g) {
    const int64_t begin = groups[g], end = groups[g + 1];
    const int64_t ranges = (end - begin + most - 1) / most;
    for (int64_t r = 1; r <= ranges; ++r) side.begins.push_back(begin + (end - begin) * r / ranges);
    side.groups.push_back(std::ssize(side.begins) - 1);
  }
  return side;
}

RatingGrid::RatingGrid(std::span<const Rating> ratings,
                       int64_t users,
                       std::span<const int64_t> block_begins,
                       const GridOptions& options)
    : threads_(std::max(1, options.threads)), seed_(options.seed) {
  GridOptions cut = options;
  cut.threads = threads_;
  std::vector<int64_t> user_counts(Index(users)), item_counts(Index(block_begins.back()));
  for (const Rating& rating : ratings) {
    ++user_counts[Index(rating.user)];
    ++item_counts[Index(rating.item)];
  }
  users_ = Cut(user_counts, cut);
  const std::vector<int32_t> user_range = RangeOfEach(users_.begins);
  const int64_t user_ranges = std::ssize(users_.begins) - 1;

  // Of each item: its range, its block, and the first cell of its block.
  std::vector<int32_t> item_range(item_counts.size());
  std::vector<int32_t> item_block(item_counts.size());
  std::vector<int64_t> first_cell = {0};
  for (size_t b = 0; b + 1 < block_begins.size(); ++b) {
    const int64_t begin = block_begins[b], end = block_begins[b + 1];
    const auto counts = std::span(item_counts).subspan(Index(begin), Index(end - begin));
    Block& block = blocks_.emplace_back();
    block.first_item = begin;
    block.items = Cut(counts, cut);
    block.size = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    const std::vector<int32_t> ranges = RangeOfEach(block.items.begins);
    std::copy(ranges.begin(), ranges.end(), item_range.begin() + begin);
    std::fill(item_block.begin() + begin, item_block.begin() + end, static_cast<int32_t>(b));
    first_cell.push_back(first_cell.back() + user_ranges * (std::ssize(block.items.begins) - 1));
  }
  const auto cell_of = [&](const Rating& rating) {
    const size_t b = Index(item_block[Index(rating.item)]);
    return first_cell[b] +
           user_range[Index(rating.user)] * (std::ssize(blocks_[b].items.begins) - 1) +
           item_range[Index(rating.item)];
  };

  // By cell, within it by user, then by item.
  std::vector<Rating> sorted = CountingSort(ratings, std::ssize(item_counts),
                                            [](const Rating& rating) { return rating.item; });
  sorted = CountingSort(sorted, users, [](const Rating& rating) { return rating.user; });
  std::vector<int64_t> begins(Index(first_cell.back()) + 1);
  for (const Rating& rating : sorted) ++begins[Index(cell_of(rating)) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<int64_t> next(begins.size());  // in the cell
  ratings_.resize(ratings.size());
  for (const Rating& rating : sorted) {
    const Block& block = blocks_[Index(item_block[Index(rating.item)])];
    const int64_t user = rating.user - users_.begins[Index(user_range[Index(rating.user)])];
    const int64_t item =
        rating.item - block.first_item - block.items.begins[Index(item_range[Index(rating.item)])];
    const size_t cell = Index(cell_of(rating));
    const int64_t to = Interleave(next[cell]++, begins[cell + 1] - begins[cell]);
    ratings_[Index(begins[cell] + to)] = {static_cast<uint16_t>(user), static_cast<uint16_t>(item),
                                          rating.value};
  }
  for (size_t b = 0; b < blocks_.size(); ++b)
    blocks_[b].cells.assign(begins.begin() + first_cell[b], begins.begin() + first_cell[b + 1] + 1);
}

std::vector<RatingGrid::Cell> RatingGrid::Cells(int64_t block,
                                                int step,
                                                int thread,
                                                uint64_t pass) const {
  const Block& own = blocks_[Index(block)];
  const int64_t item_ranges = std::ssize(own.items.begins) - 1;
  const int64_t user_group = thread, item_group = (thread + step) % threads_;
  std::vector<Cell> cells;
  for (int64_t u = users_.groups[Index(user_group)]; u < users_.groups[Index(user_group + 1)];
       ++u) {
    for (int64_t i = own.items.groups[Index(item_group)];
         i < own.items.groups[Index(item_group + 1)]; ++i) {
      const int64_t begin = own.cells[Index(u * item_ranges + i)];
      const int64_t end = own.cells[Index(u * item_ranges + i + 1)];
      if (begin == end) continue;
      cells.push_back({.first_user = users_.begins[Index(u)],
                       .first_item = own.items.begins[Index(i)],
                       .ratings = std::span(ratings_).subspan(Index(begin), Index(end - begin))});
    }
  }
  auto random = Random::OfPass(
      seed_, pass, static_cast<uint64_t>((block * threads_ + step) * threads_ + thread));
  random.Shuffle(cells);
  return cells;
}

}  // namespace strads::mf
