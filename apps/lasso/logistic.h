#pragma once

#include <Eigen/Core>
#include <algorithm>
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

// Some rows at once. Those that there are not count nothing, but have to be numbers.
struct LogisticRows {
  static constexpr Eigen::Index kRows = 32;
  using Values = Eigen::Array<double, kRows, 1>;
  Values sign = Values::Ones(), weight = Values::Ones(), eta = Values::Zero();
  Values loss, r, curvature, entropy;

  // What LogisticAt says of them, by Eigen's exponential and logarithm: several at once, and the
  // same on every processor.
  void Evaluate();
};

// use(i, row) for all rows in order: of the positive class where y > 0; `weights` empty: all 1.
template <class Use>
void ForEachLogistic(const Eigen::VectorXd& y,
                     const Eigen::VectorXd& weights,
                     const Eigen::VectorXd& eta,
                     const Use& use) {
  LogisticRows rows;
  for (Eigen::Index first = 0; first < eta.size(); first += LogisticRows::kRows) {
    const Eigen::Index count = std::min(LogisticRows::kRows, eta.size() - first);
    for (Eigen::Index k = 0; k < count; ++k) rows.sign[k] = y[first + k] > 0 ? 1 : -1;
    if (weights.size() > 0) rows.weight.head(count) = weights.segment(first, count).array();
    rows.eta.head(count) = eta.segment(first, count).array();
    rows.Evaluate();
    for (Eigen::Index k = 0; k < count; ++k)
      use(first + k, LogisticRow{rows.loss[k], rows.r[k], rows.curvature[k], rows.entropy[k]});
  }
}

}  // namespace strads::lasso
