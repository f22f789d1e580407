#pragma once

#include <strads/cholesky.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace strads::svm {

// Blocks of more features, the constant among them, take longer to compute and factor than they
// save; those of more numbers than this are not sent around.
inline constexpr int64_t kMostBlockFeatures = 1024;
inline constexpr size_t kMostBlockNumbers = size_t{1} << 22;

// Numbers that the upper triangles of so many classes' blocks have.
inline size_t BlockNumbers(int64_t features, int64_t classes) {
  return static_cast<size_t>(classes * (features * (features + 1) / 2));
}

// The inverse of I + s B, where B has a block for each class and nothing else, and s may change.
// Vectors have the numbers of all classes for one feature after the other.
class BlockInverse {
 public:
  // `blocks`: upper triangles by columns, class after class, for s = 1. O(blocks).
  void Take(std::vector<double> blocks, int64_t features, int64_t classes);
  bool empty() const { return blocks_.empty(); }
  // Where that cannot be factored nothing is left. O(classes features^3) if s is another.
  void Scale(double s);
  // (I + s B)^-1 x. O(classes features^2).
  std::vector<double> Times(std::span<const double> x) const;

 private:
  std::vector<double> blocks_;
  int64_t features_ = 0, classes_ = 0;
  double scale_ = 0;  // s; 0: not factored
  std::vector<Cholesky> factors_;
};

}  // namespace strads::svm
