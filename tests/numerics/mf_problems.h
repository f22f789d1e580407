#pragma once

#include <strads/random.h>
#include <strads/rating.h>

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <vector>

namespace strads::testing {

inline double Uniform(Random& random, double low, double high) {
  return low + (high - low) * random.Uniform();
}

struct RatingsProblem {
  int64_t users = 0;
  int64_t items = 0;
  std::vector<Rating> ratings;

  std::vector<int64_t> UserCounts() const {
    std::vector<int64_t> counts(static_cast<size_t>(users));
    for (const Rating& rating : ratings) ++counts[static_cast<size_t>(rating.user)];
    return counts;
  }
  std::vector<int64_t> ItemCounts() const {
    std::vector<int64_t> counts(static_cast<size_t>(items));
    for (const Rating& rating : ratings) ++counts[static_cast<size_t>(rating.item)];
    return counts;
  }
};

// Each cell with probability `share`: an inner product of rows uniform in [0, 1)^rank, plus
// uniform noise in [-noise, noise).
inline RatingsProblem DrawRatings(
    int64_t users, int64_t items, int rank, double share, double noise, uint64_t seed = 1) {
  Random random(seed);
  const auto draw = [&](int64_t rows) {
    Eigen::MatrixXd matrix(rows, rank);
    for (double& value : matrix.reshaped()) value = random.Uniform();
    return matrix;
  };
  const Eigen::MatrixXd w = draw(users), h = draw(items);
  RatingsProblem problem{.users = users, .items = items, .ratings = {}};
  for (int64_t u = 0; u < users; ++u) {
    for (int64_t i = 0; i < items; ++i) {
      if (random.Uniform() >= share) continue;
      const double value = w.row(u).dot(h.row(i)) + Uniform(random, -noise, noise);
      problem.ratings.push_back(
          {static_cast<int32_t>(u), static_cast<int32_t>(i), static_cast<float>(value)});
    }
  }
  for (size_t n = problem.ratings.size(); n > 1; --n)
    std::swap(problem.ratings[n - 1], problem.ratings[random.Below(n)]);
  return problem;
}

}  // namespace strads::testing
