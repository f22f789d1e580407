#include "apps/lasso/logistic_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "apps/lasso/column_solver.h"
#include "apps/lasso/dual_bound.h"
#include "apps/lasso/logistic.h"

namespace strads::lasso {
namespace {

// The gap that the quadratic problem is solved to, relative to that of the block.
constexpr double kInnerShare = 0.1;
// Of a row's weight: rows whose class is certain have less curvature than can be divided by.
constexpr double kLeastCurvature = 1e-10;
constexpr double kSufficient = 1e-4;  // Armijo's constant
constexpr double kShortestStep = 1e-10;
constexpr int kMostInVain = 5;         // steps that do not bring the gap down
constexpr double kRounding = 1e-13;    // of the objective

}  // namespace

LogisticSolver::LogisticSolver(const Eigen::VectorXd& y, Eigen::VectorXd weights, bool intercept)
    : positive_(static_cast<size_t>(y.size())),
      weights_(std::move(weights)),
      has_intercept_(intercept),
      eta_(Eigen::VectorXd::Zero(y.size())),
      r_(y.size()),
      curvature_(y.size()) {
  for (Eigen::Index i = 0; i < y.size(); ++i) positive_[static_cast<size_t>(i)] = y[i] > 0;
}

void LogisticSolver::Grow(ColumnMatrix x, std::span<const double> b, double intercept) {
  eta_.array() += intercept - intercept_;
  intercept_ = intercept;
  for (int j = 0; j < static_cast<int>(x.num_cols()); ++j) {
    const double value = b[static_cast<size_t>(j)];
    if (value != 0) x.AddColumn(j, value, eta_);
  }
  b_.insert(b_.end(), b.begin(), b.end());
  parts_.push_back(std::move(x));
}

double LogisticSolver::Loss(const Eigen::VectorXd& eta) const {
  double loss = 0;
  for (Eigen::Index i = 0; i < eta.size(); ++i)
    loss += LogisticAt(positive_[static_cast<size_t>(i)], Weight(i), eta[i]).loss;
  return loss;
}

void LogisticSolver::Evaluate() {
  loss_ = entropy_ = 0;
  for (Eigen::Index i = 0; i < eta_.size(); ++i) {
    const LogisticRow row = LogisticAt(positive_[static_cast<size_t>(i)], Weight(i), eta_[i]);
    loss_ += row.loss;
    entropy_ += row.entropy;
    r_[i] = row.r;
    curvature_[i] = std::max(row.curvature, kLeastCurvature * Weight(i));
  }
}

double LogisticSolver::Gap(const Penalty& penalty) {
  std::vector<bool> is_free(b_.size(), false);
  for (const Penalty::Unit& unit : penalty.units()) {
    for (int32_t i = unit.first; i < unit.first + unit.count; ++i)
      is_free[static_cast<size_t>(i)] = unit.IsFree();
  }
  std::vector<double> q, xx;
  for (const ColumnMatrix& part : parts_) {
    for (int j = 0; j < static_cast<int>(part.num_cols()); ++j) {
      xx.push_back(is_free[q.size()] ? part.WeightedSquaredNorm(j, curvature_) : 0);
      q.push_back(part.Dot(j, r_));
    }
  }
  const double dual =
      BestDualBound(penalty, b_.data(), q.data(), xx.data(), entropy_, 0, 1).value;
  double slack = 0;
  if (has_intercept_) {
    const double sum = r_.sum();
    slack = 2 * std::abs(sum) * (std::abs(intercept_) + std::abs(sum) / curvature_.sum());
  }
  return loss_ + penalty.Value(b_.data()) - dual + slack;
}

// False, and nothing moved, if there is no way down.
bool LogisticSolver::NewtonStep(const Penalty& penalty, double gap, int64_t& changes) {
  const Eigen::VectorXd root = curvature_.cwiseSqrt();
  // So that the residual at b is r / root, and the slopes are X'r; the intercept is then the change
  // of the model's.
  Eigen::VectorXd target = root.array() * (eta_.array() - intercept_);
  target.array() += (root.array() > 0).select(r_.array() / root.array(), 0.0);
  ColumnSolver quadratic(target, has_intercept_ ? root : Eigen::VectorXd());
  auto first = b_.begin();
  for (const ColumnMatrix& part : parts_) {
    ColumnMatrix scaled = part;
    scaled.ScaleRows(root);
    quadratic.Grow(std::move(scaled), {first, static_cast<size_t>(part.num_cols())});
    first += part.num_cols();
  }
  changes += quadratic.Solve(penalty, gap);

  Eigen::VectorXd direction = Eigen::VectorXd::Constant(eta_.size(), quadratic.intercept());
  std::vector<double> step(b_.size());
  size_t at = 0;
  for (const ColumnMatrix& part : parts_) {
    for (int j = 0; j < static_cast<int>(part.num_cols()); ++j, ++at) {
      step[at] = quadratic.b()[at] - b_[at];
      if (step[at] != 0) part.AddColumn(j, step[at], direction);
    }
  }
  const double before = loss_ + penalty.Value(b_.data());
  const double expected =
      -r_.dot(direction) + penalty.Value(quadratic.b().data()) - penalty.Value(b_.data());
  // Too little to be seen in the objective; a full step is right this close to the optimum.
  const bool is_last_digits = std::abs(expected) < kRounding * before;
  if (!is_last_digits && !(expected < 0)) return false;
  for (double share = 1; share >= kShortestStep; share /= 2) {
    const Eigen::VectorXd eta = eta_ + share * direction;
    std::vector<double> b = b_;
    for (size_t i = 0; i < b.size(); ++i)
      b[i] = share == 1 ? quadratic.b()[i] : b[i] + share * step[i];
    const double after = Loss(eta) + penalty.Value(b.data());
    if (!is_last_digits && !(after <= before + kSufficient * share * expected)) continue;
    eta_ = eta;
    b_ = std::move(b);
    intercept_ += share * quadratic.intercept();
    Evaluate();
    return true;
  }
  return false;
}

int64_t LogisticSolver::Solve(const Penalty& penalty, double gap) {
  int64_t changes = 0;
  Evaluate();
  int in_vain = 0;  // steps since the gap has become smaller
  double least = std::numeric_limits<double>::infinity();
  while (in_vain < kMostInVain) {
    const double now = Gap(penalty);
    in_vain = now < least ? 0 : in_vain + 1;
    least = std::min(least, now);
    if (now <= gap || !NewtonStep(penalty, kInnerShare * now, changes)) break;
  }
  return changes;
}

}  // namespace strads::lasso
