#include "apps/lda/alias_table.h"

#include <algorithm>
#include <numeric>

namespace strads::lda {

void AliasTable::Build(std::span<const double> weights) {
  constexpr double kFull = 0x1p32;
  const size_t count = weights.size();
  slots_.resize(count);
  left_.resize(count);
  small_.clear();
  large_.clear();
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double scale = kFull * static_cast<double>(count) / sum;
  for (size_t i = 0; i < count; ++i) {
    left_[i] = weights[i] * scale;
    (left_[i] < kFull ? small_ : large_).push_back(static_cast<uint32_t>(i));
  }
  while (!small_.empty() && !large_.empty()) {
    const uint32_t one = small_.back(), other = large_.back();
    small_.pop_back();
    slots_[one] = {static_cast<uint32_t>(left_[one]), other};
    left_[other] -= kFull - left_[one];
    if (left_[other] < kFull) {
      large_.pop_back();
      small_.push_back(other);
    }
  }
  // What is left has a slot of its own, but for rounding.
  for (const auto* rest : {&small_, &large_})
    for (const uint32_t i : *rest) slots_[i] = {0xffffffff, i};
}

}  // namespace strads::lda
