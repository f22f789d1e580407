#pragma once

#include <strads/column_matrix.h>
#include <strads/index.h>

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "apps/lasso/column_newton.h"
#include "apps/lasso/group_step.h"
#include "apps/lasso/penalty.h"

namespace strads::lasso {

// Least squares with a penalty over some of the variables, the block, from their columns:
//
//   minimise over b and b0   1/2 |y - b0 e - X_B b|^2 + penalty(b)
//
// for blocks whose columns have so few entries that they are smaller than their inner products. e
// is the column of the intercept b0, which is always at its best: only what is left of y and of
// each column after projecting e out matters. Coordinate descent on the residual over the block
// and, between, over the units that are not zero, with Anderson extrapolation of those (Bertrand
// and Massias, AISTATS 2021), which is only taken if it lowers the objective.
class ColumnSolver {
 public:
  // `ones` is e; empty if there is no intercept.
  explicit ColumnSolver(Eigen::VectorXd y, Eigen::VectorXd ones = {});

  // Adds the columns of x, y.size() rows each, with these coefficients. Columns of dense x whose
  // `numbers` are close are solved for together; empty: their order is that in which they join.
  void Grow(ColumnMatrix x, std::span<const double> b, std::span<const int32_t> numbers = {});
  int size() const { return static_cast<int>(b_.size()); }
  int64_t num_rows() const { return y_.size(); }
  // In the order in which they joined.
  const std::vector<double>& b() const { return b_; }
  double intercept() const { return ones_.size() > 0 ? intercept_ + mean_r_ : 0; }

  // The duality gap within the block. `penalty` is over its variables.
  double Gap(const Penalty& penalty, ThreadPool& pool);
  // Changes b until that gap is at most `gap`, rounding is all that is left, or about `most`
  // changes were made. Returns how many variables were changed, repetitions counted.
  int64_t Solve(const Penalty& penalty,
                double gap,
                ThreadPool& pool,
                int64_t most = std::numeric_limits<int64_t>::max());

 private:
  // x_i'r, with e projected out of both.
  double Dot(int i) const { return x_.Dot(i, r_) - sums_[Index(i)] * mean_r_; }
  // r += scale x_i.
  void Add(int i, double scale) {
    x_.AddColumn(i, scale, r_);
    mean_r_ += scale * sums_[Index(i)] / weight_;
  }

  // D^-1 X_u'X_u D^-1.
  Eigen::MatrixXd ScaledProducts(const Penalty& penalty,
                                 const Penalty::Unit& unit,
                                 ThreadPool& pool) const;
  int64_t Sweep(const Penalty& penalty, std::span<const int> units, ThreadPool& pool);
  int64_t SolveSupport(const Penalty& penalty, double gap, int64_t most, ThreadPool& pool);
  int64_t NewtonSteps(const Penalty& penalty,
                      std::span<const int32_t> support,
                      double gap,
                      int64_t most,
                      ThreadPool& pool);
  bool NewtonStep(const Penalty& penalty, Penalty::Support support, ThreadPool& pool);
  int64_t SolveByProducts(const Penalty& penalty,
                          const Penalty::Support& support,
                          double gap,
                          int64_t most,
                          ThreadPool& pool);
  bool WantsNewtonStep(std::span<const int32_t> support, double swept_here, bool has_groups) const;
  double SweepCost(std::span<const int32_t> support) const;
  double ShareOfRows(std::span<const int32_t> support) const {
    return static_cast<double>(support.size()) / static_cast<double>(num_rows());
  }
  ProjectedColumns Projected() const {
    return {x_, squared_norms_, ones_.size() > 0 ? sums_ : std::span<const double>(), weight_};
  }
  void MoveIntercept();
  double Loss(const Eigen::VectorXd& r) const;
  double Objective(const Penalty& penalty) const { return Loss(r_) + penalty.Value(b_.data()); }
  // Of the problem over these units, all others being zero; or an estimate of it that is larger
  // than `enough`.
  double GapOver(const Penalty& penalty,
                 std::span<const int> units,
                 double enough,
                 ThreadPool& pool);
  double BoundBeside(std::span<const int32_t> free,
                     std::span<const int32_t> variables,
                     const Penalty& part,
                     const double* b,
                     const double* xx,
                     ThreadPool& pool) const;

  const Eigen::VectorXd y_;
  const Eigen::VectorXd ones_;
  double weight_ = 1;  // e'e
  double mean_y_ = 0;  // e'y / e'e
  Eigen::VectorXd r_;  // y - intercept_ e - X_B b
  double mean_r_ = 0;  // e'r / e'e
  double intercept_ = 0;
  ColumnMatrix x_;
  std::vector<double> sums_;           // e'x_i
  std::vector<double> squared_norms_;  // of x_i, e projected out
  std::vector<int32_t> numbers_;
  std::vector<double> b_;
  std::vector<double> q_;   // x_i'r of what Gap looked at last
  GroupSteps group_steps_;  // of the block's units, which keep their numbers
  ColumnNewton newton_;
  double swept_ = 0;            // multiplications of descent so far
  double newton_patience_ = 1;  // doubles with each step in vain
};

}  // namespace strads::lasso
