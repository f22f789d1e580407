#pragma once

#include <strads/app.h>

namespace strads {

// The scheduler of an app whose rounds each depend on the one before: hands out the plan that the
// model put into the field `next` of its last update; a default Plan is that of the first round.
// Nothing can be planned ahead, so a run with a --staleness or with several --schedulers is
// refused.
template <class Options, class Plan, class Update>
class NextPlan {
 public:
  static constexpr bool kPlansAhead = false;

  NextPlan(const Options& /*options*/, Slice /*slice*/) {}
  Scheduled<Plan> Schedule() { return {next_, /*f=*/true}; }
  void Feedback(const Update& update) { next_ = update.next; }

 private:
  Plan next_;
};

}  // namespace strads
