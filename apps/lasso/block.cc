#include "apps/lasso/block.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/parallel.h>

#include <algorithm>
#include <utility>

#include "apps/lasso/free_columns.h"
#include "apps/lasso/projected_columns.h"

namespace strads::lasso {
namespace {

// Of the gap of the block before, beside free columns.
constexpr double kShare = 0.1;

// Throws ProtocolError if the columns that a worker has sent do not fit. Dense ones name no rows.
void Check(const Partial& partial, int64_t num_columns, int64_t num_rows) {
  const bool is_dense = partial.rows.empty() && !partial.values.empty();
  int64_t entries = 0;
  bool fits = std::ssize(partial.counts) == num_columns;
  for (const int32_t count : partial.counts) {
    fits = fits && count >= 0 && (!is_dense || count == num_rows);
    entries += count;
  }
  if (!fits || entries != std::ssize(partial.values) ||
      (!is_dense && partial.rows.size() != partial.values.size()))
    throw ProtocolError("the columns that were gathered do not fit the block");
  for (const int32_t row : partial.rows) {
    if (row < 0 || row >= num_rows)
      throw ProtocolError("a column that was gathered has a row outside its shard");
  }
}

// The columns that all workers have sent, the rows of one after those of the other.
ColumnMatrix ColumnsOf(std::span<const Partial> partials,
                       std::span<const int64_t> num_rows,
                       int64_t num_columns) {
  std::vector<ColumnPiece> pieces;
  int64_t row = 0;
  for (size_t rank = 0; rank < partials.size(); row += num_rows[rank], ++rank) {
    const Partial& partial = partials[rank];
    Check(partial, num_columns, num_rows[rank]);
    pieces.push_back({partial.counts, partial.rows, partial.values, row, num_rows[rank]});
  }
  return ColumnMatrix::FromColumns(pieces);
}

}  // namespace

void Block::Measured(std::vector<double> xr, double rr, double yr) {
  xr_ = std::move(xr);
  state_.rr = rr;
  state_.yr = yr;
  for (Eigen::Index i = 0; i < state_.q.size(); ++i) state_.q[i] = xr_[Index(variables_[Index(i)])];
  measured_b_ = state_.b;
}

// What happened to the block since X'r was measured is known from the inner products: no worker
// needs to have seen it.
void Block::GrowInnerProducts(const BlockStep& step,
                              std::span<const Partial> partials,
                              const SparseVector& coefficients) {
  std::vector<double> gram(partials.front().gram.size(), 0.0);
  for (const Partial& partial : partials) {
    for (size_t i = 0; i < gram.size(); ++i) gram[i] += partial.gram[i];
  }
  if (all_.has_intercept) ProjectOut(variables_, solver_.size(), all_.xe, all_.weight, gram);
  std::vector<double> squared_norms;
  for (const int32_t j : step.joining) squared_norms.push_back(all_.norms[Index(j)]);
  solver_.Grow(squared_norms, gram);
  const Eigen::Index before = state_.b.size(), after = solver_.size();
  const Eigen::VectorXd moved = state_.b - measured_b_;
  for (Eigen::VectorXd* v : {&state_.b, &state_.q, &state_.xy, &measured_b_})
    v->conservativeResize(after);
  for (Eigen::Index i = before; i < after; ++i) {
    const auto j = Index(step.joining[Index(i - before)]);
    const Eigen::Map<const Eigen::VectorXd> column(solver_.Column(static_cast<int>(i)), before);
    state_.b[i] = measured_b_[i] = coefficients[j];
    state_.q[i] = xr_[j] - column.dot(moved);
    state_.xy[i] = all_.xy[j];
  }
}

void Block::StartColumns(std::span<const Partial> partials) {
  int64_t num_rows = 0;
  for (const Partial& partial : partials) {
    num_rows_.push_back(partial.y.size());
    num_rows += partial.y.size();
  }
  const bool has_weights = std::ranges::any_of(
      partials, [](const Partial& partial) { return partial.weights.size() > 0; });
  Eigen::VectorXd y(num_rows), weights(has_weights ? num_rows : 0);
  int64_t row = 0;
  for (const Partial& partial : partials) {
    if (has_weights && partial.weights.size() != partial.y.size())
      throw ProtocolError("the weights that were gathered do not fit the rows");
    y.segment(row, partial.y.size()) = partial.y;
    if (has_weights) weights.segment(row, partial.y.size()) = partial.weights;
    row += partial.y.size();
  }
  if (all_.is_logistic) {
    logistic_.emplace(std::move(y), std::move(weights), all_.has_intercept);
    return;
  }
  Eigen::VectorXd ones;
  if (all_.has_intercept) ones = Eigen::VectorXd::Ones(num_rows);
  if (all_.has_intercept && has_weights) ones = weights.cwiseSqrt();
  columns_.emplace(std::move(y), std::move(ones));
  solver_ = BlockSolver();  // its memory is not needed any more
  state_ = BlockSolver::State();
}

void Block::GrowColumns(std::span<const Partial> partials,
                        const SparseVector& coefficients,
                        double intercept) {
  if (num_rows_.empty()) StartColumns(partials);
  const int64_t before = logistic_ ? logistic_->size() : columns_->size();
  const int64_t joining = size() - before;
  std::vector<double> b;
  for (int64_t i = before; i < size(); ++i) b.push_back(coefficients[Index(variables_[Index(i)])]);
  ColumnMatrix x = ColumnsOf(partials, num_rows_, joining);
  entries_ += static_cast<double>(x.is_dense() ? x.num_rows() * x.num_cols() : x.num_nonzeros());
  if (logistic_) {
    logistic_->Grow(std::move(x), b, std::span(variables_).subspan(Index(before)), intercept);
  } else {
    columns_->Grow(std::move(x), b, std::span(variables_).subspan(Index(before)));
  }
}

// Of variables, in one solve: the run can end in between, and people see how far it is.
int64_t Block::MostChanges() const {
  constexpr double kMostMultiplications = 1e9;
  constexpr double kLeastOfChange = 50;  // what else it costs, however few variables or entries
  const double change = num_rows_.empty() ? static_cast<double>(size()) : 2 * MeanEntries();
  return static_cast<int64_t>(kMostMultiplications / (change + kLeastOfChange));
}

Block::Change Block::Solve(const BlockStep& step,
                           std::span<const int> joining_units,
                           std::span<const Partial> partials,
                           const SparseVector& coefficients,
                           double intercept,
                           const Penalty& penalty,
                           double gap) {
  variables_.insert(variables_.end(), step.joining.begin(), step.joining.end());
  units_.insert(units_.end(), joining_units.begin(), joining_units.end());
  const Penalty own = penalty.Over(units_);
  // What joins goes by r, which says of other variables what the bound's point does only once the
  // block is at its best.
  const bool is_beside_free = !FreeOf(own).empty();
  Change change;
  const double* b = nullptr;
  if (step.gather) {
    GrowColumns(partials, coefficients, intercept);
    if (logistic_) {
      change.updates = logistic_->Solve(own, gap, pool_, MostChanges());
      change.intercept = logistic_->intercept() - intercept;
      b = logistic_->b().data();
    } else {
      if (is_beside_free) gap = std::min(gap, kShare * columns_->Gap(own, pool_));
      change.updates = columns_->Solve(own, gap, pool_, MostChanges());
      b = columns_->b().data();
    }
  } else {
    if (!num_rows_.empty() || all_.is_logistic)
      throw ProtocolError("a block of columns is to be solved by inner products");
    GrowInnerProducts(step, partials, coefficients);
    if (is_beside_free) gap = std::min(gap, kShare * solver_.Gap(state_, own));
    change.updates = solver_.Solve(state_, own, gap, pool_, MostChanges());
    b = state_.b.data();
  }
  std::vector<double> before;
  for (const int32_t j : variables_) before.push_back(coefficients[Index(j)]);
  change.penalty = own.Value(b) - own.Value(before.data());
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (b[i] != before[i]) change.values.emplace_back(variables_[i], b[i]);
  }
  return change;
}

}  // namespace strads::lasso
