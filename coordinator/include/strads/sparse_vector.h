#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace strads {

// A vector that is dense in memory, for fast access, and travels and is saved as its non-zeros.
// Costs 8 bytes an entry in memory and 16 bytes a non-zero (8 index, 8 value) in a message.
class SparseVector {
 public:
  SparseVector() = default;
  explicit SparseVector(size_t size) : values_(size, 0.0) {}

  double& operator[](size_t j) { return values_[j]; }
  double operator[](size_t j) const { return values_[j]; }
  size_t size() const { return values_.size(); }
  // New entries are zero. O(size).
  void resize(size_t size) { values_.resize(size, 0.0); }
  const std::vector<double>& values() const { return values_; }

  // O(size).
  int64_t CountNonzeros() const {
    int64_t count = 0;
    for (double v : values_) count += v != 0;
    return count;
  }

  // |b|_1. O(size).
  double L1Norm() const {
    double norm = 0;
    for (double v : values_) norm += v < 0 ? -v : v;
    return norm;
  }

  friend bool operator==(const SparseVector&, const SparseVector&) = default;

 private:
  std::vector<double> values_;
};

}  // namespace strads
