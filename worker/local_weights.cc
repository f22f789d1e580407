#include "strads/local_weights.h"

#include <algorithm>
#include <limits>

#include "worker/output_weights.h"

namespace strads {
namespace {

constexpr double kLeastScale = 1e-100;

}  // namespace

void LocalWeights::Reset(const Eigen::VectorXd& w, const Eigen::VectorXd& constants) {
  outputs_ = constants.size();
  v_ = w;
  constants_ = constants;
  shifts_.setZero(outputs_);
  scale_ = 1;
  marks_.resize(static_cast<size_t>(features()), 0);
  touched_.resize(marks_.size());
  before_.resize(static_cast<size_t>(v_.size()));
}

void LocalWeights::Begin() {
  if (scale_ < kLeastScale || begun_ == std::numeric_limits<int32_t>::max()) {
    v_ *= scale_;
    scale_ = 1;
    begun_ = 0;
    std::ranges::fill(marks_, 0);
  }
  ++begun_;
  begin_scale_ = scale_;
  shrink_ = 1;
  constants_before_ = constants_;
  met_ = 0;
}

void LocalWeights::FoldShifts(const Eigen::VectorXd& m) {
  AddToEach(-shifts_, m, v_.data());
  shifts_.setZero();
}

void LocalWeights::Shrink(double factor) {
  scale_ *= factor;
  shrink_ *= factor;
}

WeightChange LocalWeights::Change() const {
  const double then = shrink_ * begin_scale_;
  const int64_t met = met_ * outputs_;
  WeightChange result;
  result.size = v_.size();
  const bool is_sparse = 12 * met < 8 * v_.size();
  if (is_sparse) result.indices.resize(static_cast<size_t>(met));
  result.values.resize(static_cast<size_t>(is_sparse ? met : v_.size()), 0.0);
  WithOutputs(outputs_, [&](const auto& outputs) {
    size_t at = 0;
    for (int32_t n = 0; n < met_; ++n) {
      const int64_t first = touched_[static_cast<size_t>(n)] * outputs.count();
      for (int64_t j = first; j < first + outputs.count(); ++j, ++at) {
        if (is_sparse) result.indices[at] = static_cast<int32_t>(j);
        result.values[is_sparse ? at : static_cast<size_t>(j)] =
            scale_ * v_[j] - then * before_[at];
      }
    }
  });
  return result;
}

}  // namespace strads
