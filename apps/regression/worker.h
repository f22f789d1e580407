#pragma once

#include <strads/labelled_rows.h>
#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "apps/regression/evaluator.h"
#include "apps/regression/messages.h"
#include "apps/regression/options.h"
#include "apps/regression/training_rows.h"

namespace strads::regression {

// Owns a shard of the data.
class Worker {
 public:
  Worker(const Options& options, Shard shard);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Partial Push(const Plan& plan);
  void Sync(const Update& update);
  double Loss() const { return evaluator_ ? evaluator_->loss() : kUnknownLoss; }

 private:
  Partial Gram(const WeightedRows& rows);
  Partial CountRows() const;
  Partial Look();
  Partial Evaluate();
  void Validate(Sums& sums) const;
  void SplitRows(const Update& update);
  void CheckWeights() const;

  const Options options_;
  const Shard shard_;
  ThreadPool pool_;
  LabelledRows data_;  // its x and y have gone to rows_ once rows are divided
  TrainingRows rows_;
  std::vector<int64_t> validation_;  // rows that are held out
  std::vector<double> validation_y_;
  int32_t num_classes_ = 0;
  std::optional<Evaluator> evaluator_;
  Update next_;  // the newest one
};

}  // namespace strads::regression
