#include <algorithm>
#include <cmath>

#include "apps/lasso/block_solver.h"
#include "apps/lasso/column_solver.h"
#include "apps/lasso/projected_columns.h"

namespace strads::lasso {
namespace {

// A Newton step that more than this share of the variables would leave with another sign, or that
// leads to ever more of them, starts too far away.
constexpr double kMostFlips = 0.05;
constexpr int kMostAttempts = 8;
constexpr double kNewtonShare = 0.3;
// Not before descent has left this share of the variables as they were, not zero: a step would
// lead to the optimum of the wrong ones. Nor with more variables than this share of the rows: of
// those there are many optima.
constexpr double kSettled = 0.98;
constexpr double kMostOfRows = 0.97;
// Steps of inner products stop at zero what would change its sign, so that they get there from
// anywhere. With more variables than this share of the rows they are many: descent, which leaves
// fewer, may cost so many times as much first.
constexpr double kManyOfRows = 1.15;
constexpr double kPatienceWithMany = 10;
constexpr double kMostNewtonBytes = 512e6;

}  // namespace

// Once descent has cost what the inner products would, and since the last step a share of what
// another would.
bool ColumnSolver::WantsNewtonStep(std::span<const int32_t> support,
                                   double swept_here,
                                   bool has_groups) const {
  if (newton_.Bytes(support) > kMostNewtonBytes) return false;
  const ColumnNewton::Cost cost = newton_.CostOf(Projected(), support);
  if (has_groups) return swept_here >= cost.products + cost.step;  // nothing is kept
  if (ShareOfRows(support) > kManyOfRows)
    return swept_here >= kPatienceWithMany * (cost.products + cost.step);
  return swept_ >= newton_patience_ * cost.products &&
         swept_here >= newton_patience_ * kNewtonShare * cost.step;
}

// Moves to the optimum of the variables that are not zero with the signs they have, those left out
// (at zero) that would change theirs. False, and nothing moved, if the objective would not fall.
bool ColumnSolver::NewtonStep(const Penalty& penalty, Penalty::Support support, ThreadPool& pool) {
  const double now = Objective(penalty);
  const Eigen::VectorXd r = r_;
  const std::vector<double> b = b_;
  const double mean_r = mean_r_;
  for (int attempt = 0; attempt < kMostAttempts && !support.variables.empty(); ++attempt) {
    const auto count = std::ssize(support.variables);
    Eigen::VectorXd slopes(count), l2(count), weight(count);
    pool.ParallelFor(count, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) {
        const int32_t i = support.variables[Index(k)];
        const Penalty::Unit unit = penalty.unit(support.units[Index(k)]);
        const double value = b_[Index(i)];
        l2[k] = unit.l2;
        slopes[k] = Dot(i) - std::copysign(unit.l1, value) - unit.l2 * value;
        weight[k] = std::abs(value) * std::sqrt(squared_norms_[Index(i)]);
      }
    });
    const Eigen::VectorXd step =
        newton_.Direction(Projected(), support.variables, l2, slopes, weight, pool);
    if (step.size() == 0 || !step.allFinite()) break;
    Penalty::Support stays;
    for (Eigen::Index k = 0; k < count; ++k) {
      const int32_t i = support.variables[Index(k)];
      const int u = support.units[Index(k)];
      const bool is_signed = penalty.unit(u).l1 > 0 || penalty.nonnegative();
      if (is_signed && !((b_[Index(i)] + step[k]) * b_[Index(i)] > 0)) continue;
      stays.variables.push_back(i);
      stays.units.push_back(u);
    }
    if (static_cast<double>(stays.variables.size()) < (1 - kMostFlips) * static_cast<double>(count))
      break;
    const bool is_done = std::ssize(stays.variables) == count;
    for (Eigen::Index k = 0, kept = 0; k < count; ++k) {
      const int32_t i = support.variables[Index(k)];
      const bool is_kept = kept < std::ssize(stays.variables) && stays.variables[Index(kept)] == i;
      kept += is_kept;
      if (is_kept && !is_done) continue;
      const double after = is_kept ? b_[Index(i)] + step[k] : 0;
      Add(i, b_[Index(i)] - after);
      b_[Index(i)] = after;
    }
    if (is_done) {
      if (Objective(penalty) < now) return true;
      break;
    }
    support = std::move(stays);
  }
  b_ = b;
  r_ = r;
  mean_r_ = mean_r;
  return false;
}

// Where a Newton step of columns leads too far, as among nearly collinear ones, or there is none,
// as of groups.
int64_t ColumnSolver::SolveByProducts(const Penalty& penalty,
                                      const Penalty::Support& support,
                                      double gap,
                                      int64_t most,
                                      ThreadPool& pool) {
  std::vector<double> pairs, squared_norms;
  Projected().GramBlock(support.variables, 0, pairs, pool);
  for (const int32_t i : support.variables) squared_norms.push_back(squared_norms_[Index(i)]);
  BlockSolver solver;
  solver.Grow(squared_norms, pairs);
  const auto count = std::ssize(support.variables);
  BlockSolver::State state;
  state.b.resize(count);
  state.q.resize(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    state.b[k] = b_[Index(support.variables[Index(k)])];
    state.q[k] = Dot(support.variables[Index(k)]);
  }
  state.xy = state.q;
  for (int k = 0; k < solver.size(); ++k)
    state.xy[k] += Eigen::Map<const Eigen::VectorXd>(solver.Column(k), count).dot(state.b);
  state.rr = r_.squaredNorm() - mean_r_ * mean_r_ * weight_;
  state.yr = y_.dot(r_) - mean_y_ * mean_r_ * weight_;
  const int64_t changes = solver.Solve(state, penalty.Over(support.units), gap, pool, most);
  for (Eigen::Index k = 0; k < count; ++k) {
    const int32_t i = support.variables[Index(k)];
    const double change = state.b[k] - b_[Index(i)];
    if (change != 0) Add(i, -change);
    b_[Index(i)] = state.b[k];
  }
  return changes;
}

// Of the units that are not zero, which were those of `support` when descent began. Returns the
// number of changes.
int64_t ColumnSolver::NewtonSteps(const Penalty& penalty,
                                  std::span<const int32_t> support,
                                  double gap,
                                  int64_t most,
                                  ThreadPool& pool) {
  const Penalty::Support now = penalty.SupportOf(b_.data());
  const double before = Objective(penalty);
  const bool has_groups = now.units.size() < now.variables.size();
  const auto size = static_cast<double>(support.size());
  const bool is_near = static_cast<double>(now.variables.size()) >= kSettled * size &&
                       ShareOfRows(support) <= kMostOfRows;
  int64_t changes = std::ssize(support);
  if (has_groups || !is_near || !NewtonStep(penalty, now, pool))
    changes += SolveByProducts(penalty, now, gap, most - changes, pool);
  if (Objective(penalty) >= before) newton_patience_ *= 2;
  return changes;
}

}  // namespace strads::lasso
