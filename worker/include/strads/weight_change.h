#pragma once

#include <strads/fields.h>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "strads/error.h"

namespace strads {

// A vector on its way: its non-zeros (12 bytes each) where that is smaller than all of it (8 bytes
// each).
struct WeightChange {
  int64_t size = 0;              // of the vector
  std::vector<int32_t> indices;  // empty: `values` are all, or all are zero
  std::vector<double> values;

  static WeightChange Of(std::vector<double> dense) {
    size_t nonzeros = 0;
    for (const double value : dense) nonzeros += value != 0;
    if (nonzeros > 0 && 12 * nonzeros >= 8 * dense.size()) return All(std::move(dense));
    WeightChange change;
    change.size = static_cast<int64_t>(dense.size());
    if (nonzeros == 0) return change;
    // Written whether it is zero or not, to a place that stays the same if it is: no branch.
    change.indices.resize(nonzeros + 1);
    change.values.resize(nonzeros + 1);
    size_t k = 0;
    for (size_t j = 0; j < dense.size(); ++j) {
      change.indices[k] = static_cast<int32_t>(j);
      change.values[k] = dense[j];
      k += dense[j] != 0;
    }
    change.indices.pop_back();
    change.values.pop_back();
    return change;
  }

  // For what has few zeros: looks for none.
  static WeightChange All(std::vector<double> dense) {
    WeightChange change;
    change.size = static_cast<int64_t>(dense.size());
    change.values = std::move(dense);
    return change;
  }

  // Whether it fits a vector of so many numbers.
  bool Fits(size_t count) const {
    if (indices.empty()) return values.empty() || values.size() == count;
    if (indices.size() != values.size()) return false;
    for (const int32_t j : indices) {
      if (j < 0 || static_cast<size_t>(j) >= count) return false;
    }
    return true;
  }

  // The elements [first, last). O(non-zeros), or O(the elements).
  WeightChange PartOf(int64_t first, int64_t last) const {
    WeightChange part;
    part.size = last - first;
    if (indices.empty()) {
      if (!values.empty()) part.values.assign(values.begin() + first, values.begin() + last);
      return part;
    }
    for (size_t k = 0; k < indices.size(); ++k) {
      if (indices[k] < first || indices[k] >= last) continue;
      part.indices.push_back(static_cast<int32_t>(indices[k] - first));
      part.values.push_back(values[k]);
    }
    return part;
  }

  // w += scale times this, which fits.
  void AddTo(std::span<double> w, double scale = 1) const {
    if (indices.empty()) {
      for (size_t j = 0; j < values.size(); ++j) w[j] += scale * values[j];
    } else {
      for (size_t k = 0; k < indices.size(); ++k)
        w[static_cast<size_t>(indices[k])] += scale * values[k];
    }
  }

  STRADS_FIELDS(size, indices, values)
};

// Throws DataError, naming the data, if the weights of so many features and outputs are more than
// their numbers in a WeightChange can tell apart.
inline void RequireNumbered(const std::string& data, int64_t features, int64_t outputs) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max() - 1;
  if (features <= kMost / outputs) return;
  throw DataError(data + ": " + std::to_string(features) + " features of " +
                  std::to_string(outputs) + (outputs == 1 ? " output" : " classes") +
                  ", expected at most 2^31 - 2 weights");
}

}  // namespace strads
