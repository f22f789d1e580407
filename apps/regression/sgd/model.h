#pragma once

#include <strads/report.h>
#include <strads/slice.h>
#include <strads/weight_average.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/regression/model.h"
#include "apps/regression/sgd/messages.h"
#include "apps/regression/sgd/options.h"

namespace strads::regression::sgd {

// Owns the weights, or a range of them: see WeightAverage (strads/weight_average.h).
class Model : public RegressionModel {
 public:
  Model() = default;
  explicit Model(const Options& options, Slice slice = {});

  void Begin(std::span<const Partial> starts);
  void Pull(std::span<const LocalSteps> gradients);
  const Parameters& parameters() const { return parameters_; }
  Parameters Answer() const;
  void Collect(const Parameters& answer) { parameters_ = answer; }
  void Measured(std::span<const double> sums);
  void Finish();
  strads::Report Report() const;

 private:
  int64_t num_outputs() const { return labels.size() > 2 ? std::ssize(labels) : 1; }

  Options options_;
  Slice slice_;
  int64_t rows_ = 0;
  Parameters parameters_;
  std::vector<double> inverses_;  // 1 / d_j; empty: all are 1
  Eigen::VectorXd centre_;        // of features divided by d_j; empty without intercept
  int64_t workers_ = 0;
  WeightAverage average_;
  std::vector<double> measures_;  // the sums of the workers'
};

}  // namespace strads::regression::sgd
