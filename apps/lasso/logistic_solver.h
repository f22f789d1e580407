#pragma once

#include <strads/column_matrix.h>
#include <strads/parallel.h>
#include <strads/row_matrix.h>

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "apps/lasso/penalty.h"

namespace strads::lasso {

// Logistic loss with a penalty over some of the variables, the block, from their columns:
//
//   minimise over b and b0   sum_i w_i log(1 + exp(-s_i (b0 + x_i b))) + penalty(b),   s_i = +-1
//
// Newton's method: each step minimises the quadratic approximation of the loss with the penalty
// (on rows scaled by the square roots of their curvatures), and goes so far along it that the
// objective falls (Friedman, Hastie and Tibshirani, 2010; Lee, Sun and Saunders, 2014). The
// quadratic problem is ColumnSolver's, for ten sweeps at most, and BlockSolver's once steps in a
// row that were cut short like that have cost as much as all inner products of the block, or for
// the last digits.
class LogisticSolver {
 public:
  // Rows with y > 0 are of the positive class. `weights` is w, empty if all are 1.
  LogisticSolver(Eigen::VectorXd y, Eigen::VectorXd weights, bool intercept);

  // Adds the columns of x with these coefficients. `intercept` is of the whole model.
  void Grow(ColumnMatrix x,
            std::span<const double> b,
            std::span<const int32_t> numbers,
            double intercept);
  int size() const { return static_cast<int>(b_.size()); }
  int64_t num_rows() const { return eta_.size(); }
  const std::vector<double>& b() const { return b_; }
  double intercept() const { return intercept_; }

  // As ColumnSolver::Solve.
  int64_t Solve(const Penalty& penalty,
                double gap,
                ThreadPool& pool,
                int64_t most = std::numeric_limits<int64_t>::max());

 private:
  void Evaluate();
  double Gap(const Penalty& penalty, ThreadPool& pool);
  double BoundBeside(std::span<const int32_t> free, const Penalty& penalty, ThreadPool& pool) const;
  struct Step {
    std::vector<double> b;  // where it leads
    double intercept = 0;   // by how much that changes
    int64_t changes = 0;
  };
  double CostOfInnerProducts() const;
  bool HasFewColumns() const;
  // Of the columns with each other and with e, that of the intercept, rows weighing as they curve.
  struct Products {
    std::vector<double> pairs;  // in the order of ColumnMatrix::GramBlock
    Eigen::VectorXd norms;      // |x_j|^2
    Eigen::VectorXd sums;       // x_j'e
    double weight = 0;          // e'e
  };
  Products ProductsOfRows(ThreadPool& pool);
  Products ProductsOfColumns(std::span<const int32_t> all, ThreadPool& pool) const;
  Step ByInnerProducts(const Penalty& penalty, double gap, int64_t most, ThreadPool& pool);
  Step ByColumns(const Penalty& penalty, double gap, int64_t most, ThreadPool& pool) const;
  bool NewtonStep(
      const Penalty& penalty, double gap, int64_t most, int64_t& changes, ThreadPool& pool);

  const Eigen::VectorXd y_;  // above 0: of the positive class
  const Eigen::VectorXd weights_;
  const bool has_intercept_;
  Eigen::VectorXd eta_;  // b0 + X_B b
  ColumnMatrix x_;
  RowMatrix rows_;  // x_, once products are made of them
  std::vector<int32_t> numbers_;
  std::vector<double> b_;
  std::vector<double> q_;  // X_B'r when Gap was called last
  double intercept_ = 0;
  bool is_beside_free_ = false;  // free_columns.h
  // The last step could not be seen in the objective: for the next, Newton steps of the quadratic
  // problem, which need not see it, get farther than descent.
  bool is_at_last_digits_ = false;
  double cut_short_ = 0;  // changes by columns of steps in a row that were
  // At eta_:
  double loss_ = 0;
  double entropy_ = 0;
  Eigen::VectorXd r_;
  Eigen::VectorXd curvature_;
};

}  // namespace strads::lasso
