#pragma once

#include <strads/dataset.h>

#include <functional>
#include <vector>

#include "apps/lasso/model.h"
#include "apps/lasso/options.h"
#include "apps/lasso/scheduler.h"
#include "apps/lasso/worker.h"

namespace strads::lasso {

// Trains in this thread on data in memory, with the roles of the app and without messages.
class SerialRun {
 public:
  SerialRun(const Options& options, Dataset data, int threads);

  // Solves for each of the lambdas that `start` decides from the null model, from the one before,
  // to a relative gap of `tolerance`, or until nothing more is to be expected.
  void Follow(std::function<std::vector<double>(const Model&)> start,
              double tolerance,
              std::function<void(const Model&)> on_point);
  const Model& model() const { return model_; }

 private:
  Scheduler scheduler_;
  Worker worker_;
  Model model_;
};

}  // namespace strads::lasso
