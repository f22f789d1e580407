#include "apps/lasso/block.h"

#include <strads/error.h>
#include <strads/parallel.h>

#include "apps/lasso/lasso.h"

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
  std::vector<double> squared_norms;
  for (const int32_t j : plan.joining) squared_norms.push_back(squared_norms_[Index(j)]);
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
    state_.xy[i] = xy_[j];
  }
}

void Block::GrowColumns(std::span<const Partial> partials, const SparseVector& coefficients) {
  if (!columns_) {
    int64_t num_rows = 0;
    for (const Partial& partial : partials) num_rows += partial.y.size();
    Eigen::VectorXd y(num_rows);
    int64_t row = 0;
    for (const Partial& partial : partials) {
      y.segment(row, partial.y.size()) = partial.y;
      row += partial.y.size();
      num_rows_.push_back(partial.y.size());
    }
    columns_.emplace(std::move(y));
    solver_ = BlockSolver();  // its memory is not needed any more
    state_ = BlockSolver::State();
  }
  const int64_t joining = size() - columns_->size();
  std::vector<std::vector<Triplet>> entries;
  std::vector<TripletPiece> pieces;
  int64_t row = 0;
  for (size_t rank = 0; rank < partials.size(); ++rank) {
    entries.push_back(TripletsOf(partials[rank], joining, num_rows_[rank]));
    pieces.push_back({entries.back(), row});
    row += num_rows_[rank];
  }
  if (joining == 0) return;
  std::vector<double> squared_norms, b;
  for (int64_t i = columns_->size(); i < size(); ++i) {
    squared_norms.push_back(squared_norms_[Index(variables_[Index(i)])]);
    b.push_back(coefficients[Index(variables_[Index(i)])]);
  }
  ThreadPool pool(1);
  columns_->Grow(
      ColumnMatrix::FromPieces(columns_->num_rows(), joining, pieces, Storage::kAuto, pool),
      squared_norms, b);
}

Block::Change Block::Solve(const Plan& plan,
                           std::span<const Partial> partials,
                           const SparseVector& coefficients,
                           double lambda,
                           double gap) {
  variables_.insert(variables_.end(), plan.joining.begin(), plan.joining.end());
  Change change;
  if (plan.gather) {
    GrowColumns(partials, coefficients);
    change.updates = columns_->Solve(lambda, gap);
  } else {
    if (columns_) throw ProtocolError("a block goes back from columns to inner products");
    GrowInnerProducts(plan, partials);
    change.updates = solver_.Solve(state_, lambda, gap);
  }
  for (int64_t i = 0; i < size(); ++i) {
    const double b = plan.gather ? columns_->b()[Index(i)] : state_.b[i];
    if (b != coefficients[Index(variables_[Index(i)])])
      change.values.emplace_back(variables_[Index(i)], b);
  }
  return change;
}

}  // namespace strads::lasso
