#pragma once

#include <strads/column_matrix.h>
#include <strads/fields.h>
#include <strads/parallel.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/lasso/penalty.h"

// Bounds beside columns X_F that are not penalised, of which the last is e if there is an
// intercept. Only of points t with X_F't = 0 does the dual objective bound the least one. How far
// the columns' coefficients are from where they end says little of what it is off elsewhere: those
// of columns that are nearly collinear, or, without an intercept, of large means, cancel each other
// wherever they end. So the slopes are taken out of r:
//
//   t = r - C X_F z,   X_F'C X_F z = X_F'r
//
// with C = 1 for the squared loss (of rows that are scaled), and c_i = |r_i| (1 - |r_i| / w_i) for
// the logistic loss: that is r after the step z of Newton's method, exactly or to second order, and
// near the optimum does not leave the dual's domain.
namespace strads::lasso {

// Beyond, their inner products cost more than what else a run does.
inline constexpr int64_t kMostFreeColumns = 4096;

// The free variables of a penalty; none if they are too many.
std::vector<int32_t> FreeOf(const Penalty& penalty);

// The roots of c of the logistic loss. `weights` is w, empty if all are 1.
Eigen::VectorXd LogisticRoots(const Eigen::VectorXd& r, const Eigen::VectorXd& weights);

// A shard's share of X_F'C X_F: the diagonal, and then as ColumnMatrix::GramBlock. `ones` is e,
// null if there is no intercept; `roots` are of c, empty if all are 1.
std::vector<double> FreeProducts(const ColumnMatrix& x,
                                 std::span<const int32_t> free,
                                 const Eigen::VectorXd* ones,
                                 const Eigen::VectorXd& roots,
                                 ThreadPool& pool);
inline size_t NumFreeProducts(size_t free) { return free * (free + 1) / 2; }

// As a matrix, of `count` columns.
Eigen::MatrixXd UnpackedProducts(std::span<const double> products, Eigen::Index count);

// z for these products and slopes X_F'r. If coefficients are non-negative, slopes below zero may
// stay where b is zero.
std::vector<double> FreeStep(const Eigen::MatrixXd& products,
                             std::span<const double> slopes,
                             std::span<const double> b,
                             bool nonnegative);

// What a bound is made of, beside X't: sums over a shard's rows.
struct DualSums {
  double linear = 0;     // y't, or sum_i w_i H(|t_i| / w_i)
  double quadratic = 0;  // |t|^2 of the squared loss
  double et = 0;         // if there is an intercept
  int64_t outside = 0;   // rows at which t is not in the domain: no point of the dual
  STRADS_FIELDS(linear, quadratic, et, outside)

  DualSums& operator+=(const DualSums& other);
};

// t, of the rows of a shard.
struct DualPoint {
  Eigen::VectorXd t;
  DualSums sums;
};
// `ones` is e, null if there is no intercept.
DualPoint SquaredDualPoint(const ColumnMatrix& x,
                           std::span<const int32_t> free,
                           const Eigen::VectorXd* ones,
                           std::span<const double> step,
                           const Eigen::VectorXd& r,
                           const Eigen::VectorXd& y);
DualPoint LogisticDualPoint(const ColumnMatrix& x,
                            std::span<const int32_t> free,
                            const Eigen::VectorXd* ones,
                            std::span<const double> step,
                            const Eigen::VectorXd& r,
                            const Eigen::VectorXd& y,
                            const Eigen::VectorXd& weights);

// A lower bound of the least objective from the point's slopes X't and sums: 0, which always is
// one, if those of free columns are more than rounding. `norms` are sum_i w_i x_ij^2, of columns
// that the intercept cannot stand for alone, or 0; `size` is what sum_i t_i^2 / w_i may be, and
// `weight` is sum_i w_i.
double BoundOf(const Penalty& penalty,
               const double* b,
               const double* slopes,
               const double* norms,
               double size,
               double weight,
               bool is_logistic,
               const DualSums& sums);

}  // namespace strads::lasso
