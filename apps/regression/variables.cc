#include "apps/regression/variables.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/prox.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace strads::regression {
namespace {

// A feature that spreads by less than this share of its mean is constant but for rounding.
constexpr double kConstant = 1e-13;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

Variables::Variables(const Options& options,
                     const FeatureStats& stats,
                     int64_t outputs,
                     bool is_scaled)
    : outputs_(outputs), has_intercept_(options.intercept), weight_(stats.weight) {
  const int64_t features = std::ssize(stats.means);
  const Eigen::Index size = (features + (has_intercept_ ? 1 : 0)) * outputs;
  l1_ = Eigen::VectorXd::Zero(size);
  l2_ = Eigen::VectorXd::Zero(size);
  lower_ = Eigen::VectorXd::Constant(size, -kInfinity);
  upper_ = Eigen::VectorXd::Constant(size, kInfinity);
  means_.resize(Index(features), 0.0);
  total_square_ = has_intercept_ ? 1 : 0;
  for (int64_t j = 0; j < features; ++j) {
    const double mean = stats.means[Index(j)], variance = stats.spreads[Index(j)] / weight_;
    const double square = variance + (has_intercept_ ? 0 : mean * mean);
    const bool is_constant = std::sqrt(square) <= kConstant * std::abs(mean);
    if (has_intercept_) means_[Index(j)] = mean;
    const double divisor = is_constant ? 1 : DivisorOf(options.scale, stats, Index(j));
    const double inverse = is_scaled && !is_constant ? 1 / std::sqrt(square) : 1 / divisor;
    total_square_ += is_constant ? 0 : square * inverse * inverse;
    inverses_.push_back(inverse);
    divisors_.push_back(divisor * inverse);
    is_constant_.push_back(is_constant ? 1 : 0);
    const Eigen::Index first = j * outputs;
    l1_.segment(first, outputs).setConstant(options.l1() * divisors_.back());
    l2_.segment(first, outputs).setConstant(options.l2() * divisors_.back() * divisors_.back());
    lower_.segment(first, outputs).setConstant(options.LowerBound() / inverse);
    upper_.segment(first, outputs).setConstant(options.UpperBound() / inverse);
  }
}

std::vector<double> Variables::ToWeights(const Eigen::VectorXd& u) const {
  const int64_t features = num_features();
  std::vector<double> weights(Index((features + 1) * outputs_), 0.0);
  double* const constant = weights.data() + features * outputs_;
  for (int64_t k = 0; has_intercept_ && k < outputs_; ++k) constant[k] = u[features * outputs_ + k];
  for (int64_t j = 0; j < features; ++j) {
    for (int64_t k = 0; k < outputs_; ++k) {
      const double weight = inverses_[Index(j)] * u[j * outputs_ + k];
      weights[Index(j * outputs_ + k)] = weight;
      constant[k] -= means_[Index(j)] * weight;
    }
  }
  return weights;
}

Eigen::VectorXd Variables::ToSlopes(std::span<const double> weight_slopes) const {
  const int64_t features = num_features();
  if (std::ssize(weight_slopes) != (features + 1) * outputs_)
    throw ProtocolError("a partial does not fit the features");
  Eigen::VectorXd slopes = Eigen::VectorXd::Zero(size());
  const double* const constant = weight_slopes.data() + features * outputs_;
  for (int64_t j = 0; j < features; ++j) {
    if (is_constant_[Index(j)] != 0) continue;
    for (int64_t k = 0; k < outputs_; ++k) {
      slopes[j * outputs_ + k] = inverses_[Index(j)] * (weight_slopes[Index(j * outputs_ + k)] -
                                                        means_[Index(j)] * constant[k]);
    }
  }
  for (int64_t k = 0; has_intercept_ && k < outputs_; ++k)
    slopes[features * outputs_ + k] = constant[k];
  return slopes;
}

double Variables::Penalty(const Eigen::VectorXd& u) const {
  return l1_.dot(u.cwiseAbs()) + 0.5 * l2_.dot(u.cwiseAbs2());
}

Eigen::VectorXd Variables::Prox(const Eigen::VectorXd& z, double curvature) const {
  Eigen::VectorXd v(z.size());
  for (Eigen::Index j = 0; j < z.size(); ++j)
    v[j] = BoxProx(z[j], l1_[j] / curvature, l2_[j] / curvature, lower_[j], upper_[j]);
  return v;
}

Eigen::VectorXd Variables::Clamp(const Eigen::VectorXd& u) const {
  return u.cwiseMax(lower_).cwiseMin(upper_);
}

double Variables::Subgradient(Eigen::Index j, double u, double slope) const {
  const double smooth = slope + l2_[j] * u;
  const double right = smooth + (u >= 0 ? l1_[j] : -l1_[j]);
  const double left = smooth + (u > 0 ? l1_[j] : -l1_[j]);
  if (u < upper_[j] && right < 0) return right;
  return u > lower_[j] && left > 0 ? left : 0;
}

double Variables::Violation(const Eigen::VectorXd& u, const Eigen::VectorXd& slopes) const {
  double worst = 0;
  for (Eigen::Index j = 0; j < u.size(); ++j) {
    if (!std::isfinite(slopes[j] + l2_[j] * u[j])) return kInfinity;
    worst = std::max(worst, std::abs(Subgradient(j, u[j], slopes[j])));
  }
  return worst;
}

double Variables::LargestSlope(const Eigen::VectorXd& slopes) const {
  const Eigen::Index count = num_features() * outputs_;
  return count > 0 ? slopes.head(count).cwiseAbs().maxCoeff() : 0;
}

}  // namespace strads::regression
