#include "apps/lasso/block.h"

#include <strads/error.h>
#include <strads/parallel.h>

#include <algorithm>
#include <utility>

namespace strads::lasso {
namespace {

size_t Index(int64_t i) { return static_cast<size_t>(i); }

// The entries that a worker has sent, columns numbered as they came.
std::vector<Triplet> TripletsOf(const Partial& partial, int64_t num_columns, int64_t num_rows) {
  std::vector<Triplet> entries;
  if (std::ssize(partial.counts) != num_columns || partial.rows.size() != partial.values.size())
    throw ProtocolError("the columns that were gathered do not fit the block");
  entries.reserve(partial.rows.size());
  int32_t column = 0;
  for (const int32_t count : partial.counts) {
    if (count < 0 || entries.size() + Index(count) > partial.rows.size())
      throw ProtocolError("the columns that were gathered do not fit the block");
    for (int32_t k = 0; k < count; ++k) {
      const size_t at = entries.size();
      if (partial.rows[at] < 0 || partial.rows[at] >= num_rows)
        throw ProtocolError("a column that was gathered has a row outside its shard");
      entries.push_back({partial.rows[at], column, partial.values[at]});
    }
    ++column;
  }
  return entries;
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
void Block::GrowInnerProducts(const Plan& plan, std::span<const Partial> partials) {
  std::vector<double> gram(partials.front().gram.size(), 0.0);
  for (const Partial& partial : partials) {
    for (size_t i = 0; i < gram.size(); ++i) gram[i] += partial.gram[i];
  }
  if (all_.has_intercept) {
    double* pair = gram.data();
    for (size_t b = Index(solver_.size()); b < variables_.size(); ++b) {
      const double mean = all_.xe[Index(variables_[b])] / all_.weight;
      for (size_t a = 0; a < b; ++a) *pair++ -= mean * all_.xe[Index(variables_[a])];
    }
  }
  std::vector<double> squared_norms;
  for (const int32_t j : plan.joining) squared_norms.push_back(all_.norms[Index(j)]);
  solver_.Grow(squared_norms, gram);
  const Eigen::Index before = state_.b.size(), after = solver_.size();
  const Eigen::VectorXd moved = state_.b - measured_b_;
  for (Eigen::VectorXd* v : {&state_.b, &state_.q, &state_.xy, &measured_b_})
    v->conservativeResize(after);
  for (Eigen::Index i = before; i < after; ++i) {
    const auto j = Index(plan.joining[Index(i - before)]);
    const Eigen::Map<const Eigen::VectorXd> column(solver_.Column(static_cast<int>(i)), before);
    state_.b[i] = measured_b_[i] = 0;
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
    logistic_.emplace(y, std::move(weights), all_.has_intercept);
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
  std::vector<std::vector<Triplet>> entries;
  std::vector<TripletPiece> pieces;
  int64_t row = 0;
  for (size_t rank = 0; rank < partials.size(); ++rank) {
    entries.push_back(TripletsOf(partials[rank], joining, num_rows_[rank]));
    pieces.push_back({entries.back(), row});
    row += num_rows_[rank];
  }
  std::vector<double> b;
  for (int64_t i = before; i < size(); ++i) b.push_back(coefficients[Index(variables_[Index(i)])]);
  ThreadPool pool(1);
  const ColumnMatrix x = ColumnMatrix::FromPieces(row, joining, pieces, Storage::kAuto, pool);
  if (logistic_) {
    logistic_->Grow(x, b, intercept);
  } else {
    columns_->Grow(x, b);
  }
}

Block::Change Block::Solve(const Plan& plan,
                           std::span<const int> joining_units,
                           std::span<const Partial> partials,
                           const SparseVector& coefficients,
                           double intercept,
                           const Penalty& penalty,
                           double gap) {
  variables_.insert(variables_.end(), plan.joining.begin(), plan.joining.end());
  units_.insert(units_.end(), joining_units.begin(), joining_units.end());
  const Penalty own = penalty.Over(units_);
  Change change;
  const double* b = nullptr;
  if (plan.gather) {
    GrowColumns(partials, coefficients, intercept);
    if (logistic_) {
      change.updates = logistic_->Solve(own, gap);
      change.intercept = logistic_->intercept() - intercept;
      b = logistic_->b().data();
    } else {
      change.updates = columns_->Solve(own, gap);
      b = columns_->b().data();
    }
  } else {
    if (!num_rows_.empty() || all_.is_logistic)
      throw ProtocolError("a block of columns is to be solved by inner products");
    GrowInnerProducts(plan, partials);
    change.updates = solver_.Solve(state_, own, gap);
    b = state_.b.data();
  }
  change.penalty = own.Value(b);
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (b[i] != coefficients[Index(variables_[i])]) change.values.emplace_back(variables_[i], b[i]);
  }
  return change;
}

}  // namespace strads::lasso
