#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace strads {

// A stream of random numbers that is the same on every platform.
//
// xoshiro256++ (Blackman and Vigna, ACM TOMS 2021), its state filled by the splitmix64 mixer. The
// engines of <random> are portable but std::uniform_*_distribution and std::shuffle are not: the
// standard leaves their algorithms to the library, so one seed gives other draws elsewhere.
// A value type of 32 bytes: a copy continues the same stream on its own. It may be handed to
// standard algorithms as a UniformRandomBitGenerator. Not for cryptography.
class Random {
 public:
  using result_type = uint64_t;

  // Different pairs (seed, stream) start in different states, as each half of the state that is
  // filled first is a bijection of one of them. Give every role of a run its own stream.
  explicit Random(uint64_t seed, uint64_t stream = 0) {
    state_[0] = Mix(seed + kStep);
    state_[1] = Mix(stream + 2 * kStep);
    state_[2] = Mix(state_[0] + Rotate(state_[1], 32) + kStep);
    state_[3] = Mix(state_[2] + state_[1] + kStep);
  }

  // Of one pass of many. The seed is mixed first, or the passes of seed s + 1 would be those of s,
  // one later.
  static Random OfPass(uint64_t seed, uint64_t pass, uint64_t stream) {
    return Random(Random(seed)() + pass, stream);
  }

  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return std::numeric_limits<uint64_t>::max(); }

  // 64 random bits.
  uint64_t operator()() {
    const uint64_t result = Rotate(state_[0] + state_[3], 23) + state_[0];
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = Rotate(state_[3], 45);
    return result;
  }

  // A multiple of 2^-53 in [0, 1), each with the same probability.
  double Uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

  // An integer in [0, n), each with exactly the same probability; n > 0. One 128-bit product and,
  // with probability n / 2^64, a division (Lemire, ACM TOMACS 2019).
  uint64_t Below(uint64_t n) {
    assert(n > 0);
    Wide product = static_cast<Wide>((*this)()) * n;
    if (static_cast<uint64_t>(product) < n) {
      const uint64_t threshold = (0 - n) % n;
      while (static_cast<uint64_t>(product) < threshold) {
        product = static_cast<Wide>((*this)()) * n;
      }
    }
    return static_cast<uint64_t>(product >> 64);
  }

  // Puts the items into an order of which each is as likely (Fisher and Yates). O(n).
  template <class Items>
  void Shuffle(Items& items) {
    for (std::size_t n = items.size(); n > 1; --n) std::swap(items[n - 1], items[Below(n)]);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;

  static uint64_t Rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  std::array<uint64_t, 4> state_;
};

}  // namespace strads
