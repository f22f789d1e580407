#pragma once

#include <cstdint>
#include <cstring>

#define STRADS_INLINE inline __attribute__((always_inline))

// Eight lanes at a time, for any instruction set: sums are taken in the same order on all.
namespace strads::lda {

inline constexpr int kLanes = 8;
using Float8 = float __attribute__((vector_size(32)));
using Int8 = int32_t __attribute__((vector_size(32)));
using Short8 = uint16_t __attribute__((vector_size(16)));
using Uint8 = uint32_t __attribute__((vector_size(32)));

template <class Vector, class T>
STRADS_INLINE void Load(const T* from, Vector& to) {
  std::memcpy(&to, from, sizeof to);
}
template <class Vector, class T>
STRADS_INLINE void Store(const Vector& from, T* to) {
  std::memcpy(to, &from, sizeof from);
}

// As many floats as counts.
STRADS_INLINE void LoadCounts(const uint16_t* from, Float8& to) {
  Short8 counts;
  Load(from, counts);
  to = __builtin_convertvector(__builtin_convertvector(counts, Int8), Float8);
}
STRADS_INLINE void LoadCounts(const uint32_t* from, Float8& to) {
  Int8 counts;
  Load(from, counts);
  to = __builtin_convertvector(counts, Float8);
}

// x[i] becomes x[0] + ... + x[i].
STRADS_INLINE void PrefixSums(Float8& x) {
  const Float8 zero{};
  x += __builtin_shufflevector(zero, x, 0, 8, 9, 10, 11, 12, 13, 14);
  x += __builtin_shufflevector(zero, x, 0, 0, 8, 9, 10, 11, 12, 13);
  x += __builtin_shufflevector(zero, x, 0, 0, 0, 0, 8, 9, 10, 11);
}

// How many lanes are set, each as -1.
STRADS_INLINE int CountSet(const Int8& x) {
  using Int4 = int32_t __attribute__((vector_size(16)));
  Int4 sum = __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7);
  sum += __builtin_shufflevector(sum, sum, 2, 3, 0, 1);
  sum += __builtin_shufflevector(sum, sum, 1, 0, 3, 2);
  return -sum[0];
}

// Changes one element of an array in memory through its whole vector, so that a load of the vector
// soon after need not wait until the change has left the store buffer.
inline constexpr int32_t kOneLane[16] = {0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0};
STRADS_INLINE void SetElement(float* values, int i, float value) {
  float* const at = values + (i & ~(kLanes - 1));
  Int8 lane;
  Load(kOneLane + (kLanes - 1) - (i & (kLanes - 1)), lane);
  Float8 old;
  Load(at, old);
  const Float8 changed = Float8{} + value;
  const Int8 mixed = ((Int8)old & ~lane) | ((Int8)changed & lane);  // NOLINT: the same bits
  Store(mixed, at);
}

}  // namespace strads::lda
