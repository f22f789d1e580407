#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "strads/row_losses.h"

namespace strads {

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

// How many fitted values a row has: one, which the compiler knows, so that loops over them cost
// nothing, or any number.
struct OneOutput {
  using Values = std::array<double, 1>;
  static constexpr bool kIsOne = true;
  static constexpr int64_t count() { return 1; }
  static constexpr Values Zeros() { return {0.0}; }
};

class ManyOutputs {
 public:
  using Values = std::vector<double>;
  static constexpr bool kIsOne = false;
  explicit ManyOutputs(int64_t count) : count_(count) {}
  int64_t count() const { return count_; }
  Values Zeros() const { return Values(static_cast<std::size_t>(count_), 0.0); }

 private:
  int64_t count_;
};

// visit(OneOutput or ManyOutputs).
template <class Visit>
decltype(auto) WithOutputs(int64_t outputs, Visit&& visit) {
  if (outputs == 1) return visit(OneOutput{});
  return visit(ManyOutputs(outputs));
}

// Losses of a row with target y at its K fitted values f, K = count(). Both members need f for
// themselves: ToSlopes leaves the derivatives by f_k there, Value nothing of use. `kCurvature` is a
// bound on the eigenvalues of the matrix of second derivatives.
namespace output_loss {

// One of row_losses.h, with its y.
template <class Loss>
struct Single : OneOutput {
  static constexpr double kCurvature = Loss::kCurvature;
  explicit Single(const Loss& of) : loss(of) {}
  double Value(double y, const double* f) const { return loss.Value(y, f[0]); }
  void ToSlopes(double y, double* f) const { f[0] = loss.Slope(y, f[0]); }
  Loss loss;
};

// sum_k loss(y_k, f_k), y_k = 1 if k is y, the number of the row's class, else -1. Each f_k has a
// problem of its own, and the second derivatives are those of one of them.
template <class Loss>
struct OneAgainstAll : ManyOutputs {
  static constexpr double kCurvature = Loss::kCurvature;
  using ManyOutputs::ManyOutputs;
  double Value(double y, const double* f) const {
    double sum = 0;
    for (int64_t k = 0; k < count(); ++k) sum += Loss{}.Value(SignOf(k, y), f[k]);
    return sum;
  }
  void ToSlopes(double y, double* f) const {
    for (int64_t k = 0; k < count(); ++k) f[k] = Loss{}.Slope(SignOf(k, y), f[k]);
  }

 private:
  static double SignOf(int64_t k, double y) { return k == static_cast<int64_t>(y) ? 1 : -1; }
};

// log sum_k exp(f_k) - f_y, y the number of the row's class. With p_k = exp(f_k) / sum_l exp(f_l)
// the second derivatives are diag(p) - p p', no more than 1/2 (Boehning, Ann. Inst. Stat. Math.
// 1992).
struct Softmax : ManyOutputs {
  static constexpr double kCurvature = 0.5;
  using ManyOutputs::ManyOutputs;
  double Value(double y, double* f) const {
    return SoftmaxLoss(static_cast<int32_t>(y), f, count());
  }
  void ToSlopes(double y, double* f) const { SoftmaxLoss(static_cast<int32_t>(y), f, count()); }
};

// visit(loss): of one output the row loss of that name, of more of them `softmax`, or the losses of
// classes by name, one against all.
template <class Visit>
decltype(auto) With(std::string_view name, double delta, int64_t outputs, Visit&& visit) {
  if (outputs == 1)
    return row_loss::With(name, delta, [&](auto loss) { return visit(Single(loss)); });
  if (name == "softmax") return visit(Softmax(outputs));
  if (name == "logistic") return visit(OneAgainstAll<row_loss::Logistic>(outputs));
  if (name == "squared_hinge") return visit(OneAgainstAll<row_loss::SquaredHinge>(outputs));
  return visit(OneAgainstAll<row_loss::Hinge>(outputs));
}

}  // namespace output_loss
}  // namespace strads
