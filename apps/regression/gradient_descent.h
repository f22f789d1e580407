#pragma once

#include "apps/regression/optimizer.h"

namespace strads::regression {

// u <- u - alpha / (n sqrt(t)) slope of the objective, t = 1, 2, ...; n is the weight of all rows.
// Without L1 penalty and bounds.
class GradientDescent final : public Optimizer {
 public:
  GradientDescent(const Variables& variables, Eigen::VectorXd start, double alpha)
      : Optimizer(variables, start), alpha_(alpha), point_(std::move(start)) {}

  Request Next() override { return {.point = point_}; }

  Verdict Take(const Answer& answer) override {
    u_ = point_;
    violation_ = Relative(u_, answer.slopes);
    ++t_;
    const double step = alpha_ / (variables_.weight() * std::sqrt(t_));
    point_ = u_ - step * (answer.slopes + variables_.l2().cwiseProduct(u_));
    return {.accepted = true};
  }

 private:
  const double alpha_;
  double t_ = 0;
  Eigen::VectorXd point_;
};

}  // namespace strads::regression
