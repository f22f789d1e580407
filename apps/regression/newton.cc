#include "apps/regression/newton.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/regression/gram.h"

namespace strads::regression {
namespace {

// Steps below this share of u are rounding.
constexpr double kRounding = 1e-13;
constexpr double kLeastLength = 1e-10;
// The residual that is enough, as a share of the slopes: at most, and by their length's root.
constexpr double kMostResidual = 0.1;
constexpr int kMostProducts = 500;
// Of a factor, for each variable: below, rounding decides.
constexpr double kLeastCondition = 4 * std::numeric_limits<double>::epsilon();

}  // namespace

Request Newton::Next() {
  if (has_begun_ && !has_step_ && is_exact_) return {.phase = Phase::kBend};
  if (has_begun_ && !has_step_) return {.phase = Phase::kProduct, .point = direction_};
  return {.point = has_begun_ ? Eigen::VectorXd(u_ + length_ * step_) : u_};
}

Verdict Newton::Take(const Answer& answer) {
  if (!has_begun_ || has_step_) return TakeEvaluation(answer);
  if (is_exact_)
    TakeBend(answer);
  else
    TakeProduct(answer);
  return {};
}

Eigen::VectorXd Newton::Scaled(const Eigen::VectorXd& slopes) const {
  return (scale_ * slopes.array()).matrix();
}

void Newton::BeginStep() {
  step_ = Eigen::VectorXd::Zero(u_.size());
  residual_ = -slopes_;
  direction_ = Scaled(residual_);
  square_ = residual_.dot(direction_);
  const double largest = residual_.size() > 0 ? residual_.cwiseAbs().maxCoeff() : 0;
  const double share = largest_slope() > 0 ? largest / largest_slope() : 1;
  const double residual = std::min(kMostResidual, std::sqrt(share));
  enough_ = residual * residual * square_;
  products_ = 0;
  length_ = 1;
  has_step_ = square_ == 0;
}

// H by u: of features less their means, so that only the intercept is not scaled.
void Newton::TakeBend(const Answer& answer) {
  const Gram gram = GramOf(answer.gram, variables_);
  const Eigen::Index count = gram.features.rows(), size = u_.size();
  Eigen::MatrixXd bend(size, size);
  bend.topLeftCorner(count, count) = gram.features;
  if (size > count) {
    bend.col(count).head(count) = gram.with_last;
    bend.row(count).head(count) = gram.with_last;
    bend(count, count) = gram.last;
  }
  bend.diagonal() += variables_.l2();
  factor_.compute(bend);
  // A matrix that rounding has made singular is left to conjugate gradient, which stops in time.
  is_exact_ = factor_.info() == Eigen::Success &&
              factor_.rcond() > kLeastCondition * static_cast<double>(size);
  if (!is_exact_) return;
  step_ = -factor_.solve(slopes_);
  has_step_ = true;
}

void Newton::TakeProduct(const Answer& answer) {
  const Eigen::VectorXd product = answer.slopes + variables_.l2().cwiseProduct(direction_);
  const double bend = direction_.dot(product);
  if (bend > 0) {
    const double length = square_ / bend;
    step_ += length * direction_;
    residual_ -= length * product;
  }
  const Eigen::VectorXd scaled = Scaled(residual_);
  const double square = residual_.dot(scaled);
  direction_ = scaled + square / square_ * direction_;
  square_ = square;
  has_step_ = bend <= 0 || square_ <= enough_ || ++products_ == kMostProducts;
  // Where the losses do not bend at all: down the slopes.
  if (has_step_ && step_.isZero(0)) step_ = -Scaled(slopes_);
}

Verdict Newton::TakeEvaluation(const Answer& answer) {
  const Eigen::VectorXd trial = Next().point;
  const double value = answer.loss + variables_.Penalty(trial);
  if (has_begun_ && !Falls(value, value_, length_ * slopes_.dot(step_))) {
    length_ /= 2;
    is_stuck_ = length_ < kLeastLength;
    return {};
  }
  const double before = violation_;
  const double gain = has_begun_ ? value_ - value : std::numeric_limits<double>::infinity();
  u_ = trial;
  value_ = value;
  slopes_ = answer.slopes + variables_.l2().cwiseProduct(u_);
  violation_ = Relative(u_, answer.slopes);
  // What another step would gain, by the second derivatives of the last one; or what that gained.
  left_ = slopes_.isZero(0)         ? 0
          : has_begun_ && is_exact_ ? slopes_.dot(factor_.solve(slopes_)) / 2
                                    : gain;
  // A step that is rounding and makes nothing better: there is no more to be had.
  is_stuck_ = has_begun_ && violation_ >= before &&
              step_.cwiseAbs().maxCoeff() <= kRounding * u_.cwiseAbs().maxCoeff();
  if (!has_begun_) value_at_start_ = value_;
  has_begun_ = true;
  BeginStep();
  return {.accepted = true};
}

}  // namespace strads::regression
