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

void LocalWeights::KeepOutputs(size_t at, int32_t feature) {
  const auto outputs = static_cast<size_t>(outputs_);
  std::copy_n(v_.data() + feature * outputs_, outputs, before_.data() + at * outputs);
}

void LocalWeights::Shrink(double factor) {
  scale_ *= factor;
  shrink_ *= factor;
}

WeightChange LocalWeights::Change() const {
  const double then = shrink_ * begin_scale_;
  const int64_t met = met_ * outputs_;
  const auto visit = [&](auto&& visit_change) {  // of (place among those met, weight, change)
    size_t at = 0;
    for (int64_t n = 0; n < met_; ++n) {
      const int64_t first = touched_[static_cast<size_t>(n)] * outputs_;
      for (int64_t j = first; j < first + outputs_; ++j, ++at)
        visit_change(at, j, scale_ * v_[j] - then * before_[at]);
    }
  };
  WeightChange result;
  result.size = v_.size();
  if (12 * met < 8 * v_.size()) {
    result.indices.resize(static_cast<size_t>(met));
    result.values.resize(static_cast<size_t>(met));
    visit([&](size_t at, int64_t j, double change) {
      result.indices[at] = static_cast<int32_t>(j);
      result.values[at] = change;
    });
  } else {
    result.values.assign(static_cast<size_t>(v_.size()), 0.0);
    visit(
        [&](size_t, int64_t j, double change) { result.values[static_cast<size_t>(j)] = change; });
  }
  return result;
}

}  // namespace strads
