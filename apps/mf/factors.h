#pragma once

#include <strads/aligned_vector.h>
#include <strads/fields.h>

#include <cstdint>
#include <span>

namespace strads::mf {

// Rows are padded with zeros to a multiple of this many floats: one vector of AVX.
inline constexpr int kLanes = 8;

// rows x rank float32, one row after another, each padded to stride() floats; starts on a 64-byte
// boundary. Functions that change rows leave the padding zero. A value type: a copy is its own.
class Factors {
 public:
  Factors() = default;
  // All zero.
  Factors(int64_t rows, int rank);

  int64_t rows() const { return rows_; }
  int rank() const { return rank_; }
  int stride() const { return stride_; }
  // Whether there are as many numbers as that: of factors that came over the wire.
  bool IsWhole() const { return stride_ >= rank_ && values_.size() == Size(rows_ * stride_); }

  // The first rank() numbers of a row.
  std::span<float> Row(int64_t row) { return {At(row), Size(rank_)}; }
  std::span<const float> Row(int64_t row) const { return {At(row), Size(rank_)}; }
  // Where a row starts; stride() numbers, a multiple of kLanes, may be read.
  float* At(int64_t row) { return values_.data() + row * stride_; }
  const float* At(int64_t row) const { return values_.data() + row * stride_; }
  // Rows [begin, end) with their padding: (end - begin) * stride() numbers.
  std::span<float> Range(int64_t begin, int64_t end) {
    return {At(begin), Size((end - begin) * stride_)};
  }
  std::span<const float> Range(int64_t begin, int64_t end) const {
    return {At(begin), Size((end - begin) * stride_)};
  }

 private:
  static size_t Size(int64_t n) { return static_cast<size_t>(n); }

  int64_t rows_ = 0;
  int rank_ = 0;
  int stride_ = 0;
  AlignedVector<float> values_;

 public:
  STRADS_FIELDS(rows_, rank_, stride_, values_)
};

// Users' factors W or items' factors H.
enum class Side { kUsers, kItems };

// Rows [first, first + factors.rows()) of the side's matrix at the start: uniform in [low, high),
// each row from a generator of its own (seed, side, row), so it is the same whoever holds the row.
void DrawRow(uint64_t seed, Side side, int64_t row, float low, float high, std::span<float> values);
void DrawFactors(uint64_t seed, Side side, int64_t first, float low, float high, Factors& factors);

// w.h of two rows of the same stride; lane i mod 8 takes w_i h_i, so the same on every machine.
float Dot(const float* w, const float* h, int stride);

}  // namespace strads::mf
