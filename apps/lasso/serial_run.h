#pragma once

#include <strads/dataset.h>

#include <functional>
#include <string>
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
  SerialRun(const Options& options, SummedRows rows, int threads);

  // To be solved for: each of the lambdas that `start` decides from the null model, from the one
  // before, to a relative gap of `tolerance`, or until nothing more is to be expected.
  void Follow(std::function<std::vector<double>(const Model&)> start,
              double tolerance,
              std::function<void(const Model&)> on_point);
  // Goes on by a round. False once all are solved for. Throws DataError if there is no null model.
  bool GoOn();
  const Model& model() const { return model_; }

 private:
  const std::string data_;  // its name
  bool is_done_ = false;
  size_t left_ = 0;     // lambdas
  int64_t rounds_ = 0;  // for this one
  Scheduler scheduler_;
  Worker worker_;
  Model model_;
};

}  // namespace strads::lasso
