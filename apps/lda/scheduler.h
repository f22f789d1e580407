#pragma once

#include <strads/app.h>
#include <strads/rotation_schedule.h>
#include <strads/slice.h>

#include <cstdint>
#include <vector>

#include "apps/lda/messages.h"
#include "apps/lda/options.h"

namespace strads::lda {

// Plans: counting words, loading, then epochs of as many rounds as there are blocks, in which every
// worker has every block once. In the first they only count; between two of them, or at the end,
// the blocks go round once more for the documents that are held out, and are back where they were.
class Scheduler {
 public:
  // Throws UsageError if there are several: the order of rounds is one.
  Scheduler(const Options& options, Slice slice);

  Scheduled<Plan> Schedule();
  void Feedback(const Update& update);

 private:
  // Where and when each block is in the rounds of an epoch.
  void FindVisits(int64_t epoch);
  // After the last round of an epoch.
  void GoOn();

  const Options options_;
  const RotationSchedule rotation_;
  int64_t planned_ = 0;
  Phase phase_ = Phase::kStart;  // of the rounds with blocks
  int epoch_ = 0;
  int step_ = 0;  // rounds of it that are planned
  std::vector<int> first_step_of_block_, last_step_of_block_;
  std::vector<int32_t> first_owner_of_block_;
};

}  // namespace strads::lda
