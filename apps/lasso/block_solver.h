#pragma once

#include <strads/parallel.h>

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "apps/lasso/group_step.h"
#include "apps/lasso/penalty.h"

namespace strads::lasso {

// Least squares with a penalty over some of the variables, the block, from inner products alone:
//
//   minimise over b   1/2 b'G b - c'b + penalty(b),   G = X_B'X_B
//
// at any b through q = c - G b = X_B'r. Exact however correlated the variables are, and without
// the data: a step costs the size of the block, not the number of samples.
//
// Coordinate descent over the block finds the variables that are not zero; those alone are then
// solved for on a matrix of their own (active-set cycling: Friedman, Hastie and Tibshirani, 2010),
// by descent and, once that has cost as much as one, by Newton steps (Cholesky), which save
// correlated variables thousands of sweeps and never cost more than double.
class BlockSolver {
 public:
  // Where the solver stands. b, q and xy are in the order in which variables joined the block.
  struct State {
    Eigen::VectorXd b;
    Eigen::VectorXd q;   // X_B'r
    Eigen::VectorXd xy;  // X_B'y
    double rr = 0;       // |r|^2
    double yr = 0;       // y'r
  };

  // Adds variables with these squared norms. `gram` holds their inner products with all that
  // joined before them, in the order of ColumnMatrix::GramBlock. O(entries of gram), amortised.
  void Grow(std::span<const double> squared_norms, std::span<const double> gram);
  int size() const { return size_; }
  // x_i' X_B: size() values.
  const double* Column(int i) const {
    return gram_.data() + static_cast<int64_t>(i) * static_cast<int64_t>(capacity_);
  }

  // The duality gap of `state` within the block. `penalty` is over its variables.
  double Gap(const State& state, const Penalty& penalty) const;
  // Moves `state` until that gap is at most `gap`, rounding is all that is left, or about `most`
  // changes were made. Returns how many variables were changed, repetitions counted. The units of
  // `penalty` are those of the solve before, and more; their scales do not change.
  int64_t Solve(State& state,
                const Penalty& penalty,
                double gap,
                ThreadPool& pool,
                int64_t most = std::numeric_limits<int64_t>::max());

 private:
  // Solves for the units that are not zero, the others staying so.
  int64_t SolveSupport(
      State& state, const Penalty& penalty, double gap, ThreadPool& pool, int64_t most);

  int size_ = 0;
  int capacity_ = 0;
  std::vector<double> gram_;  // columns of capacity_ values, both triangles
  GroupSteps group_steps_;    // of the block's units, which keep their numbers
};

}  // namespace strads::lasso
