#pragma once

#include <strads/app.h>
#include <strads/rotation_schedule.h>
#include <strads/slice.h>

#include <optional>

#include "apps/mf/messages.h"
#include "apps/mf/options.h"

namespace strads::mf {

// Plans: the names, the loading, then epochs. With sgd an epoch is as many rounds as there are
// blocks, and as many more to measure if there is a validation set; with ccd a round for each inner
// iteration over each factor, and one to measure. Once training is over, sgd's objective is
// measured for once exactly.
class Scheduler {
 public:
  // Throws UsageError if there are several: each round depends on the last.
  Scheduler(const Options& options, Slice slice);

  Scheduled<Plan> Schedule();
  void Feedback(const Update& update);

 private:
  Plan NextOfSgd();
  Plan NextOfCcd();
  int FirstFactor() const { return options_.biases ? options_.rank : 0; }

  const Options options_;
  std::optional<RotationSchedule> rotation_;
  int64_t planned_ = 0;
  int64_t rotations_ = 0;  // rounds with blocks
  Phase phase_ = Phase::kSgd;
  int epoch_ = 0;
  int step_ = 0;  // of the epoch's training or measuring
  int factor_ = 0, inner_ = 0;
  bool begun_ = false;      // ccd: there is a factor at hand
  bool half_done_ = false;  // implicit feedback: users' half of the inner iteration
  bool pays_ = false;
  bool stop_ = false;     // training is over
  bool is_last_ = false;  // the measuring under way is the last
  bool ended_ = false;
};

}  // namespace strads::mf
