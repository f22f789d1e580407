#pragma once

#include <strads/row_losses.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace strads::regression {

// The loss of one row at the fitted value f, and its derivative by f.
struct LossAt {
  double loss = 0;
  double slope = 0;
};

struct SquaredLoss : row_loss::Squared {
  LossAt operator()(double y, double f) const { return {Value(y, f), Slope(y, f)}; }
};

struct HuberLoss : row_loss::Huber {
  LossAt operator()(double y, double f) const { return {Value(y, f), Slope(y, f)}; }
};

// y is 1 or 0.
struct LogisticLoss : row_loss::Logistic {
  LossAt operator()(double y, double f) const {
    const double sign = y > 0 ? 1 : -1;
    return {Value(sign, f), Slope(sign, f)};
  }
};

// Some rows at once. Those that there are not count nothing, but have to be numbers.
struct RowBatch {
  static constexpr int kRows =
      32;  // few enough that rows are still in the cache when slopes are known
  using Values = Eigen::Array<double, kRows, 1>;
  Values y = Values::Zero(), f = Values::Zero();
  Values loss, slope;
};

// loss(y, f) of all rows.
template <class Loss>
void TakeLosses(const Loss& loss, RowBatch& batch) {
  for (int i = 0; i < RowBatch::kRows; ++i) {
    const LossAt at = loss(batch.y[i], batch.f[i]);
    batch.loss[i] = at.loss;
    batch.slope[i] = at.slope;
  }
}
// By Eigen's exponential and logarithm: several rows at once, and the same on every processor.
void TakeLosses(const LogisticLoss& loss, RowBatch& batch);

// log sum_k exp(f_k) - f_y of `classes` values, whose derivatives by f_k replace them.
inline double SoftmaxLoss(int32_t y, double* f, int64_t classes) {
  double largest = f[0];
  for (int64_t k = 1; k < classes; ++k) largest = std::max(largest, f[k]);
  const double own = f[y];
  double sum = 0;
  for (int64_t k = 0; k < classes; ++k) sum += f[k] = std::exp(f[k] - largest);
  for (int64_t k = 0; k < classes; ++k) f[k] /= sum;
  f[y] -= 1;
  return std::log(sum) + largest - own;
}

}  // namespace strads::regression
