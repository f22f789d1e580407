#include "apps/mf/factors.h"

#include <strads/random.h>

#include <cstring>

#include "apps/mf/vector_clones.h"

namespace strads::mf {

using Vec8 = float __attribute__((vector_size(32)));

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

STRADS_VECTOR_CLONES float Dot(const float* w, const float* h, int stride) {
  Vec8 sum = {};
  for (int k = 0; k < stride; k += kLanes) {
    Vec8 a, b;
    std::memcpy(&a, w + k, sizeof a);
    std::memcpy(&b, h + k, sizeof b);
    sum += a * b;
  }
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

}  // namespace strads::mf
