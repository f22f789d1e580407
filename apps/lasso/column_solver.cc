#include "apps/lasso/column_solver.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "apps/lasso/dual_bound.h"

namespace strads::lasso {
namespace {

constexpr int kIterates = 5;      // that are extrapolated
constexpr double kShare = 0.3;    // the gap over the support, of that asked for over the block
constexpr double kRidge = 1e-12;  // of the extrapolation's equations, relative to their trace
// What is left of |x|^2 after projecting e out is rounding if it is this share of what was there.
constexpr double kRounding = 1e-14;

std::vector<int> AllUnits(const Penalty& penalty) {
  std::vector<int> units(static_cast<size_t>(penalty.num_units()));
  std::iota(units.begin(), units.end(), 0);
  return units;
}

// The last sweeps' results over the support, from which to guess where they lead.
class Extrapolation {
 public:
  void Add(Eigen::VectorXd b, const Eigen::VectorXd& r) {
    b_.push_back(std::move(b));
    r_.push_back(r);
  }
  bool IsFull() const { return b_.size() == kIterates + 1; }
  void Clear() {
    b_.clear();
    r_.clear();
  }
  // The combination of the iterates, with weights that sum to 1, whose last change is smallest.
  // False if there is none.
  bool Combine(Eigen::VectorXd& b, Eigen::VectorXd& r) const {
    Eigen::MatrixXd steps(b_.front().size(), kIterates);
    for (int k = 0; k < kIterates; ++k)
      steps.col(k) = b_[static_cast<size_t>(k) + 1] - b_[static_cast<size_t>(k)];
    Eigen::MatrixXd gram = steps.transpose() * steps;
    gram.diagonal().array() += kRidge * gram.trace();
    Eigen::VectorXd weights = gram.ldlt().solve(Eigen::VectorXd::Ones(kIterates));
    const double sum = weights.sum();
    if (!std::isfinite(sum) || sum == 0) return false;
    weights /= sum;
    b.setZero(b_.front().size());
    r.setZero(r_.front().size());
    for (int k = 0; k < kIterates; ++k) {
      b += weights[k] * b_[static_cast<size_t>(k) + 1];
      r += weights[k] * r_[static_cast<size_t>(k) + 1];
    }
    return true;
  }

 private:
  std::vector<Eigen::VectorXd> b_, r_;
};

}  // namespace

ColumnSolver::ColumnSolver(Eigen::VectorXd y, Eigen::VectorXd ones)
    : y_(std::move(y)), ones_(std::move(ones)), r_(y_) {
  if (ones_.size() == 0) return;
  weight_ = ones_.squaredNorm();
  mean_y_ = mean_r_ = ones_.dot(y_) / weight_;
}

void ColumnSolver::Grow(const ColumnMatrix& x, std::span<const double> b) {
  for (int j = 0; j < static_cast<int>(x.num_cols()); ++j) {
    sums_.push_back(ones_.size() > 0 ? x.Dot(j, ones_) : 0);
    squared_norms_.push_back(
        std::max(0.0, x.SquaredNorm(j) - sums_.back() * sums_.back() / weight_));
    if (squared_norms_.back() <= kRounding * sums_.back() * sums_.back() / weight_)
      squared_norms_.back() = 0;
    const double value = b[Index(j)];
    if (value == 0) continue;
    x.AddColumn(j, -value, r_);
    mean_r_ -= value * sums_.back() / weight_;
  }
  x_.Append(x);
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

double ColumnSolver::GapOver(const Penalty& penalty, std::span<const int> units) {
  for (const int u : units) {
    const Penalty::Unit& unit = penalty.unit(u);
    for (int32_t i = unit.first; i < unit.first + unit.count; ++i) q_[Index(i)] = Dot(i);
  }
  const auto bound = [&](const Penalty& part, const double* b, const double* q, const double* xx) {
    const double rr = r_.squaredNorm() - mean_r_ * mean_r_ * weight_;
    const double yr = y_.dot(r_) - mean_y_ * mean_r_ * weight_;
    return BestDualBound(part, b, q, xx, yr, rr, std::numeric_limits<double>::infinity()).value;
  };
  if (std::ssize(units) == penalty.num_units())
    return Objective(penalty) - bound(penalty, b_.data(), q_.data(), squared_norms_.data());
  std::vector<double> b, q, xx;
  for (const int u : units) {
    const Penalty::Unit& unit = penalty.unit(u);
    for (int32_t i = unit.first; i < unit.first + unit.count; ++i) {
      b.push_back(b_[Index(i)]);
      q.push_back(q_[Index(i)]);
      xx.push_back(squared_norms_[Index(i)]);
    }
  }
  return Objective(penalty) - bound(penalty.Over(units), b.data(), q.data(), xx.data());
}

std::vector<GroupStep> ColumnSolver::GroupSteps(const Penalty& penalty,
                                                std::span<const int> units) {
  std::vector<GroupStep> steps;
  for (const int u : units) {
    const Penalty::Unit& unit = penalty.unit(u);
    if (unit.count == 1) continue;
    Eigen::MatrixXd columns = Eigen::MatrixXd::Zero(num_rows(), unit.count);
    for (int32_t k = 0; k < unit.count; ++k) {
      const double scale = 1 / penalty.Scale(unit.first + k);
      x_.AddColumn(unit.first + k, scale, columns.col(k).data());
      if (ones_.size() > 0)
        columns.col(k) -= scale * sums_[Index(unit.first + k)] / weight_ * ones_;
    }
    steps.emplace_back(columns.transpose() * columns);
  }
  return steps;
}

int64_t ColumnSolver::Sweep(const Penalty& penalty,
                            std::span<const int> units,
                            std::span<const GroupStep> groups) {
  int64_t changes = 0;
  auto group = groups.begin();
  std::vector<double> change;
  for (const int u : units) {
    const Penalty::Unit& unit = penalty.unit(u);
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
    if (!penalty.ExactChange(unit, b_.data(), q_.data(), *group++, change.data())) continue;
    for (int32_t k = 0; k < unit.count; ++k) {
      if (change[Index(k)] == 0) continue;
      Add(unit.first + k, -change[Index(k)]);
      b_[Index(unit.first + k)] += change[Index(k)];
      ++changes;
    }
  }
  return changes;
}

int64_t ColumnSolver::SolveSupport(const Penalty& penalty, double gap, int64_t most) {
  const Penalty::Support nonzero = penalty.SupportOf(b_.data());
  const std::vector<int>& units = nonzero.units;
  const std::vector<int32_t>& support = nonzero.variables;
  const std::vector<GroupStep> groups = GroupSteps(penalty, units);
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
  while (true) {
    const double objective = Objective(penalty);
    while (!extrapolation.IsFull()) {
      changes += Sweep(penalty, units, groups);
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
    extrapolation.Add(values(), r_);
    if (GapOver(penalty, units) <= gap || swept >= objective || changes >= most) return changes;
  }
}

double ColumnSolver::Gap(const Penalty& penalty) { return GapOver(penalty, AllUnits(penalty)); }

int64_t ColumnSolver::Solve(const Penalty& penalty, double gap, int64_t most) {
  MoveIntercept();
  const std::vector<int> all = AllUnits(penalty);
  std::optional<std::vector<GroupStep>> groups;
  int64_t changes = 0;
  while (changes < most && GapOver(penalty, all) > gap) {
    const double before = Objective(penalty);
    if (!groups) groups = GroupSteps(penalty, all);
    changes += Sweep(penalty, all, *groups);
    changes += SolveSupport(penalty, kShare * gap, most - changes);
    if (Objective(penalty) >= before) break;  // rounding
  }
  return changes;
}

}  // namespace strads::lasso
