#include "strads/local_steps.h"

#include <algorithm>

#include "strads/index.h"
#include "worker/output_weights.h"

namespace strads {

SharedWeights SharedWeights::Zeros(Slice slice,
                                   int64_t features,
                                   int64_t outputs,
                                   const std::string& data) {
  RequireNumbered(data, features, outputs);
  const auto [first, last] = RangeOfWeights(slice, features * outputs, outputs);
  return {.w = Eigen::VectorXd::Zero(last - first), .constants = Eigen::VectorXd::Zero(outputs)};
}

Eigen::VectorXd SharedWeights::ConstantsWithout(const Eigen::VectorXd& centre) const {
  if (centre.size() == 0) return constants;
  return constants - ProductsOf(centre, w.data(), outputs());
}

LocalSteps LocalSteps::PartOf(Slice slice) const {
  const int64_t outputs = std::max<int64_t>(1, constant_changes.size());
  const auto [first, last] = RangeOfWeights(slice, change.size, outputs);
  return {.rank = rank,
          .shard_rows = shard_rows,
          .visits = visits,
          .shrink = shrink,
          .constant_changes = constant_changes,
          .centre_changes = centre_changes,
          .change = change.PartOf(first, last)};
}

bool LocalSteps::Fit(const SharedWeights& weights) const {
  return change.Fits(Index(weights.w.size())) && constant_changes.size() == weights.outputs() &&
         (centre_changes.size() == 0 || centre_changes.size() == weights.outputs());
}

}  // namespace strads
