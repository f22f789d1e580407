#pragma once

#include <strads/labelled_rows.h>
#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <optional>

#include "apps/svm/sgd/local_sgd.h"
#include "apps/svm/sgd/local_weights.h"
#include "apps/svm/sgd/messages.h"
#include "apps/svm/sgd/options.h"
#include "apps/svm/sgd/training_rows.h"

namespace strads::sgd {

// Owns a shard of the data. It goes on from the parameters it is given and, for as long as there
// are no newer ones, from its own weights: it reads its own writes.
class Worker {
 public:
  Worker(const Options& options, Shard shard);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Start Describe() const;
  // local_epochs passes over the shard. Takes the rows of clock c wherever the clock before was
  // spent.
  Gradient Push(const Parameters& parameters, int64_t clock);
  // C sum_i c_i loss(y_i w.x_i), over the shard.
  double Loss(const Parameters& parameters);

 private:
  // Before the first push or loss: what is known of the whole data.
  void SetUp(const Parameters& parameters);

  const Options options_;
  const Shard shard_;
  ThreadPool pool_;
  LabelledRows data_;
  TrainingRows rows_;
  std::optional<LocalSgd> sgd_;
  LocalWeights weights_;
  int64_t read_ = -1;  // pulls in the parameters that it goes on from
};

}  // namespace strads::sgd
