#pragma once

#include <strads/row_matrix.h>

#include <cstdint>
#include <span>
#include <vector>

namespace strads::svm {

// The rows of a shard that a model is trained on. Row t is row `rows[t]` of x, which outlives this,
// followed by the constant feature `bias` (0: none).
struct TrainingRows {
  const RowMatrix* x = nullptr;
  double bias = 0;
  std::vector<int64_t> rows = {};
  std::vector<int32_t> label = {};  // the number of the class
  std::vector<double> cost = {};    // C times the weights of the class and the row; more than 0

  int64_t size() const { return static_cast<int64_t>(rows.size()); }
  // Of a weight vector: one for each feature, and one for the constant.
  int64_t width() const { return x->num_cols() + (bias != 0 ? 1 : 0); }

  // Of row `row` of x, whose rows are borrowed as `of_x`, with its constant: x_i'w, and w += scale
  // x_i.
  template <class Rows>
  double Dot(const Rows& of_x, int64_t row, const double* w) const {
    const double dot = of_x.Dot(row, w);
    return bias != 0 ? dot + bias * w[x->num_cols()] : dot;
  }
  template <class Rows>
  void Add(const Rows& of_x, int64_t row, double scale, double* w) const {
    of_x.Add(row, scale, w);
    if (bias != 0) w[x->num_cols()] += scale * bias;
  }
  // |x_i|^2
  template <class Rows>
  double SquaredNorm(const Rows& of_x, int64_t row) const {
    double norm = bias * bias;
    of_x.ForEach(row, [&](int32_t, double value) { norm += value * value; });
    return norm;
  }
  // The upper triangle, by columns, of the sum of weight x_i x_i' over these rows of x. Costs what
  // RowGram does.
  std::vector<double> BlockOf(std::span<const int64_t> of, std::span<const double> weights) const;
};

}  // namespace strads::svm
