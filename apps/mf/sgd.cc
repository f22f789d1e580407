#include "apps/mf/sgd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace strads::mf {

double RunSgdStep(const SgdOptions& options,
                  const SgdPass& pass,
                  const RatingGrid& grid,
                  int64_t block,
                  int s,
                  SgdRows& users,
                  SgdRows& items,
                  ThreadPool& pool) {
  const SgdStep step{.mean = options.mean,
                     .rate = options.rate * pass.step_scale * std::sqrt(options.rating_scale),
                     .bias_rate = options.rate * pass.step_scale * options.rating_scale,
                     .biases = options.biases,
                     .nonnegative = options.nonnegative,
                     .slow_only = pass.slow_only};
  std::vector<double> sums(static_cast<size_t>(grid.threads()));
  pool.ParallelFor(grid.threads(), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      double own = 0;
      for (const RatingGrid::Cell& cell : grid.Cells(block, s, static_cast<int>(t), pass.number))
        own += SgdCell(cell.ratings, cell.first_user, cell.first_item, step, users, items);
      sums[static_cast<size_t>(t)] = own;
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double RunSgd(const SgdOptions& options,
              const SgdPass& pass,
              const RatingGrid& grid,
              int64_t block,
              SgdRows& users,
              SgdRows& items,
              ThreadPool& pool) {
  double sum = 0;
  for (int s = 0; s < grid.threads(); ++s)
    sum += RunSgdStep(options, pass, grid, block, s, users, items, pool);
  ++(pass.is_extra ? items.extra_passes : items.passes);
  return sum;
}

StartRange SgdStart(float rating_scale, int rank, bool symmetric) {
  const float width = std::sqrt(rating_scale / static_cast<float>(rank));
  return symmetric ? StartRange{-width / 2, width / 2} : StartRange{0, width};
}

float ExtraPassScale(float decay, int64_t x) {
  float scale = 1;
  for (int64_t i = 0; i < x; ++i) scale *= decay;
  return scale;
}

namespace {

// e of row `user` and row `item` with their rating.
double ErrorOf(float value,
               int64_t user,
               int64_t item,
               float mean,
               const SgdRows& users,
               const SgdRows& items) {
  return value - mean - users.state[static_cast<size_t>(user)].bias -
         items.state[static_cast<size_t>(item)].bias -
         Dot(users.factors.At(user), items.factors.At(item), users.factors.stride());
}

// Asks for the rows of a rating, which may be far from those of the last one.
void Fetch(const Rating& rating, const SgdRows& users, const SgdRows& items) {
  const float* const w = users.factors.At(rating.user);
  const float* const h = items.factors.At(rating.item);
  for (int k = 0; k < users.factors.stride(); k += 2 * kLanes) {
    __builtin_prefetch(w + k);
    __builtin_prefetch(h + k);
  }
  __builtin_prefetch(&users.state[static_cast<size_t>(rating.user)]);
  __builtin_prefetch(&items.state[static_cast<size_t>(rating.item)]);
}

}  // namespace

double SumSquaredErrors(const RatingGrid& grid,
                        int64_t block,
                        float mean,
                        const SgdRows& users,
                        const SgdRows& items,
                        ThreadPool& pool) {
  const int64_t cells = int64_t{grid.threads()} * grid.threads();
  std::vector<double> sums(static_cast<size_t>(cells));
  pool.ParallelFor(cells, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const auto step = static_cast<int>(n / grid.threads());
      const auto thread = static_cast<int>(n % grid.threads());
      double own = 0;
      for (const RatingGrid::Cell& cell : grid.Cells(block, step, thread, 0)) {
        for (const CellRating& rating : cell.ratings) {
          const double e = ErrorOf(rating.value, cell.first_user + rating.user,
                                   cell.first_item + rating.item, mean, users, items);
          own += e * e;
        }
      }
      sums[static_cast<size_t>(n)] = own;
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double SumSquaredErrors(std::span<const Rating> ratings,
                        float mean,
                        const SgdRows& users,
                        const SgdRows& items,
                        ThreadPool& pool) {
  constexpr int64_t kChunk = 1 << 14;
  constexpr int64_t kAhead = 16;  // about a read from memory at the pace of ratings
  const int64_t chunks = (std::ssize(ratings) + kChunk - 1) / kChunk;
  std::vector<double> sums(static_cast<size_t>(chunks));
  pool.ParallelFor(chunks, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const int64_t last = std::min<int64_t>(std::ssize(ratings), (c + 1) * kChunk);
      double own = 0;
      for (int64_t n = c * kChunk; n < last; ++n) {
        if (n + kAhead < last) Fetch(ratings[static_cast<size_t>(n + kAhead)], users, items);
        const Rating& rating = ratings[static_cast<size_t>(n)];
        const double e = ErrorOf(rating.value, rating.user, rating.item, mean, users, items);
        own += e * e;
      }
      sums[static_cast<size_t>(c)] = own;
    }
  });
  double sum = 0;
  for (const double own : sums) sum += own;
  return sum;
}

}  // namespace strads::mf
