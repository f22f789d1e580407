#include "apps/regression/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace strads::regression {
namespace {

constexpr double kCurvature = 0.9;  // of the Wolfe conditions
constexpr double kNoise = 1e-10;    // of values, as a share of them
constexpr double kRise =
    0.9998;  // of the slope at the end of a step, as a share of minus the first
constexpr int kMostTrials = 40;

}  // namespace

Request Lbfgs::Next() {
  trial_ = has_begun_ ? Eigen::VectorXd(u_ + length_ * direction_) : u_;
  return {.point = trial_};
}

Verdict Lbfgs::Take(const Answer& answer) {
  const double value = answer.loss + variables_.Penalty(trial_);
  if (has_begun_) {
    const double slope = (answer.slopes + variables_.l2().cwiseProduct(trial_)).dot(direction_);
    // Where rounding of the values is more than what a step gains, slopes tell whether it is too
    // long (Hager and Zhang, "A New Conjugate Gradient Method with Guaranteed Descent and an
    // Efficient Line Search", 2005).
    const bool falls = Falls(value, value_, length_ * slope_) ||
                       (value <= value_ + kNoise * std::abs(value_) && slope <= -kRise * slope_);
    if (!falls || slope < kCurvature * slope_) {
      if (falls)
        too_short_ = length_;
      else
        too_long_ = length_;
      Search(value, slope);
      return {};
    }
  }
  Accept(answer, value);
  return {.accepted = true};
}

// Another length, between those that are too short and too long.
void Lbfgs::Search(double value, double slope) {
  const double before = length_;
  if (too_long_ == 0) {
    length_ *= 2;
  } else if (too_short_ == 0) {
    // The least value of the parabola through both values and the slope at 0.
    const double bend = value - value_ - length_ * slope_;
    const double least = bend > 0 ? -slope_ * length_ * length_ / (2 * bend) : 0;
    length_ = std::clamp(least, 0.1 * too_long_, 0.5 * too_long_);
  } else {
    length_ = 0.5 * (too_short_ + too_long_);
  }
  if (++trials_ <= kMostTrials && length_ != before && std::isfinite(slope_) &&
      !(std::isfinite(slope) && slope == 0))
    return;
  is_stuck_ = pairs_.empty();
  pairs_.clear();
  FindDirection();
}

void Lbfgs::Accept(const Answer& answer, double value) {
  Eigen::VectorXd slopes = answer.slopes + variables_.l2().cwiseProduct(trial_);
  if (has_begun_) {
    Pair pair{trial_ - u_, slopes - slopes_, 0};
    pair.product = pair.step.dot(pair.change);
    if (pair.product > 0) pairs_.push_back(std::move(pair));
    if (pairs_.size() > memory_) pairs_.pop_front();
  }
  if (!has_begun_) value_at_start_ = value;
  has_begun_ = true;
  u_ = trial_;
  value_ = value;
  slopes_ = std::move(slopes);
  violation_ = Relative(u_, answer.slopes);
  left_ = slopes_.isZero(0) ? 0 : settling_.LeftAfter(violation_, value_);
  FindDirection();
}

// Minus the inverse of the second derivatives, as the last steps tell it, times the slopes.
void Lbfgs::FindDirection() {
  direction_ = -slopes_;
  std::vector<double> shares(pairs_.size());
  for (size_t k = pairs_.size(); k-- > 0;) {
    shares[k] = pairs_[k].step.dot(direction_) / pairs_[k].product;
    direction_ -= shares[k] * pairs_[k].change;
  }
  direction_.array() *= scale_.array();
  if (!pairs_.empty()) {
    const Pair& last = pairs_.back();
    direction_ *= last.product / last.change.dot(scale_.cwiseProduct(last.change));
  }
  for (size_t k = 0; k < pairs_.size(); ++k) {
    const double share = pairs_[k].change.dot(direction_) / pairs_[k].product;
    direction_ += (shares[k] - share) * pairs_[k].step;
  }
  slope_ = direction_.dot(slopes_);
  length_ = 1;
  too_short_ = too_long_ = 0;
  trials_ = 0;
}

}  // namespace strads::regression
