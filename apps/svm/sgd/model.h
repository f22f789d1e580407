#pragma once

#include <strads/report.h>

#include <cstdint>
#include <span>

#include "apps/svm/class_weights.h"
#include "apps/svm/model.h"
#include "apps/svm/sgd/messages.h"
#include "apps/svm/sgd/options.h"

namespace strads::sgd {

// Owns the weights. The gradients (shrink_p, change_p) that are pulled together count by their
// shards' shares of the rows, s_p = n_p / n:
//
//   w = w + sum_p s_p ((shrink_p - 1) w + change_p)
//
// If all workers started from this w (bsp) that is the average of their weights (McDonald et al.,
// HLT 2010); with a single clock of all passes, that of Zinkevich et al. (NIPS 2010).
class Model : public svm::SvmModel {
 public:
  Model() = default;
  explicit Model(const Options& options);

  void Begin(std::span<const Start> starts);
  void Pull(std::span<const Gradient> gradients);
  const Parameters& parameters() const { return parameters_; }
  // With --average the average of w after pull k = 1, 2, ..., each counted k times (Lacoste-Julien,
  // Schmidt and Bach, 2012); else w.
  Parameters Answer() const;
  strads::Report Report() const;

 private:
  void MakeClass();
  const Eigen::VectorXd& weights() const { return options_.average ? average_ : parameters_.w; }

  Options options_;
  svm::ClassWeights class_weights_;
  int64_t rows_ = 0;
  int64_t visits_ = 0;
  int64_t average_pulls_ = 0;
  Parameters parameters_;
  Eigen::VectorXd average_;
};

}  // namespace strads::sgd
