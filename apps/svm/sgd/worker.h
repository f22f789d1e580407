#pragma once

#include <strads/labelled_rows.h>
#include <strads/local_sgd.h>
#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "apps/svm/sgd/messages.h"
#include "apps/svm/sgd/options.h"

namespace strads::sgd {

// Owns a shard of the data.
class Worker {
 public:
  Worker(const Options& options, Shard shard);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Start Describe() const;
  // local_epochs passes over the shard. Takes the rows of clock c wherever the clock before was
  // spent.
  const LocalSteps& Push(const Parameters& parameters, int64_t clock, const OwnClocks& own);
  // C sum_i c_i loss(y_i, f_i), over the shard.
  double Loss(const Parameters& parameters);
  // The loss of w = 0, and of the rows held out how many there are, and are put into their class.
  std::vector<double> Measures(const Parameters& parameters);

 private:
  // Before the first push or loss: what is known of the whole data.
  void SetUp(const Parameters& parameters);
  SgdSteps StepsOf(const Parameters& parameters) const;

  const Options options_;
  const Shard shard_;
  ThreadPool pool_;
  LabelledRows data_;
  std::vector<int64_t> validation_;  // rows that are held out
  SgdRows rows_;
  double step_ = 0;  // of the first rows
  std::optional<LocalSgd> sgd_;
};

}  // namespace strads::sgd
