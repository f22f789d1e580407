#pragma once

#include <cmath>

namespace strads::lasso {

// No row has more curvature than this by its weight.
inline constexpr double kLogisticCurvature = 0.25;

// One row's logistic loss w log(1 + exp(-s eta)), s = 1 if it is of the positive class and -1 if
// not, at the fitted value eta.
struct LogisticRow {
  double loss = 0;
  double r = 0;          // minus its derivative: w (1{positive} - probability)
  double curvature = 0;  // its second derivative: w probability (1 - probability)
  double entropy = 0;    // w H(probability), H(p) = -p log p - (1 - p) log(1 - p): minus the convex
                         // conjugate of the loss at -r
};

inline LogisticRow LogisticAt(bool positive, double weight, double eta) {
  const double e = std::exp(-std::abs(eta)), log_term = std::log1p(e);
  const double likely = 1 / (1 + e), unlikely = e / (1 + e);
  const double probability = eta >= 0 ? likely : unlikely;
  const bool agrees = positive == (eta >= 0);
  return {weight * (agrees ? log_term : log_term + std::abs(eta)),
          weight * (positive ? (eta >= 0 ? unlikely : likely) : -probability),
          weight * likely * unlikely, weight * (log_term + std::abs(eta) * unlikely)};
}

}  // namespace strads::lasso
