#pragma once

#include <Eigen/Cholesky>

#include "apps/regression/optimizer.h"

namespace strads::regression {

// Newton's method, of the logistic loss of two classes: the step s solves (H + L) s = -g, H the
// second derivatives of the losses and L of the penalty, by conjugate gradient, as accurately as
// pays so far from the optimum (Dembo, Eisenstat and Steihaug, "Inexact Newton Methods", SIAM
// Journal on Numerical Analysis, 1982), or for few features exactly, by Cholesky's factor of H + L;
// then it is halved until the objective falls by enough.
class Newton final : public Optimizer {
 public:
  // `curvature`: of the losses at most, in a variable of mean square 1; with the penalty's it
  // preconditions. `is_exact`: H is asked for, O(features^2) numbers.
  Newton(const Variables& variables, Eigen::VectorXd start, double curvature, bool is_exact)
      : Optimizer(variables, std::move(start)),
        scale_((variables.l2().array() + curvature).inverse()),
        is_exact_(is_exact) {}

  Request Next() override;
  Verdict Take(const Answer& answer) override;

 private:
  Eigen::VectorXd Scaled(const Eigen::VectorXd& slopes) const;
  void BeginStep();
  void TakeBend(const Answer& answer);
  void TakeProduct(const Answer& answer);
  Verdict TakeEvaluation(const Answer& answer);

  const Eigen::ArrayXd scale_;
  bool is_exact_;           // until H + L has no factor
  Eigen::VectorXd slopes_;  // of the objective at u
  double value_ = 0;        // the objective at u
  bool has_begun_ = false;
  Eigen::LLT<Eigen::MatrixXd> factor_;  // of H + L, if it is exact
  bool has_step_ = false;               // it is as accurate as it is to be
  Eigen::VectorXd step_, residual_, direction_;
  double square_ = 0, enough_ = 0;  // of the residual: squared, by scale_
  int products_ = 0;
  double length_ = 1;
};

}  // namespace strads::regression
