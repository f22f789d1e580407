#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "strads/data_parallel.h"
#include "strads/fields.h"
#include "strads/slice.h"
#include "strads/weight_change.h"

namespace strads {

// What travels of a linear model of K outputs that workers train by steps of their own. Weights are
// K numbers for each feature, one after the other.

// The weights [first, second) that a holder has, of so many: all K of a feature, or none.
inline std::pair<int64_t, int64_t> RangeOfWeights(Slice slice, int64_t weights, int64_t outputs) {
  const auto [first, last] = slice.RangeOf(weights / outputs);
  return {first * outputs, last * outputs};
}

// Weights as workers read them.
struct SharedWeights {
  Eigen::VectorXd w;
  Eigen::VectorXd constants = Eigen::VectorXd::Zero(1);  // K
  int64_t pulls = 0;  // LocalSteps that are in them; of joined parts, the sum

  // All zero, those of a holder, of so many features. Throws DataError, naming the data, if there
  // are too many of them to be numbered.
  static SharedWeights Zeros(Slice slice,
                             int64_t features,
                             int64_t outputs,
                             const std::string& data);

  int64_t outputs() const { return constants.size(); }
  // For rows that are not centred, given where these are: constant_k - centre.w_k. An empty centre
  // is 0. O(size).
  Eigen::VectorXd ConstantsWithout(const Eigen::VectorXd& centre) const;

  // The `weights` of parts that holders have. Each has constants of its own: those of the first are
  // taken.
  template <class Parameters>
  static SharedWeights Join(std::span<const Parameters> parts) {
    SharedWeights whole;
    whole.w = JoinParts(
        parts, [](const Parameters& part) -> const Eigen::VectorXd& { return part.weights.w; });
    whole.constants = parts.front().weights.constants;
    for (const Parameters& part : parts) whole.pulls += part.weights.pulls;
    return whole;
  }

  STRADS_FIELDS(w, constants, pulls)
};

// What some steps have made of a worker's weights: shrink w_k + change_k - centre_change_k centre,
// and constant_k + constant_change_k.
struct LocalSteps {
  int32_t rank = 0;
  int64_t shard_rows = 0;
  int64_t visits = 0;  // of rows
  double shrink = 1;
  Eigen::VectorXd constant_changes = Eigen::VectorXd::Zero(1);  // K
  Eigen::VectorXd centre_changes = {};                          // K; empty: rows are not centred
  WeightChange change = {};  // sparse where few features were met

  // For a holder of a part of the weights.
  LocalSteps PartOf(Slice slice) const;
  // Of so many weights.
  bool Fit(const SharedWeights& weights) const;

  STRADS_FIELDS(rank, shard_rows, visits, shrink, constant_changes, centre_changes, change)
};

}  // namespace strads
