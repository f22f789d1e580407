#pragma once

#include <strads/feature_stats.h>
#include <strads/index.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/regression/options.h"

namespace strads::regression {

// The variables that solvers work on: u, so that f = u'z + intercept where z_j = (x_j - m_j) / r_j
// has mean 0 (if there is an intercept) and mean square 1: a problem whose curvature is about the
// same in all of them, whatever the units of the features. K of each feature, one after the other,
// of K outputs; the intercepts come last. The penalty and the bounds are those of Options, on u:
//
//   sum_j l1_j |u_j| + l2_j/2 u_j^2,  lower_j <= u_j <= upper_j
class Variables {
 public:
  // `is_scaled`: r_j is as above; else the divisor of --scale, as gradient descent has it.
  Variables(const Options& options, const FeatureStats& stats, int64_t outputs, bool is_scaled);

  Eigen::Index size() const { return l2_.size(); }
  int64_t num_features() const { return std::ssize(means_); }
  int64_t outputs() const { return outputs_; }
  bool has_intercept() const { return has_intercept_; }
  double weight() const { return weight_; }  // of all rows
  const Eigen::VectorXd& l1() const { return l1_; }
  const Eigen::VectorXd& l2() const { return l2_; }
  const Eigen::VectorXd& lower() const { return lower_; }
  const Eigen::VectorXd& upper() const { return upper_; }
  // m_j and 1 / r_j of each feature.
  std::span<const double> means() const { return means_; }
  std::span<const double> inverses() const { return inverses_; }
  // Of each feature: d_j / r_j, so that the penalty is on it times u_j.
  std::span<const double> divisors() const { return divisors_; }
  // But for rounding; the slopes of its variables count as 0.
  bool IsConstant(int64_t feature) const { return is_constant_.at(Index(feature)) != 0; }
  // The sum of the mean squares of z: no less than the largest eigenvalue of Z'Z / weight().
  double total_square() const { return total_square_; }

  // For Update::weights: K of each feature, and K for the constant.
  std::vector<double> ToWeights(const Eigen::VectorXd& u) const;
  // The slopes by u of a function of weights.
  Eigen::VectorXd ToSlopes(std::span<const double> weight_slopes) const;

  double Penalty(const Eigen::VectorXd& u) const;
  // argmin over v of the penalty and bounds + curvature/2 |v - z|^2.
  Eigen::VectorXd Prox(const Eigen::VectorXd& z, double curvature) const;
  Eigen::VectorXd Clamp(const Eigen::VectorXd& u) const;

  // The smallest number of the subdifferential of the objective along u_j within the bounds, with
  // the slope of the losses: 0 if the optimality condition of u_j is met, else the slope to the
  // side on which the objective falls.
  double Subgradient(Eigen::Index j, double u, double slope) const;
  // The largest distance of a variable's optimality condition from being met: of minus the slope of
  // the losses from the subdifferential of the penalty and bounds.
  double Violation(const Eigen::VectorXd& u, const Eigen::VectorXd& slopes) const;
  // The largest slope of a variable that is no intercept.
  double LargestSlope(const Eigen::VectorXd& slopes) const;

 private:
  const int64_t outputs_;
  const bool has_intercept_;
  double weight_ = 0;
  double total_square_ = 0;
  std::vector<double> means_, inverses_, divisors_;
  std::vector<char> is_constant_;
  Eigen::VectorXd l1_, l2_, lower_, upper_;
};

}  // namespace strads::regression
