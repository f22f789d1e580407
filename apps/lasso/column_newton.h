#pragma once

#include <strads/cholesky.h>
#include <strads/parallel.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/lasso/projected_columns.h"

namespace strads::lasso {

// Newton's method for least squares with a penalty, over the variables that are not zero, from
// their columns:
//
//   d = (X_S'X_S + diag(l2))^-1 s
//
// s being the slopes of the objective, negated. Inner products are computed once, when a variable
// is first asked for; of the factorisation what has not changed since the last step is kept.
class ColumnNewton {
 public:
  // What a step over these variables would cost, in multiplications of descent.
  struct Cost {
    double products = 0;  // that are not known yet
    double step = 0;      // all else
  };
  Cost CostOf(const ProjectedColumns& columns, std::span<const int32_t> support) const;
  // The memory that it would need, in bytes.
  double Bytes(std::span<const int32_t> support) const;

  // d, in the order of `support`. `l2` and `slopes` are in that order, too; variables of little
  // `weight` are expected to become zero soonest. Empty if the matrix is not positive definite.
  Eigen::VectorXd Direction(const ProjectedColumns& columns,
                            std::span<const int32_t> support,
                            const Eigen::VectorXd& l2,
                            const Eigen::VectorXd& slopes,
                            const Eigen::VectorXd& weight,
                            ThreadPool& pool);

 private:
  int32_t Place(int32_t variable) const {
    const auto at = static_cast<size_t>(variable);
    return at < place_of_.size() ? place_of_[at] : -1;
  }
  void Know(const ProjectedColumns& columns, std::span<const int32_t> support, ThreadPool& pool);

  std::vector<int32_t> known_;     // variables whose inner products are known
  std::vector<int32_t> place_of_;  // each variable, in known_; -1: none
  std::vector<double> products_;   // of known_[a] and known_[b], a < b: at b (b - 1) / 2 + a
  std::vector<int32_t> order_;     // of the variables of factor_
  std::vector<double> l2_;         // theirs
  Cholesky factor_;
};

}  // namespace strads::lasso
