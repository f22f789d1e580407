#pragma once

#include <deque>

#include "apps/regression/optimizer.h"
#include "apps/regression/settling.h"

namespace strads::regression {

// Limited-memory BFGS (Liu and Nocedal, "On the Limited Memory BFGS Method for Large Scale
// Optimization", 1989) with a line search for the weak Wolfe conditions. Without L1 penalty and
// bounds.
class Lbfgs final : public Optimizer {
 public:
  // `curvature`: of the losses, about.
  Lbfgs(const Variables& variables,
        Eigen::VectorXd start,
        double curvature,
        int memory,
        double tolerance)
      : Optimizer(variables, std::move(start)),
        memory_(static_cast<size_t>(memory)),
        settling_(tolerance) {
    scale_ = (variables.l2().array() + curvature).inverse();
  }

  Request Next() override;
  Verdict Take(const Answer& answer) override;

 private:
  struct Pair {
    Eigen::VectorXd step, change;  // of u, of the slopes
    double product = 0;            // step' change
  };

  void Accept(const Answer& answer, double value);
  void FindDirection();
  void Search(double value, double slope);

  const size_t memory_;
  Settling settling_;
  Eigen::VectorXd scale_;  // what the inverse of the second derivatives is taken for at first
  std::deque<Pair> pairs_;
  Eigen::VectorXd slopes_;  // of the objective at u
  double value_ = 0;        // the objective at u
  bool has_begun_ = false;
  Eigen::VectorXd direction_, trial_;
  double slope_ = 0;                                  // along the direction
  double length_ = 1, too_short_ = 0, too_long_ = 0;  // too_long_ of 0: none is
  int trials_ = 0;
};

}  // namespace strads::regression
