#include "apps/lasso/column_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "apps/lasso/block_sweep.h"
#include "apps/lasso/dual_bound.h"
#include "apps/lasso/extrapolation.h"
#include "apps/lasso/free_columns.h"
#include "apps/lasso/projected_columns.h"

namespace strads::lasso {
namespace {

constexpr double kShare = 0.3;  // the gap over the support, of that asked for over the block

std::vector<int> AllUnits(const Penalty& penalty) {
  std::vector<int> units(static_cast<size_t>(penalty.num_units()));
  std::iota(units.begin(), units.end(), 0);
  return units;
}

}  // namespace

ColumnSolver::ColumnSolver(Eigen::VectorXd y, Eigen::VectorXd ones)
    : y_(std::move(y)), ones_(std::move(ones)), r_(y_) {
  if (ones_.size() == 0) return;
  weight_ = ones_.squaredNorm();
  mean_y_ = mean_r_ = ones_.dot(y_) / weight_;
}

void ColumnSolver::Grow(ColumnMatrix x,
                        std::span<const double> b,
                        std::span<const int32_t> numbers) {
  for (int j = 0; j < static_cast<int>(x.num_cols()); ++j)
    numbers_.push_back(numbers.empty() ? size() + j : numbers[Index(j)]);
  for (int j = 0; j < static_cast<int>(x.num_cols()); ++j) {
    sums_.push_back(ones_.size() > 0 ? x.Dot(j, ones_) : 0);
    const double mean = sums_.back() / weight_;
    const double spread =
        mean == 0 ? x.SquaredNorm(j) : x.Spread(j, mean, ones_, Eigen::VectorXd(), weight_);
    squared_norms_.push_back(LeftOf(spread, mean, weight_));
    const double value = b[Index(j)];
    if (value == 0) continue;
    x.AddColumn(j, -value, r_);
    mean_r_ -= value * sums_.back() / weight_;
  }
  x_.Append(std::move(x));
  b_.insert(b_.end(), b.begin(), b.end());
  q_.resize(b_.size());
}

// So that the residual sums to about zero, which keeps what is projected out small.
void ColumnSolver::MoveIntercept() {
  if (ones_.size() == 0) return;
  const double change = ones_.dot(r_) / weight_;
  intercept_ += change;
  r_ -= change * ones_;
  mean_r_ = ones_.dot(r_) / weight_;
}

double ColumnSolver::Loss(const Eigen::VectorXd& r) const {
  const double sum = ones_.size() > 0 ? ones_.dot(r) : 0;
  return 0.5 * (r.squaredNorm() - sum * sum / weight_);
}

// `b` and `xx` are of `variables`, as `part` numbers them; `free` are of the block, as those are.
double ColumnSolver::BoundBeside(std::span<const int32_t> free,
                                 std::span<const int32_t> variables,
                                 const Penalty& part,
                                 const double* b,
                                 const double* xx,
                                 ThreadPool& pool) const {
  std::vector<double> products, pairs, slopes, of_free, q;
  for (const int32_t i : free) {
    products.push_back(squared_norms_[Index(i)]);
    slopes.push_back(q_[Index(i)]);
    of_free.push_back(b_[Index(i)]);
  }
  Projected().GramBlock(free, 0, pairs, pool);
  products.insert(products.end(), pairs.begin(), pairs.end());
  const std::vector<double> step =
      FreeStep(UnpackedProducts(products, std::ssize(free)), slopes, of_free, part.nonnegative());
  Eigen::VectorXd t = r_;
  for (size_t k = 0; k < free.size(); ++k) x_.AddColumn(free[k], -step[k], t);
  const double mean_t = ones_.size() > 0 ? ones_.dot(t) / weight_ : 0;
  const Eigen::VectorXd slopes_of_t = x_.TransposedTimes(t);
  for (const int32_t i : variables) q.push_back(slopes_of_t[i] - sums_[Index(i)] * mean_t);
  const DualSums sums{.linear = y_.dot(t) - mean_y_ * mean_t * weight_,
                      .quadratic = t.squaredNorm() - mean_t * mean_t * weight_};
  const double yy = y_.squaredNorm() - mean_y_ * mean_y_ * weight_;
  return BoundOf(part, b, q.data(), xx, yy, 1, false, sums);
}

double ColumnSolver::GapOver(const Penalty& penalty,
                             std::span<const int> units,
                             double enough,
                             ThreadPool& pool) {
  constexpr int64_t kGrain = 64;  // units
  pool.ParallelFor(
      std::ssize(units),
      [&](int64_t begin, int64_t end) {
        for (int64_t u = begin; u < end; ++u) {
          const Penalty::Unit unit = penalty.unit(units[Index(u)]);
          for (int32_t i = unit.first; i < unit.first + unit.count; ++i) q_[Index(i)] = Dot(i);
        }
      },
      kGrain);
  const auto bound = [&](const Penalty& part, const double* b, const double* q, const double* xx) {
    const double rr = r_.squaredNorm() - mean_r_ * mean_r_ * weight_;
    const double yr = y_.dot(r_) - mean_y_ * mean_r_ * weight_;
    return BestDualBound(part, b, q, xx, yr, rr, std::numeric_limits<double>::infinity()).value;
  };
  if (std::ssize(units) == penalty.num_units() && FreeOf(penalty).empty())
    return Objective(penalty) - bound(penalty, b_.data(), q_.data(), squared_norms_.data());
  std::vector<double> b, q, xx;
  std::vector<int32_t> variables, free;
  for (const int u : units) {
    const Penalty::Unit unit = penalty.unit(u);
    for (int32_t i = unit.first; i < unit.first + unit.count; ++i) {
      variables.push_back(i);
      if (unit.IsFree()) free.push_back(i);
      b.push_back(b_[Index(i)]);
      q.push_back(q_[Index(i)]);
      xx.push_back(squared_norms_[Index(i)]);
    }
  }
  const Penalty part = penalty.Over(units);
  const double gap = Objective(penalty) - bound(part, b.data(), q.data(), xx.data());
  if (free.empty() || std::ssize(free) > kMostFreeColumns || gap > enough) return gap;
  return Objective(penalty) - BoundBeside(free, variables, part, b.data(), xx.data(), pool);
}

Eigen::MatrixXd ColumnSolver::ScaledProducts(const Penalty& penalty,
                                             const Penalty::Unit& unit,
                                             ThreadPool& pool) const {
  std::vector<int32_t> own(Index(unit.count));
  std::iota(own.begin(), own.end(), unit.first);
  std::vector<double> pairs;
  Projected().GramBlock(own, 0, pairs, pool);
  Eigen::MatrixXd products(unit.count, unit.count);
  const double* pair = pairs.data();
  for (int32_t k = 0; k < unit.count; ++k) {
    const double scale = penalty.Scale(unit.first + k);
    for (int32_t i = 0; i < k; ++i, ++pair)
      products(i, k) = products(k, i) = *pair / (scale * penalty.Scale(unit.first + i));
    products(k, k) = squared_norms_[Index(unit.first + k)] / (scale * scale);
  }
  return products;
}

int64_t ColumnSolver::Sweep(const Penalty& penalty, std::span<const int> units, ThreadPool& pool) {
  int64_t changes = 0;
  std::vector<double> change;
  for (const int u : units) {
    const Penalty::Unit unit = penalty.unit(u);
    if (unit.count == 1) {
      const int i = unit.first;
      const double xx = squared_norms_[Index(i)], before = b_[Index(i)];
      const double after = xx > 0 ? penalty.Minimise(unit, Dot(i) + xx * before, xx) : 0;
      if (after == before) continue;
      Add(i, before - after);
      b_[Index(i)] = after;
      ++changes;
      continue;
    }
    for (int32_t i = unit.first; i < unit.first + unit.count; ++i) q_[Index(i)] = Dot(i);
    change.resize(Index(unit.count));
    const GroupStep& step = group_steps_.Of(u, [&] { return ScaledProducts(penalty, unit, pool); });
    if (!penalty.ExactChange(unit, b_.data(), q_.data(), step, change.data())) continue;
    for (int32_t k = 0; k < unit.count; ++k) {
      if (change[Index(k)] == 0) continue;
      Add(unit.first + k, -change[Index(k)]);
      b_[Index(unit.first + k)] += change[Index(k)];
      ++changes;
    }
  }
  return changes;
}

// In multiplications.
double ColumnSolver::SweepCost(std::span<const int32_t> support) const {
  if (x_.is_dense())
    return 2 * static_cast<double>(num_rows()) * static_cast<double>(support.size());
  double entries = 0;
  for (const int32_t i : support) entries += static_cast<double>(x_.Rows(i).size());
  return 2 * entries;
}

int64_t ColumnSolver::SolveSupport(const Penalty& penalty,
                                   double gap,
                                   int64_t most,
                                   ThreadPool& pool) {
  Penalty::Support nonzero = penalty.SupportOf(b_.data());
  std::vector<int>& units = nonzero.units;
  std::vector<int32_t>& support = nonzero.variables;
  const bool has_groups = units.size() < support.size();
  std::optional<BlockSweep> blocks;
  if (x_.is_dense() && !has_groups) {
    std::ranges::sort(units, {}, [&](int u) { return numbers_[Index(penalty.unit(u).first)]; });
    for (size_t k = 0; k < units.size(); ++k) support[k] = penalty.unit(units[k]).first;
    blocks.emplace(Projected(), penalty, support, units, pool);
  }
  const auto values = [&] {
    Eigen::VectorXd b(std::ssize(support));
    for (size_t k = 0; k < support.size(); ++k)
      b[static_cast<Eigen::Index>(k)] = b_[Index(support[k])];
    return b;
  };
  const auto set = [&](const Eigen::VectorXd& b) {
    for (size_t k = 0; k < support.size(); ++k)
      b_[Index(support[k])] = b[static_cast<Eigen::Index>(k)];
  };
  Extrapolation extrapolation;
  extrapolation.Add(values(), r_);
  int64_t changes = 0;
  const double sweep = SweepCost(support);
  double swept_here = 0;
  while (true) {
    const double objective = Objective(penalty);
    while (!extrapolation.IsFull()) {
      changes += blocks ? blocks->Run(b_.data(), r_, mean_r_, pool) : Sweep(penalty, units, pool);
      swept_here += sweep;
      swept_ += sweep;
      extrapolation.Add(values(), r_);
    }
    const double swept = Objective(penalty);
    Eigen::VectorXd b, r;
    if (extrapolation.Combine(b, r) && !(penalty.nonnegative() && (b.array() < 0).any())) {
      const Eigen::VectorXd before = values();
      set(b);
      if (Loss(r) + penalty.Value(b_.data()) < swept) {
        r_ = r;
        mean_r_ = ones_.size() > 0 ? ones_.dot(r_) / weight_ : 0;
        changes += std::ssize(support);
      } else {
        set(before);
      }
    }
    extrapolation.Clear();
    if (GapOver(penalty, units, gap, pool) <= gap || swept >= objective || changes >= most)
      return changes;
    if (WantsNewtonStep(support, swept_here, has_groups)) {
      swept_here = 0;
      changes += NewtonSteps(penalty, support, gap, most - changes, pool);
      if (GapOver(penalty, units, gap, pool) <= gap) return changes;
    }
    extrapolation.Add(values(), r_);
  }
}

double ColumnSolver::Gap(const Penalty& penalty, ThreadPool& pool) {
  return GapOver(penalty, AllUnits(penalty), std::numeric_limits<double>::infinity(), pool);
}

int64_t ColumnSolver::Solve(const Penalty& penalty, double gap, ThreadPool& pool, int64_t most) {
  MoveIntercept();
  const std::vector<int> all = AllUnits(penalty);
  int64_t changes = 0;
  while (changes < most && GapOver(penalty, all, gap, pool) > gap) {
    const double before = Objective(penalty);
    changes += Sweep(penalty, all, pool);
    changes += SolveSupport(penalty, kShare * gap, most - changes, pool);
    if (Objective(penalty) >= before) break;  // rounding
  }
  return changes;
}

}  // namespace strads::lasso
