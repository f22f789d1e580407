#include "apps/mf/factors.h"

#include <strads/random.h>

#include <cassert>

namespace strads::mf {

Factors::Factors(int64_t rows, int rank)
    : rows_(rows),
      rank_(rank),
      stride_((rank + kLanes - 1) / kLanes * kLanes),
      values_(Size(rows * stride_), 0.0F) {}

void DrawRow(
    uint64_t seed, Side side, int64_t row, float low, float high, std::span<float> values) {
  // Streams 2 row and 2 row + 1 of a seed that nothing else of the app draws from.
  constexpr uint64_t kFactorSeed = 0x6d66666163746f72;
  Random random(seed ^ kFactorSeed,
                2 * static_cast<uint64_t>(row) + static_cast<uint64_t>(side == Side::kItems));
  for (float& value : values) value = low + (high - low) * static_cast<float>(random.Uniform());
}

void DrawFactors(uint64_t seed, Side side, int64_t first, float low, float high, Factors& factors) {
  for (int64_t row = 0; row < factors.rows(); ++row)
    DrawRow(seed, side, first + row, low, high, factors.Row(row));
}

float Dot(const float* w, const float* h, int stride) {
  float lanes[kLanes] = {};
  for (int k = 0; k < stride; k += kLanes) {
    for (int i = 0; i < kLanes; ++i) lanes[i] += w[k + i] * h[k + i];
  }
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

}  // namespace strads::mf
