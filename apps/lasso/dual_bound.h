#pragma once

#include <cmath>

#include "apps/lasso/penalty.h"

namespace strads::lasso {

// What a variable that is not penalised takes off a bound: its slope q, which ought to be zero,
// times twice what |b| may be, |b| + |q| / xx.
inline double SlackOf(double b, double q, double xx) {
  return 2 * std::abs(q) * (std::abs(b) + (xx > 0 ? std::abs(q) / xx : 0));
}

struct DualBound {
  double scale = 0;  // s
  double value = 0;
};

// A lower bound of the least objective from the slopes q = X'r of the loss: the best over s of
//
//   D(s) = s linear - s^2/2 quadratic - sum_u c_u(s t_u),   0 <= s <= most,   t_u = |D_u^-1 q_u|_2
//
// with c_u(t) = max(t - l1_u, 0)^2 / (2 l2_u), the conjugate of what unit u adds to the penalty;
// where l2_u = 0, s t_u is at most l1_u. For the squared loss linear = y'r, quadratic = |r|^2, and
// D(s) is the dual objective at s r; for a loss whose negative conjugate is concave and zero at
// zero, linear is its value at r and most is 1. For a unit that is not penalised, which would ask
// for t_u = 0, c_u is t_u times twice what |b_u| may be, |b_u| + |q_u| / |x_u|^2: near the optimum
// a bound, far from it an estimate. b, xx and q are indexed as the penalty's variables.
// O(variables).
DualBound BestDualBound(const Penalty& penalty,
                        const double* b,
                        const double* q,
                        const double* xx,
                        double linear,
                        double quadratic,
                        double most);

}  // namespace strads::lasso
