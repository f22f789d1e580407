#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strads::lda {

// Draws i with probability w_i / sum w in O(1): each of n equal slots is shared by two numbers at
// most (Walker, ACM TOMS 1977; Vose, IEEE TSE 1991). Probabilities are right to 2^-32.
class AliasTable {
 public:
  // Weights >= 0, some > 0, fewer than 2^32. O(n).
  void Build(std::span<const double> weights);

  // `random` are 64 random bits.
  uint32_t Draw(uint64_t random) const {
    const auto slot = static_cast<size_t>((random >> 32) * slots_.size() >> 32);
    const Slot& own = slots_[slot];
    return static_cast<uint32_t>(random) < own.share ? static_cast<uint32_t>(slot) : own.other;
  }

 private:
  struct Slot {
    uint32_t share = 0;  // of 2^32: draws of the slot that are its own number
    uint32_t other = 0;
  };
  std::vector<Slot> slots_;
  std::vector<double> left_;
  std::vector<uint32_t> small_, large_;
};

}  // namespace strads::lda
