#include "apps/regression/conjugate_gradient.h"

#include <algorithm>

namespace strads::regression {
namespace {

// Products after which what rounding has added up is removed.
constexpr int kMostSteps = 200;
// Largest over smallest entry of the diagonal, on the scale of the data, that is about the same:
// scaling by it would make the condition number smaller by no more than that, and may make it
// larger.
constexpr double kAboutTheSame = 4;

// One over the diagonal of the matrix: the squares of a variable's z sum up to the weight of all
// rows. Or, where it is about the same on the scale of the data, that scale.
Eigen::VectorXd Scale(const Variables& variables) {
  const Eigen::ArrayXd diagonal = variables.weight() + variables.l2().array();
  Eigen::VectorXd scale = diagonal.inverse();
  const Eigen::Index features = variables.num_features();
  if (features == 0) return scale;
  const Eigen::Map<const Eigen::ArrayXd> inverses(variables.inverses().data(), features);
  const Eigen::ArrayXd raw = diagonal.head(features) / inverses.square();
  if (raw.maxCoeff() <= kAboutTheSame * raw.minCoeff())
    scale.head(features).array() *= raw / raw.mean();
  return scale;
}

}  // namespace

ConjugateGradient::ConjugateGradient(const Variables& variables,
                                     Eigen::VectorXd start,
                                     double tolerance)
    : Optimizer(variables, std::move(start)),
      tolerance_(tolerance),
      scale_(Scale(variables)),
      settling_(tolerance) {}

Request ConjugateGradient::Next() {
  if (!has_slopes_) return {.point = u_};
  return {.phase = Phase::kProduct, .point = direction_};
}

Verdict ConjugateGradient::TakeSlopes(const Answer& answer) {
  violation_ = Relative(u_, answer.slopes);
  // Begun anew and no better: there is nothing left but rounding.
  is_stuck_ = violation_ > tolerance_ && violation_ >= 0.5 * last_violation_ && steps_ < kMostSteps;
  last_violation_ = violation_;
  value_ = answer.loss + variables_.Penalty(u_);
  if (!has_begun_) value_at_start_ = value_;
  has_begun_ = true;
  residual_ = -(answer.slopes + variables_.l2().cwiseProduct(u_));
  direction_ = scale_.cwiseProduct(residual_);
  square_ = residual_.dot(direction_);
  if (square_ == 0) left_ = 0;
  has_slopes_ = true;
  steps_ = 0;
  return {.accepted = true};
}

Verdict ConjugateGradient::Take(const Answer& answer) {
  if (!has_slopes_) return TakeSlopes(answer);
  const Eigen::VectorXd product = answer.slopes + variables_.l2().cwiseProduct(direction_);
  const double bend = direction_.dot(product);
  const double step = bend > 0 ? square_ / bend : 0;
  u_ += step * direction_;
  value_ -= step * square_ / 2;
  residual_ -= step * product;
  const Eigen::VectorXd scaled = scale_.cwiseProduct(residual_);
  const double square = residual_.dot(scaled);
  direction_ = scaled + square / square_ * direction_;
  square_ = square;
  ++steps_;
  violation_ = std::numeric_limits<double>::infinity();  // of this residual it is not certain
  const double largest = residual_.size() > 0 ? residual_.cwiseAbs().maxCoeff() : 0;
  left_ = settling_.LeftAfter(largest / (0.9 * largest_slope()), value_);
  if (step == 0) left_ = 0;
  has_slopes_ = step != 0 && steps_ < kMostSteps && !(left_ <= MostLeft(tolerance_, value_));
  return {.step = step};
}

}  // namespace strads::regression
