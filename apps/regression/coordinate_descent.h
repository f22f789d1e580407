#pragma once

#include <optional>

#include "apps/regression/optimizer.h"
#include "apps/regression/penalised_quadratic.h"

namespace strads::regression {

// Of the squared loss, with any penalty and bounds: the workers form Z'C Z once, and with it the
// objective is minimised without them (see PenalisedQuadratic). The slopes at the solution, which
// know X better than the matrix does, take the place of those that follow from it, and the solution
// is corrected by them until what is left to gain shrinks no more.
class CoordinateDescent final : public Optimizer {
 public:
  CoordinateDescent(const Variables& variables, Eigen::VectorXd start, double tolerance)
      : Optimizer(variables, std::move(start)), tolerance_(tolerance) {}

  Request Next() override;
  Verdict Take(const Answer& answer) override;

 private:
  void TakeGram(const std::vector<double>& gram);
  void Aim(Eigen::VectorXd slopes);

  const double tolerance_;
  std::optional<PenalisedQuadratic> features_;  // once the matrix is there
  Eigen::VectorXd trial_;
  bool has_point_ = false;
  double value_ = 0;  // the objective at u
};

}  // namespace strads::regression
