#pragma once

#include "apps/regression/optimizer.h"

namespace strads::regression {

// u <- prox(y - slopes of the losses at y / L), with y = u (ISTA) or a point ahead of u (FISTA:
// Beck and Teboulle, "A Fast Iterative Shrinkage-Thresholding Algorithm for Linear Inverse
// Problems", 2009), which falls back to u where it leads uphill (O'Donoghue and Candes, 2015). L
// doubles until it bounds the curvature on the way. One evaluation a step: the losses of u and the
// slopes at the next y are found in the same pass, and the bound is checked with them.
class ProximalGradient final : public Optimizer {
 public:
  // `curvature`: of the losses, what L begins with.
  ProximalGradient(const Variables& variables,
                   Eigen::VectorXd start,
                   double curvature,
                   bool accelerates,
                   double tolerance)
      : Optimizer(variables, std::move(start)),
        accelerates_(accelerates),
        tolerance_(tolerance),
        curvature_(curvature) {}

  Request Next() override;
  Verdict Take(const Answer& answer) override;

 private:
  const bool accelerates_;
  const double tolerance_;
  double curvature_;
  double t_ = 1, next_t_ = 1;
  bool has_begun_ = false, settles_ = false;
  Eigen::VectorXd y_, slopes_;  // where slopes are known, and they
  double loss_ = 0;             // at y
  Eigen::VectorXd trial_;
  double ahead_ = 0;
};

}  // namespace strads::regression
