#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "strads/weight_change.h"

namespace strads {

// A worker's weights w = scale v, so that shrinking all of them costs O(1), and a constant that is
// never shrunk, with books on what has changed since Begin: w = shrink w_begin + change, `change`
// being zero but for features that were met. Of rows that are centred at m it is scale (v - shift
// m) that w is, so that a step along x_i - m does not touch every feature.
class LocalWeights {
 public:
  // O(size).
  void Reset(const Eigen::VectorXd& w, double constant = 0);
  int64_t size() const { return v_.size(); }

  void Begin();
  // w *= factor, 0 < factor <= 1. O(1).
  void Shrink(double factor);
  double scale() const { return scale_; }
  double* v() { return v_.data(); }
  double& constant() { return constant_; }
  double& shift() { return shift_; }
  // v -= shift m, shift = 0. O(size); `change` knows nothing of it.
  void FoldShift(const Eigen::VectorXd& m);
  // Before v_j is changed. Not by several threads.
  void Touch(int32_t j) {
    int32_t& mark = marks_[static_cast<size_t>(j)];
    if (mark == begun_) return;
    mark = begun_;
    touched_.push_back(j);
    before_.push_back(v_[j]);
  }

  // Before any of v is changed, by whomever. O(size).
  void TouchAll() {
    for (int32_t j = 0; j < size(); ++j) Touch(j);
  }

  double shrink() const { return shrink_; }
  double constant_change() const { return constant_ - constant_before_; }
  // O(features met), or O(size) if they are many.
  WeightChange Change() const;

 private:
  Eigen::VectorXd v_;
  double scale_ = 1;
  double begin_scale_ = 1;
  double shrink_ = 1;
  double constant_ = 0;
  double constant_before_ = 0;
  double shift_ = 0;
  int32_t begun_ = 0;
  std::vector<int32_t> marks_;
  std::vector<int32_t> touched_;
  std::vector<double> before_;  // v of those
};

}  // namespace strads
