#pragma once

#include <strads/row_losses.h>

#include <Eigen/Core>

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

}  // namespace strads::regression
