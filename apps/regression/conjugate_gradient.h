#pragma once

#include "apps/regression/optimizer.h"

namespace strads::regression {

// Conjugate gradient (Hestenes and Stiefel, 1952) on the normal equations of the squared loss,
// scaled by their diagonal, never forming their matrix. The residual is computed anew before the
// run ends, and every so often.
class ConjugateGradient final : public Optimizer {
 public:
  ConjugateGradient(const Variables& variables, Eigen::VectorXd start, double tolerance)
      : Optimizer(variables, std::move(start)), tolerance_(tolerance) {}

  Request Next() override;
  Verdict Take(const Answer& answer) override;

 private:
  Verdict TakeSlopes(const Answer& answer);
  Eigen::VectorXd Scaled(const Eigen::VectorXd& slopes) const;

  const double tolerance_;
  Eigen::VectorXd residual_, direction_;  // residual: minus the slopes of the objective
  double square_ = 0;                     // of the residual, scaled
  double last_violation_ = std::numeric_limits<double>::infinity();
  bool has_slopes_ = false;
  int steps_ = 0;  // since slopes were computed
};

}  // namespace strads::regression
