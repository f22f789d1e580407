#include "apps/mf/sgd.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace strads::mf {

double RunSgd(const SgdOptions& options,
              const SgdPass& pass,
              const RatingGrid& grid,
              int64_t block,
              SgdRows& users,
              SgdRows& items,
              ThreadPool& pool) {
  const SgdStep step{.mean = options.mean,
                     .rate = options.rate * pass.step_scale * std::sqrt(options.rating_scale),
                     .bias_rate = options.rate * pass.step_scale * options.rating_scale,
                     .biases = options.biases,
                     .nonnegative = options.nonnegative,
                     .slow_only = pass.slow_only};
  double sum = 0;
  std::vector<double> sums(static_cast<size_t>(grid.threads()));
  for (int s = 0; s < grid.threads(); ++s) {
    pool.ParallelFor(grid.threads(), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        double own = 0;
        for (const RatingGrid::Cell& cell : grid.Cells(block, s, static_cast<int>(t), pass.number))
          own += SgdCell(cell.ratings, cell.first_user, cell.first_item, step, users, items);
        sums[static_cast<size_t>(t)] = own;
      }
    });
    for (const double own : sums) sum += own;
  }
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

double SumSquaredErrors(std::span<const Rating> ratings,
                        float mean,
                        const SgdRows& users,
                        const SgdRows& items,
                        ThreadPool& pool) {
  constexpr int64_t kChunk = 1 << 14;
  const int64_t chunks = (std::ssize(ratings) + kChunk - 1) / kChunk;
  std::vector<double> sums(static_cast<size_t>(chunks));
  pool.ParallelFor(chunks, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const int64_t last = std::min<int64_t>(std::ssize(ratings), (c + 1) * kChunk);
      double own = 0;
      for (int64_t n = c * kChunk; n < last; ++n) {
        const Rating& rating = ratings[static_cast<size_t>(n)];
        const double e = rating.value - mean - users.state[static_cast<size_t>(rating.user)].bias -
                         items.state[static_cast<size_t>(rating.item)].bias -
                         Dot(users.factors.At(rating.user), items.factors.At(rating.item),
                             users.factors.stride());
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
