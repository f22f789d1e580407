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
// worker has every block once. In the first they only count.
class Scheduler {
 public:
  // Throws UsageError if there are several: the order of rounds is one.
  Scheduler(const Options& options, Slice slice);

  Scheduled<Plan> Schedule();
  void Feedback(const Update&) {}

 private:
  // In which round of the epoch that begins each block is at its last worker.
  void FindLastVisits();

  const Options options_;
  const RotationSchedule rotation_;
  int64_t planned_ = 0;
  int64_t rotations_ = 0;  // rounds with blocks
  std::vector<int> last_step_of_block_;
};

}  // namespace strads::lda
