#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/svm/weight_change.h"

namespace strads::sgd {

// A worker's weights w = scale v, so that shrinking all of them costs O(1), with books on what has
// changed since Begin: w = shrink w_begin + change, `change` being zero but for features that were
// met.
class LocalWeights {
 public:
  // O(size).
  void Reset(const Eigen::VectorXd& w);
  int64_t size() const { return v_.size(); }

  void Begin();
  // w *= factor, 0 < factor <= 1. O(1).
  void Shrink(double factor);
  double scale() const { return scale_; }
  double* v() { return v_.data(); }
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
  // O(features met), or O(size) if they are many.
  svm::WeightChange Change() const;

 private:
  Eigen::VectorXd v_;
  double scale_ = 1;
  double begin_scale_ = 1;
  double shrink_ = 1;
  int32_t begun_ = 0;
  std::vector<int32_t> marks_;
  std::vector<int32_t> touched_;
  std::vector<double> before_;  // v of those
};

}  // namespace strads::sgd
