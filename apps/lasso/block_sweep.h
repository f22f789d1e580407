#pragma once

#include <strads/parallel.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/lasso/penalty.h"
#include "apps/lasso/projected_columns.h"

namespace strads::lasso {

// Coordinate descent over dense columns, a few at a time: from their slopes and their inner
// products it goes over those some times, which is all in the first cache, and only then changes
// the residual. Each column is read from memory once a sweep, by all threads; the answer does not
// depend on their number.
class BlockSweep {
 public:
  // `columns`, `penalty` and `units`, single variables, must outlive this. O(rows of x * units).
  BlockSweep(const ProjectedColumns& columns,
             const Penalty& penalty,
             std::span<const int32_t> variables,
             std::span<const int> units,
             ThreadPool& pool);

  // Changes b, and the residual r with it; mean_r is e'r / e'e. Returns how many changed.
  int64_t Run(double* b, Eigen::VectorXd& r, double& mean_r, ThreadPool& pool);

 private:
  // Descent over one block: q are the slopes, `change` what becomes of b.
  void Descend(size_t first, size_t count, const double* b, double* q, double* change) const;

  const ProjectedColumns columns_;
  const Penalty& penalty_;
  const std::span<const int32_t> variables_;
  const std::span<const int> units_;
  std::vector<double> products_;  // of each block: kWidth x kWidth
};

}  // namespace strads::lasso
