#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>

#include "strads/aligned_vector.h"

namespace strads {

class ThreadPool;

// The factor U of a symmetric positive definite matrix A = U'U, upper triangular. A may lose its
// last rows and columns and get others, which costs only what is new: put variables that are likely
// to go last. The same bytes for any number of threads and on every machine. 8 bytes an entry of A.
class Cholesky {
 public:
  // Columns that are factored together.
  static constexpr int64_t kBlock = 64;

  // Forgets all but the first `columns`, or fewer: whole blocks stay. Returns how many those are.
  int64_t Keep(int64_t columns);

  // Keep(size()), then adds columns until there are `columns`. `fill(j, to)` writes rows 0 to j of
  // column j of A, and is called by several threads at once. False, and nothing is left, if a pivot
  // is not positive. O(columns^2 added) for the columns added.
  bool Extend(int64_t columns, const std::function<void(int64_t, double*)>& fill, ThreadPool& pool);

  int64_t size() const { return size_; }

  // A^-1 x, for x of size() values. O(size^2).
  Eigen::VectorXd Solve(Eigen::VectorXd x) const;

 private:
  void Reserve(int64_t columns);
  bool FactorBlock(int64_t first, int64_t end);
  double* Column(int64_t j) { return values_.data() + stride_ * j; }
  const double* Column(int64_t j) const { return values_.data() + stride_ * j; }

  int64_t size_ = 0;
  int64_t stride_ = 0;  // of the columns of values_, and how many there may be
  AlignedVector<double> values_;
};

}  // namespace strads
