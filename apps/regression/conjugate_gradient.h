#pragma once

#include "apps/regression/optimizer.h"
#include "apps/regression/settling.h"

namespace strads::regression {

// Conjugate gradient (Hestenes and Stiefel, 1952) on the normal equations of the squared loss,
// never forming their matrix; scaled by its diagonal, unless on the scale of the data that is about
// the same all along. The residual is computed anew before the run ends, and every so often.
class ConjugateGradient final : public Optimizer {
 public:
  ConjugateGradient(const Variables& variables, Eigen::VectorXd start, double tolerance);

  Request Next() override;
  Verdict Take(const Answer& answer) override;

 private:
  Verdict TakeSlopes(const Answer& answer);

  const double tolerance_;
  const Eigen::VectorXd scale_;           // what slopes are multiplied by
  Eigen::VectorXd residual_, direction_;  // residual: minus the slopes of the objective
  double square_ = 0;                     // of the residual, by scale_
  Settling settling_;
  double value_ = 0;  // the objective
  bool has_begun_ = false;
  double last_violation_ = std::numeric_limits<double>::infinity();
  bool has_slopes_ = false;
  int steps_ = 0;  // since slopes were computed
};

}  // namespace strads::regression
