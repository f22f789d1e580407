#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace strads {

// Weights of K outputs: K numbers for each feature, one after the other, so that a visit of a row
// reads and writes runs of memory, however many outputs there are.

// m.w_k for each output k. O(K size of m).
inline Eigen::VectorXd ProductsOf(const Eigen::VectorXd& m, const double* w, int64_t outputs) {
  Eigen::VectorXd products(outputs);
  if (outputs == 1) {  // contiguous: several at once
    products[0] = m.dot(Eigen::Map<const Eigen::VectorXd>(w, m.size()));
  } else {
    products.noalias() = Eigen::Map<const Eigen::MatrixXd>(w, outputs, m.size()) * m;
  }
  return products;
}

// w_k += by_k m. O(K size of m).
inline void AddToEach(const Eigen::VectorXd& by,
                      const Eigen::Ref<const Eigen::VectorXd>& m,
                      double* w) {
  if (by.size() == 1)
    Eigen::Map<Eigen::VectorXd>(w, m.size()) += by[0] * m;
  else
    Eigen::Map<Eigen::MatrixXd>(w, by.size(), m.size()).noalias() += by * m.transpose();
}

// f_k = x_i.w_k + bias (weight k of the feature that follows those of x). O(K entries of the row).
template <class Outputs, class Rows>
void FittedOf(const Outputs& outputs,
              const Rows& x,
              int64_t i,
              const double* w,
              double bias,
              const double* bias_weights,
              double* __restrict f) {
  if constexpr (Outputs::kIsOne) {
    f[0] = x.Dot(i, w);
  } else {
    for (int64_t k = 0; k < outputs.count(); ++k) f[k] = 0;
    x.ForEach(i, [&](int32_t j, double value) {
      const double* const own = w + j * outputs.count();
      for (int64_t k = 0; k < outputs.count(); ++k) f[k] += value * own[k];
    });
  }
  if (bias == 0) return;
  for (int64_t k = 0; k < outputs.count(); ++k) f[k] += bias * bias_weights[k];
}

// w_k += by_k x_i, after touch(j) of each of the row's features. O(K entries of the row).
template <class Outputs, class Rows, class Touch>
void AddRow(const Outputs& outputs,
            const Rows& x,
            int64_t i,
            const double* __restrict by,
            double* w,
            Touch&& touch) {
  if constexpr (Outputs::kIsOne) {
    const double own = by[0];
    x.ForEach(i, [&](int32_t j, double value) {
      touch(j);
      w[j] += own * value;
    });
  } else {
    x.ForEach(i, [&](int32_t j, double value) {
      touch(j);
      double* const own = w + j * outputs.count();
      for (int64_t k = 0; k < outputs.count(); ++k) own[k] += by[k] * value;
    });
  }
}

}  // namespace strads
