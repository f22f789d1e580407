#pragma once

#include <strads/aligned_vector.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace strads::lda {

// Non-negative weights that change one by one, to draw from: a tree of three levels, the total, the
// sums of about sqrt(K) blocks, and the weights (the F+tree of Yu, Hsieh, Yun, Vishwanathan,
// Dhillon, WWW 2015, with wide nodes). Sums are double precision and follow every change, so after
// n changes they are off by n roundings of 1e-16 at most. 4 bytes a weight.
class WeightTree {
 public:
  explicit WeightTree(int size)
      : size_(size),
        shift_((std::bit_width(static_cast<unsigned>(size)) + 1) / 2),
        weights_(static_cast<size_t>(size), 0),
        blocks_((static_cast<size_t>(size - 1) >> shift_) + 1) {}

  double total() const { return total_; }

  // O(1).
  void Set(int i, float weight) {
    const double change = static_cast<double>(weight) - weights_[static_cast<size_t>(i)];
    weights_[static_cast<size_t>(i)] = weight;
    blocks_[static_cast<size_t>(i) >> shift_] += change;
    total_ += change;
  }

  // The i with w_0 + ... + w_{i-1} <= goal < w_0 + ... + w_i, for goal in [0, total). O(sqrt K).
  int Find(double goal) const {
    int block = 0;
    const int last = static_cast<int>(blocks_.size()) - 1;
    while (block < last && goal >= blocks_[static_cast<size_t>(block)])
      goal -= blocks_[static_cast<size_t>(block++)];
    int i = block << shift_;
    const int end = std::min(size_, i + (1 << shift_)) - 1;
    while (i < end && goal >= weights_[static_cast<size_t>(i)])
      goal -= weights_[static_cast<size_t>(i++)];
    return i;
  }

 private:
  int size_;
  int shift_;
  double total_ = 0;
  AlignedVector<float> weights_;
  std::vector<double> blocks_;
};

}  // namespace strads::lda
