#include "strads/local_weights.h"

#include <algorithm>
#include <limits>

namespace strads {
namespace {

constexpr double kLeastScale = 1e-100;

}  // namespace

void LocalWeights::Reset(const Eigen::VectorXd& w, double constant) {
  v_ = w;
  constant_ = constant;
  shift_ = 0;
  scale_ = 1;
  marks_.resize(static_cast<size_t>(w.size()), 0);
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
  constant_before_ = constant_;
  touched_.clear();
  before_.clear();
}

void LocalWeights::FoldShift(const Eigen::VectorXd& m) {
  v_ -= shift_ * m;
  shift_ = 0;
}

void LocalWeights::Shrink(double factor) {
  scale_ *= factor;
  shrink_ *= factor;
}

WeightChange LocalWeights::Change() const {
  const double then = shrink_ * begin_scale_;
  const auto change = [&](size_t k) { return scale_ * v_[touched_[k]] - then * before_[k]; };
  WeightChange result;
  result.size = v_.size();
  if (12 * std::ssize(touched_) < 8 * v_.size()) {
    result.indices = touched_;
    result.values.resize(touched_.size());
    for (size_t k = 0; k < touched_.size(); ++k) result.values[k] = change(k);
  } else {
    result.values.assign(static_cast<size_t>(v_.size()), 0.0);
    for (size_t k = 0; k < touched_.size(); ++k)
      result.values[static_cast<size_t>(touched_[k])] = change(k);
  }
  return result;
}

}  // namespace strads
