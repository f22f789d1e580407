#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "apps/regression/messages.h"
#include "apps/regression/variables.h"

namespace strads::regression {

// What a solver wants to know next.
struct Request {
  Phase phase = Phase::kEvaluate;
  Eigen::VectorXd point = {};  // kEvaluate: at which u; kProduct: of which direction
  double ahead = 0;            // see Update
};

// The sums of what the workers answered. Slopes are by u.
struct Answer {
  double loss = 0, loss_ahead = 0;
  Eigen::VectorXd slopes = {};
  std::vector<double> gram = {};
};

struct Verdict {
  bool accepted = false;  // kEvaluate: the point is the model's from now on
  double step = 0;        // kProduct: so far along the direction
};

// Minimises the losses and the penalty of Variables, one evaluation over all rows after the other.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // What may be left once a run has converged: as a share of the objective what violations are of
  // the largest slope, and of an objective of next to nothing at least their square of what it was
  // at the start.
  double MostLeft(double tolerance, double value) const {
    return tolerance * std::max(std::abs(value), tolerance * std::abs(value_at_start_));
  }

  virtual Request Next() = 0;
  virtual Verdict Take(const Answer& answer) = 0;

  // The model's point, and how far its optimality conditions are violated at most, relative to the
  // largest slope at the start; infinite as long as it is not known.
  const Eigen::VectorXd& u() const { return u_; }
  double violation() const { return violation_; }
  // What the objective may still fall by, as far as the solver can tell: violations do not say it
  // where features are nearly collinear. 0 if it cannot tell.
  double left() const { return left_; }
  bool is_stuck() const { return is_stuck_; }  // rounding allows no more
  int64_t rank() const { return rank_; }       // of the features; -1: not known

 protected:
  // `variables` outlives this; `start` is within the bounds.
  Optimizer(const Variables& variables, Eigen::VectorXd start)
      : variables_(variables), u_(std::move(start)) {}

  // What violations are relative to: the slopes of the losses at the start.
  void Begin(const Eigen::VectorXd& slopes) { largest_slope_ = variables_.LargestSlope(slopes); }
  double largest_slope() const { return largest_slope_; }

  // Of the losses' slopes at u; the first call is Begin, too.
  double Relative(const Eigen::VectorXd& u, const Eigen::VectorXd& slopes) {
    if (largest_slope_ < 0) Begin(slopes);
    const double violation = variables_.Violation(u, slopes);
    return largest_slope_ > 0 ? violation / largest_slope_ : violation;
  }

  // Whether a step whose slope at the start times its length is `expected` lowers the objective by
  // enough (Armijo's condition), or by nothing that rounding could tell.
  static bool Falls(double value, double before, double expected) {
    constexpr double kDecrease = 1e-4, kRounding = 1e-13;
    return value <= std::max(before + kDecrease * expected, before + kRounding * std::abs(before));
  }

  const Variables& variables_;
  Eigen::VectorXd u_;
  double violation_ = std::numeric_limits<double>::infinity();
  double left_ = 0;
  double value_at_start_ = 0;  // of the objective, if left_ is told
  bool is_stuck_ = false;
  int64_t rank_ = -1;

 private:
  double largest_slope_ = -1;
};

}  // namespace strads::regression
