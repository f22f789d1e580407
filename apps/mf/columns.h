#pragma once

#include <strads/aligned_vector.h>

#include <cstdint>
#include <span>

#include "apps/mf/factors.h"

namespace strads::mf {

// rank columns of `rows` float32 each, one column after another: factors as coordinate descent goes
// through them.
class Columns {
 public:
  Columns() = default;
  // All zero.
  Columns(int64_t rows, int rank);
  explicit Columns(const Factors& factors);

  int64_t rows() const { return rows_; }
  int rank() const { return rank_; }
  std::span<float> Column(int t) { return {values_.data() + t * rows_, Size()}; }
  std::span<const float> Column(int t) const { return {values_.data() + t * rows_, Size()}; }
  Factors ToFactors() const;

 private:
  size_t Size() const { return static_cast<size_t>(rows_); }

  int64_t rows_ = 0;
  int rank_ = 0;
  AlignedVector<float> values_;
};

}  // namespace strads::mf
