#pragma once

#include <strads/app.h>

#include "apps/regression/messages.h"
#include "apps/regression/options.h"

namespace strads::regression {

// Hands out what the model found to be next: every round depends on the one before.
class Scheduler {
 public:
  Scheduler(const Options& /*options*/, Slice /*slice*/) {}
  Scheduled<Plan> Schedule() { return {next_, /*f=*/true}; }
  void Feedback(const Update& update) { next_ = update.next; }

 private:
  Plan next_;  // of the first round: Phase::kRows
};

}  // namespace strads::regression
