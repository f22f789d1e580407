#pragma once

#include <strads/parallel.h>
#include <strads/sparse_vector.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "apps/lasso/block_solver.h"
#include "apps/lasso/column_solver.h"
#include "apps/lasso/logistic_solver.h"
#include "apps/lasso/messages.h"
#include "apps/lasso/penalty.h"

namespace strads::lasso {

// What the first measurement has found out about all variables. With an intercept, e is projected
// out of the inner products of the squared loss.
struct Columns {
  bool is_logistic = false;
  bool has_intercept = false;
  double weight = 0;          // e'e
  std::vector<double> norms;  // |x_j|^2
  std::vector<double> xy;     // x_j'y
  std::vector<double> xe;     // x_j'e
};

// The variables that the model solves for as one block, and what it knows of them: inner products,
// or from the first step that gathers on, columns. Only variables of the block are not zero.
class Block {
 public:
  // `columns` and `pool` must outlive the block.
  Block(const Columns& columns, ThreadPool& pool) : all_(columns), pool_(pool) {}

  int64_t size() const { return static_cast<int64_t>(variables_.size()); }
  // Of its columns, those gathered; 0 if there are none.
  double MeanEntries() const { return size() > 0 ? entries_ / static_cast<double>(size()) : 0; }
  std::span<const int> units() const { return units_; }

  // What the workers say of the current coefficients: X'r, |r|^2, y'r.
  void Measured(std::vector<double> xr, double rr, double yr);

  struct Change {
    std::vector<std::pair<int32_t, double>> values;  // variables that changed, and their new values
    double intercept = 0;                            // by how much it changed
    double penalty = 0;                              // by how much that changed
    int64_t updates = 0;
  };
  // Adds the variables that join by `step`, which are those of these units of `penalty`, about
  // which `partials` say what is not known yet, and solves for all of the block to this gap, or as
  // far as about a second of descent gets. Throws ProtocolError if the partials do not fit.
  Change Solve(const BlockStep& step,
               std::span<const int> joining_units,
               std::span<const Partial> partials,
               const SparseVector& coefficients,
               double intercept,
               const Penalty& penalty,
               double gap);

 private:
  void GrowInnerProducts(const BlockStep& step,
                         std::span<const Partial> partials,
                         const SparseVector& coefficients);
  void GrowColumns(std::span<const Partial> partials,
                   const SparseVector& coefficients,
                   double intercept);
  void StartColumns(std::span<const Partial> partials);
  int64_t MostChanges() const;

  const Columns& all_;
  ThreadPool& pool_;
  std::vector<double> xr_;  // when last measured
  std::vector<int32_t> variables_;
  std::vector<int> units_;
  BlockSolver solver_;
  BlockSolver::State state_;
  Eigen::VectorXd measured_b_;  // of the block when last measured
  std::optional<ColumnSolver> columns_;
  std::optional<LogisticSolver> logistic_;
  std::vector<int64_t> num_rows_;  // of each shard, if columns are gathered
  double entries_ = 0;             // of those columns
};

}  // namespace strads::lasso
