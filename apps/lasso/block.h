#pragma once

#include <strads/sparse_vector.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "apps/lasso/block_solver.h"
#include "apps/lasso/column_solver.h"

namespace strads::lasso {

struct Partial;
struct Plan;

// The variables that the model solves for as one block, and what it knows of them: inner products,
// or from the first plan that gathers on, columns. Only variables of the block are not zero.
class Block {
 public:
  // Of |x_j|^2 and X'y.
  Block(std::vector<double> squared_norms, std::vector<double> xy)
      : squared_norms_(std::move(squared_norms)), xy_(std::move(xy)) {}

  int64_t size() const { return static_cast<int64_t>(variables_.size()); }

  // What the workers say of the current coefficients: X'r, |r|^2, y'r.
  void Measured(std::vector<double> xr, double rr, double yr);

  struct Change {
    std::vector<std::pair<int32_t, double>> values;  // variables that changed, and their new values
    int64_t updates = 0;
  };
  // Adds the variables that join by `plan`, about which `partials` say what is not known yet, and
  // solves for all of the block to this gap. Throws ProtocolError if the partials do not fit.
  Change Solve(const Plan& plan,
               std::span<const Partial> partials,
               const SparseVector& coefficients,
               double lambda,
               double gap);

 private:
  void GrowInnerProducts(const Plan& plan, std::span<const Partial> partials);
  void GrowColumns(std::span<const Partial> partials, const SparseVector& coefficients);

  const std::vector<double> squared_norms_;
  const std::vector<double> xy_;
  std::vector<double> xr_;  // when last measured
  std::vector<int32_t> variables_;
  BlockSolver solver_;
  BlockSolver::State state_;
  Eigen::VectorXd measured_b_;  // of the block when last measured
  std::optional<ColumnSolver> columns_;
  std::vector<int64_t> num_rows_;  // of each shard, if columns_
};

}  // namespace strads::lasso
