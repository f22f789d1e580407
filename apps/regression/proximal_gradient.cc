#include "apps/regression/proximal_gradient.h"

#include <cmath>

namespace strads::regression {
namespace {

// Where the bound differs from the losses by less than this share of them, rounding would decide.
constexpr double kRounding = 1e-10;

}  // namespace

Request ProximalGradient::Next() {
  if (!has_begun_) {
    trial_ = u_;
    return {.point = trial_};
  }
  trial_ = variables_.Prox(y_ - slopes_ / curvature_, curvature_);
  next_t_ = (1 + std::sqrt(1 + 4 * t_ * t_)) / 2;
  ahead_ = accelerates_ && !settles_ ? (t_ - 1) / next_t_ : 0;
  if ((y_ - trial_).dot(trial_ - u_) > 0) {
    next_t_ = 1;
    ahead_ = 0;
  }
  return {.point = trial_, .ahead = ahead_};
}

Verdict ProximalGradient::Take(const Answer& answer) {
  if (has_begun_) {
    const Eigen::VectorXd step = trial_ - y_;
    const double bend = curvature_ / 2 * step.squaredNorm();
    if (bend > kRounding * std::abs(loss_) && !(answer.loss <= loss_ + slopes_.dot(step) + bend)) {
      curvature_ *= 2;
      return {};
    }
    is_stuck_ = settles_ && trial_ == u_ && violation_ > tolerance_;
  }
  y_ = ahead_ == 0 ? trial_ : trial_ + ahead_ * (trial_ - u_);
  has_begun_ = true;
  t_ = next_t_;
  u_ = trial_;
  slopes_ = answer.slopes;
  loss_ = answer.loss_ahead;
  const double violation = Relative(y_, slopes_);
  // The point ahead is not the model's: where it is good enough, the next step stays at its own.
  if (ahead_ == 0) violation_ = violation;
  settles_ = violation <= tolerance_ || (settles_ && ahead_ == 0 && violation <= 2 * tolerance_);
  return {.accepted = true};
}

}  // namespace strads::regression
