#pragma once

#include <algorithm>

namespace strads {

// The best value of the lasso's dual at a multiple of the residual r:
//
//   max_s D(s r)  such that |s X'r|_inf <= lambda,   D(u) = y'u - 1/2 |u|^2
//
// from yr = y'r, rr = |r|^2 and steepest = |X'r|_inf. It is at most P(b) = 1/2 |y - X b|^2 + lambda
// |b|_1 for every b, and P(b) itself at the optimum's residual (Kim et al., 2007).
constexpr double LassoDual(double yr, double rr, double steepest, double lambda) {
  if (!(rr > 0)) return 0;
  double s = yr / rr;
  if (steepest > 0) s = std::clamp(s, -lambda / steepest, lambda / steepest);
  return s * yr - 0.5 * s * s * rr;
}

}  // namespace strads
