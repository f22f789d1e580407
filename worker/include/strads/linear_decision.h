#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "strads/row_matrix.h"

namespace strads {

// What weights say of a row: one value for two classes of one problem (positive: class 1), else one
// for each class (the largest wins, the first of equal ones). Without classes, one value.
struct LinearDecision {
  std::vector<const double*> weights = {};  // borrowed, of each problem
  int32_t num_classes = 2;
  bool is_joint = false;  // one vector for all, num_classes numbers for one feature after the other
  int64_t num_features = 0;
  double bias = 0;  // the constant feature

  int64_t num_values() const {
    return is_joint ? num_classes : static_cast<int64_t>(weights.size());
  }

  // Features beyond num_features are left out. O(entries of the row times num_values()).
  void Values(const RowMatrix& x, int64_t row, std::span<double> values) const {
    const auto stride = is_joint ? int64_t{num_classes} : int64_t{1};
    const auto weight = [&](size_t k, int64_t j) {
      return is_joint ? weights[0][j * stride + static_cast<int64_t>(k)] : weights[k][j];
    };
    for (size_t k = 0; k < values.size(); ++k)
      values[k] = bias != 0 ? bias * weight(k, num_features) : 0;
    x.With([&](const auto& rows) {
      rows.ForEach(row, [&](int32_t j, double value) {
        if (j >= num_features) return;
        for (size_t k = 0; k < values.size(); ++k) values[k] += value * weight(k, j);
      });
    });
  }

  int32_t ClassOf(std::span<const double> values) const {
    if (values.size() == 1) return values[0] > 0 ? 1 : 0;
    return static_cast<int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
  }

  // num_values() numbers for each row of x. O(entries of x times num_values()), over the threads.
  std::vector<double> AllValues(const RowMatrix& x, ThreadPool& pool) const;

  // Of each row, given AllValues.
  std::vector<int32_t> Classes(std::span<const double> values) const;
};

}  // namespace strads
