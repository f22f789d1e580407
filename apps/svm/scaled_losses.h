#pragma once

#include <array>
#include <cstddef>

namespace strads::svm {

// w is rated multiplied by each of these: 1, and 1 + 2^-1 / 2.5^k. Where C is large, one that is a
// little too short, its margins just below 1, costs many times what it costs when it is stretched:
// P(t w) = t^2/2 |w|^2 + sum of losses at t w.
inline constexpr std::size_t kScales = 16;
inline constexpr std::array<double, kScales> kScale = [] {
  std::array<double, kScales> scale{};
  scale[0] = 1;
  double more = 0.5;
  for (std::size_t k = 1; k < kScales; ++k, more /= 2.5) scale[k] = 1 + more;
  return scale;
}();

// The sum of cost times loss at w times each scale.
using ScaledLosses = std::array<double, kScales>;

inline void Add(const ScaledLosses& losses, ScaledLosses& sum) {
  for (std::size_t k = 0; k < kScales; ++k) sum[k] += losses[k];
}

}  // namespace strads::svm
