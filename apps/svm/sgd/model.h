#pragma once

#include <strads/report.h>

#include <cstdint>
#include <span>

#include "apps/svm/class_weights.h"
#include "apps/svm/model.h"
#include "apps/svm/sgd/messages.h"
#include "apps/svm/sgd/options.h"

namespace strads::sgd {

// Owns the weights: see WeightAverage (strads/local_sgd.h).
class Model : public svm::SvmModel {
 public:
  Model() = default;
  explicit Model(const Options& options);

  void Begin(std::span<const Start> starts);
  void Pull(std::span<const LocalSteps> gradients);
  const Parameters& parameters() const { return parameters_; }
  Parameters Answer() const;
  strads::Report Report() const;

 private:
  void MakeClass();
  const Eigen::VectorXd& weights() const { return average_.Answer(parameters_.weights).w; }

  Options options_;
  svm::ClassWeights class_weights_;
  int64_t rows_ = 0;
  Parameters parameters_;
  WeightAverage average_;
};

}  // namespace strads::sgd
