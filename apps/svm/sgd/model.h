#pragma once

#include <strads/report.h>
#include <strads/slice.h>
#include <strads/weight_average.h>

#include <cstdint>
#include <limits>
#include <span>

#include "apps/svm/class_weights.h"
#include "apps/svm/model.h"
#include "apps/svm/sgd/messages.h"
#include "apps/svm/sgd/options.h"

namespace strads::sgd {

// Owns the weights, or a range of them: see WeightAverage (strads/weight_average.h).
class Model : public svm::SvmModel {
 public:
  Model() = default;
  explicit Model(const Options& options, Slice slice = {});

  void Begin(std::span<const Start> starts);
  void Pull(std::span<const LocalSteps> gradients);
  const Parameters& parameters() const { return parameters_; }
  Parameters Answer() const;
  void Collect(const Parameters& answer) { parameters_ = answer; }
  void Measured(std::span<const double> sums);
  void Finish();
  strads::Report Report() const;

 private:
  const Eigen::VectorXd& weights() const { return average_.Answer(parameters_.weights).w; }
  int64_t outputs() const { return labels.size() > 2 ? std::ssize(labels) : 1; }

  Options options_;
  Slice slice_;
  svm::ClassWeights class_weights_;
  int64_t workers_ = 0;
  int64_t rows_ = 0;
  Parameters parameters_;
  WeightAverage average_;
  double empty_objective_ = std::numeric_limits<double>::infinity();  // before it is measured
  double validation_accuracy_ = -1;                                   // likewise
};

}  // namespace strads::sgd
