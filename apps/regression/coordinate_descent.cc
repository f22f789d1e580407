#include "apps/regression/coordinate_descent.h"

#include <utility>

#include "apps/regression/gram.h"

namespace strads::regression {
namespace {

// The share of the tolerance that violations may have where they follow from the matrix.
constexpr double kEnough = 0.01;
// Multiplications between two rounds, about half a second: in between nothing else is heeded.
constexpr double kMostWork = 5e8;
// A fall of the objective by less than this share of it is rounding.
constexpr double kRounding = 1e-13;

}  // namespace

Request CoordinateDescent::Next() {
  if (!features_) return {.phase = Phase::kGram};
  return {.point = trial_};
}

void CoordinateDescent::TakeGram(const std::vector<double>& gram) {
  Gram of = GramOf(gram, variables_);
  const Eigen::Index count = of.features.rows();
  for (Eigen::Index j = 0; j < count; ++j) {
    if (!variables_.IsConstant(j)) continue;
    of.features.col(j).setZero();
    of.features.row(j).setZero();
    of.with_last[j] = 0;
  }
  const auto u = u_.head(count);
  const Eigen::VectorXd product = of.features * u;
  Eigen::VectorXd slopes = Eigen::VectorXd::Zero(u_.size());
  slopes.head(count) = product - of.with_last;
  Begin(slopes);
  value_at_start_ = of.last / 2 + u.dot(product / 2 - of.with_last) + variables_.Penalty(u_);
  features_.emplace(variables_, std::move(of.features));
  Aim(std::move(slopes));
}

// From u, with the slopes of the losses at it.
void CoordinateDescent::Aim(Eigen::VectorXd slopes) {
  trial_ = u_;
  if (variables_.has_intercept()) {
    const Eigen::Index last = slopes.size() - 1;
    trial_[last] -= slopes[last] / variables_.weight();
    slopes[last] = 0;
  }
  features_->Minimise(trial_, slopes, kEnough * tolerance_ * largest_slope(), kMostWork);
}

Verdict CoordinateDescent::Take(const Answer& answer) {
  if (!features_) {
    TakeGram(answer.gram);
    return {};
  }
  const double violation = Relative(trial_, answer.slopes);
  const double value = answer.loss + variables_.Penalty(trial_);
  double left = features_->Left(trial_, answer.slopes);
  if (variables_.has_intercept()) {
    const double slope = answer.slopes[answer.slopes.size() - 1];
    left += slope * slope / variables_.weight() / 2;
  }
  const bool falls = !has_point_ || value < value_ - kRounding * std::abs(value_);
  const bool is_better = falls || left < left_;
  is_stuck_ = !falls && left > kLeastGain * left_;
  has_point_ = true;
  if (!is_better) return {};
  u_ = trial_;
  value_ = value;
  violation_ = violation;
  left_ = left;
  Aim(answer.slopes);
  return {.accepted = true};
}

}  // namespace strads::regression
