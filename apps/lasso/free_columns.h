#pragma once

#include <strads/column_matrix.h>
#include <strads/parallel.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/lasso/penalty.h"

// Bounds of the logistic loss beside columns X_F that are not penalised. Only of points t with
// X_F't = 0 does the dual objective bound the least one. How far the columns' coefficients are from
// where they end says little of what it is off elsewhere: without an intercept, columns of large
// means stand for it together, and cancel each other wherever they end. So the slopes are taken out
// of r, near the optimum by a step that does not leave the dual's domain:
//
//   t = r - C X_F z,   X_F'C X_F z = X_F'r,   c_i = |r_i| (1 - |r_i| / w_i)
//
// which is r after the step z of Newton's method, to second order.
namespace strads::lasso {

// Beyond, their inner products cost more than what else a run does.
inline constexpr int64_t kMostFreeColumns = 4096;

// A shard's share of X_F'C X_F: the diagonal, and then as ColumnMatrix::GramBlock. `weights` is w,
// empty if all are 1.
std::vector<double> FreeProducts(const ColumnMatrix& x,
                                 std::span<const int32_t> free,
                                 const Eigen::VectorXd& r,
                                 const Eigen::VectorXd& weights,
                                 ThreadPool& pool);
inline size_t NumFreeProducts(size_t free) { return free * (free + 1) / 2; }

// z for these products and slopes X_F'r. If coefficients are non-negative, slopes below zero may
// stay where b is zero.
std::vector<double> FreeStep(std::span<const double> products,
                             std::span<const double> slopes,
                             std::span<const double> b,
                             bool nonnegative);

// t, of the rows of a shard.
struct DualPoint {
  Eigen::VectorXd t;
  double entropy = 0;   // sum_i w_i H(|t_i| / w_i)
  int64_t outside = 0;  // rows at which it is not in the domain: no point of the dual
};
DualPoint DualPointAt(const ColumnMatrix& x,
                      std::span<const int32_t> free,
                      std::span<const double> step,
                      const Eigen::VectorXd& r,
                      const Eigen::VectorXd& y,
                      const Eigen::VectorXd& weights);

// A lower bound of the least objective from the point's slopes X't and entropy: 0, which always is
// one, if those of free columns are more than rounding. `norms` are sum_i w_i x_ij^2, `weight` is
// sum_i w_i.
double BoundOf(const Penalty& penalty,
               const double* b,
               const double* slopes,
               const double* norms,
               double weight,
               double entropy);

}  // namespace strads::lasso
