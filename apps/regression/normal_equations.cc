#include "apps/regression/normal_equations.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <limits>

#include "apps/regression/gram.h"

namespace strads::regression {

Request NormalEquations::Next() {
  if (!has_gram_) return {.phase = Phase::kGram};
  return {.point = trial_};
}

// Products of features less their means, so that the intercept is apart from them.
void NormalEquations::TakeGram(const std::vector<double>& gram) {
  Gram of = GramOf(gram, variables_);
  Begin(of.with_last);
  value_at_start_ = of.last / 2;
  const Eigen::Index count = of.features.rows();
  of.features.diagonal() += variables_.l2().head(count);
  Factor(std::move(of.features));
  trial_ = u_;
  trial_.head(count) = Solve(of.with_last);
  ToLeastNorm(trial_);
  has_gram_ = true;
}

void NormalEquations::Factor(Eigen::MatrixXd a) {
  const Eigen::Index count = a.rows();
  unit_ = a.diagonal().unaryExpr([](double d) { return d > 0 ? 1 / std::sqrt(d) : 1; });
  a = unit_.asDiagonal() * a * unit_.asDiagonal();
  const double rounding = 4 * static_cast<double>(count) * std::numeric_limits<double>::epsilon();
  rank_ = count;
  if (count == 0) return;
  factor_.compute(a);
  if (factor_.info() == Eigen::Success && factor_.rcond() > rounding) return;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(a);
  const Eigen::VectorXd& values = eigen.eigenvalues();  // ascending
  const double least = rounding * values[count - 1];
  rank_ = (values.array() > least).count();
  const Eigen::Index none = count - rank_;
  inverse_ = eigen.eigenvectors().rightCols(rank_) *
             values.tail(rank_).cwiseSqrt().cwiseInverse().asDiagonal();
  if (none == 0) return;
  const Eigen::Map<const Eigen::VectorXd> divisor(variables_.divisors().data(), count);
  const Eigen::MatrixXd unseen =
      unit_.cwiseProduct(divisor).asDiagonal() * eigen.eigenvectors().leftCols(none);
  null_ = Eigen::HouseholderQR<Eigen::MatrixXd>(unseen).householderQ() *
          Eigen::MatrixXd::Identity(count, none);
}

Eigen::VectorXd NormalEquations::Solve(const Eigen::VectorXd& right) const {
  if (right.size() == 0) return right;
  const Eigen::VectorXd scaled = unit_.cwiseProduct(right);
  if (inverse_.size() == 0 && rank_ > 0) return unit_.cwiseProduct(factor_.solve(scaled));
  return unit_.cwiseProduct(inverse_ * (inverse_.transpose() * scaled));
}

void NormalEquations::ToLeastNorm(Eigen::VectorXd& u) const {
  if (null_.cols() == 0) return;
  const Eigen::Index count = null_.rows();
  const Eigen::Map<const Eigen::VectorXd> divisor(variables_.divisors().data(), count);
  Eigen::VectorXd w = u.head(count).cwiseProduct(divisor);
  w -= null_ * (null_.transpose() * w);
  u.head(count) = w.cwiseQuotient(divisor);
}

Verdict NormalEquations::Take(const Answer& answer) {
  if (!has_gram_) {
    TakeGram(answer.gram);
    return {};
  }
  const double violation = Relative(trial_, answer.slopes);
  const auto count = static_cast<Eigen::Index>(variables_.num_features());
  const Eigen::VectorXd slopes = answer.slopes + variables_.l2().cwiseProduct(trial_);
  Eigen::VectorXd step = Eigen::VectorXd::Zero(slopes.size());
  step.head(count) = Solve(slopes.head(count));
  if (variables_.has_intercept()) step[count] = slopes[count] / variables_.weight();
  const double left = std::max(0.0, slopes.dot(step) / 2);
  const bool is_better = !has_point_ || left < left_;
  is_stuck_ = has_point_ && left > kLeastGain * left_;
  has_point_ = true;
  if (!is_better) return {};
  u_ = trial_;
  violation_ = violation;
  left_ = left;
  trial_ -= step;
  ToLeastNorm(trial_);
  return {.accepted = true};
}

}  // namespace strads::regression
