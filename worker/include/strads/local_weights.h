#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "strads/output_losses.h"
#include "strads/weight_change.h"

namespace strads {

// A worker's weights w = scale v of K outputs, K numbers for each feature, one after the other, so
// that shrinking all of them costs O(1), and K constants that are never shrunk, with books on what
// has changed since Begin: w = shrink w_begin + change, `change` being zero but for features that
// were met. Of rows that are centred at m it is scale (v_k - shift_k m) that w_k is, so that a step
// along x_i - m does not touch every feature.
class LocalWeights {
 public:
  // As many outputs as constants. O(size).
  void Reset(const Eigen::VectorXd& w, const Eigen::VectorXd& constants = Eigen::VectorXd::Zero(1));
  int64_t outputs() const { return outputs_; }
  int64_t features() const { return v_.size() / outputs_; }

  void Begin();
  // w *= factor, 0 < factor <= 1. O(1).
  void Shrink(double factor);
  double scale() const { return scale_; }
  double* v() { return v_.data(); }
  double* constants() { return constants_.data(); }
  Eigen::VectorXd& shifts() { return shifts_; }
  // v_k -= shift_k m, shift_k = 0. O(size); `change` knows nothing of it, unless all features have
  // been touched.
  void FoldShifts(const Eigen::VectorXd& m);
  // Before v of this feature is changed; `outputs` says how many there are (output_losses.h). Not
  // by several threads.
  template <class Outputs>
  void Touch(const Outputs& outputs, int32_t feature) {
    int32_t& mark = marks_[static_cast<size_t>(feature)];
    if (mark == begun_) return;
    mark = begun_;
    touched_[static_cast<size_t>(met_)] = feature;
    const int64_t at = met_++ * outputs.count(), first = feature * outputs.count();
    for (int64_t k = 0; k < outputs.count(); ++k)
      before_[static_cast<size_t>(at + k)] = v_[first + k];
  }

  // Before any of v is changed, by whomever. O(size).
  void TouchAll() {
    for (int32_t j = 0; j < features(); ++j) Touch(ManyOutputs(outputs_), j);
  }

  double shrink() const { return shrink_; }
  Eigen::VectorXd constant_changes() const { return constants_ - constants_before_; }
  // O(weights of features met), or O(size) if they are many.
  WeightChange Change() const;

 private:
  int64_t outputs_ = 1;
  Eigen::VectorXd v_;
  double scale_ = 1;
  double begin_scale_ = 1;
  double shrink_ = 1;
  Eigen::VectorXd constants_;
  Eigen::VectorXd constants_before_;
  Eigen::VectorXd shifts_;
  int32_t begun_ = 0;
  std::vector<int32_t> marks_;  // of features
  // As long as the weights, so that a touch needs to grow nothing: the first met_ features, and v
  // of those.
  int32_t met_ = 0;
  std::vector<int32_t> touched_;
  std::vector<double> before_;
};

}  // namespace strads
