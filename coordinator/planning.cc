#include "coordinator/planning.h"

namespace strads {
namespace {

// One scheduler then has a round to make a plan in, and one more for what a machine does besides.
constexpr int kRoundsAhead = 2;

int LookaheadOf(Planning planning, int schedulers) {
  if (planning == Planning::kOneByOne) return 0;
  if (schedulers > 0) return schedulers + 1;
  if (planning == Planning::kAtAnyTime) return 1;
  return planning == Planning::kBetweenRounds ? 0 : kRoundsAhead;
}

}  // namespace

Planning PlanningOf(const Program& program, const Bytes& app_options) {
  if (!program.plans_ahead) return Planning::kOneByOne;
  return program.planning ? program.planning(app_options) : Planning::kBetweenRounds;
}

RunOptions WithPlanning(Planning planning, RunOptions options, bool has_free_core) {
  if (options.lookahead < 0) options.lookahead = LookaheadOf(planning, options.schedulers);
  if (options.schedulers < 0)
    options.schedulers = planning == Planning::kBesideRounds && has_free_core ? 1 : 0;
  return options;
}

}  // namespace strads
