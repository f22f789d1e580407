#pragma once

#include <strads/program.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "coordinator/engine_state.h"
#include "coordinator/wire/clock.h"

namespace strads {

// The objective, if it is known: not while a worker's loss is kUnknownLoss.
struct Objective {
  Objective(std::span<const double> losses, double penalty);

  bool measured;
  double value;
};

// What a round came to.
struct RoundResult {
  int64_t round = 0;
  double objective = 0;
  bool measured = true;  // the objective
  Report report;         // of the model after the round
};

// Schedule, push, pull, sync: decides, from what has arrived, what happens next. Knows rounds and
// ranks, and neither transports nor apps.
//
// With staleness s, lookahead l and S schedulers, round t is
//   planned  by scheduler t mod S, once the updates of rounds <= t-1-l-s are fed back,
//   pushed   once the updates of rounds <= t-1-s are in, after exactly those; a fenced round and
//            the one after it once those of <= t-1 are in,
//   pulled   once all partials of t and the updates of rounds <= t-1 are in, in rank order,
// so every role sees a sequence that does not depend on timing: a run is repeatable to the bit for
// a given number of workers and schedulers, staleness and lookahead. Round 0 is synced before round
// 1 is pushed, and fed back before it is planned, unless plans need no update.
class Engine final : public EngineState {
 public:
  // Where the engine's decisions go.
  class Outlet {
   public:
    virtual ~Outlet() = default;
    // Give `feedback` to scheduler `index` and have it plan `round`; the plan comes to OnPlan,
    // which may be called from within.
    virtual void RequestPlan(int index, int64_t round, const std::vector<Bytes>& feedback) = 0;
    // Have every worker sync all parts but the last, which are updates, and push the last, a plan.
    virtual void Push(int64_t round, std::vector<Bytes> updates_and_plan) = 0;
    // All workers have done their share of a round that they extend.
    virtual void Release(int64_t round) = 0;
    // A round is complete. Return true to end the run here.
    virtual bool OnRound(const RoundResult& result) = 0;
  };

  struct Shape {
    int workers = 1;
    int schedulers = 1;
    int staleness = 0;
    int lookahead = 0;
    int64_t max_rounds = 0;          // none beyond is planned or pushed; 0: no bound
    bool plans_at_any_time = false;  // Planning::kAtAnyTime
  };

  // All must outlive it.
  Engine(ModelRole& model, const Shape& shape, const wire::Clock& clock, Outlet& outlet);

  // Does all that can be done now. Call it first, and after every OnPlan and OnPartial.
  void Advance();
  void OnPlan(int64_t round, Bytes plan, bool fence);
  // The worker has done its share of the round and extends it until all have.
  void OnDone(int rank, int64_t round);
  // `loss` is the worker's before the push.
  void OnPartial(int rank, int64_t round, Bytes partial, double loss);

  // From OnRound: no round after this one is pushed.
  void EndAfter(int64_t round) { shape_.max_rounds = round + 1; }
  // From OnRound: whether that round was fenced, so that none after it is under way.
  bool WasFenced() const { return after_fence_ && pushed_ == pulled_; }

  bool stopped() const { return stopped_; }
  int64_t rounds() const override { return pulled_; }
  // The updates that workers have not been sent yet, oldest first.
  std::vector<Bytes> UnsentUpdates() const;
  // The oldest round that workers are at, when it was pushed, and who has not answered it.
  bool HasOpenRound() const override { return pushed_ > pulled_; }
  wire::Time OldestPush() const override { return open_.front().pushed_at; }
  // Who has not answered the oldest push.
  std::vector<int> MissingRanks() const;
  // The first plan that is asked for and not there.
  struct Awaited {
    int64_t round = 0;
    wire::Time since{0};
  };
  std::optional<Awaited> AwaitedPlan() const;
  // How long all workers had nothing to do, for pulls and plans that were not ready.
  wire::Time idle() const override { return idle_; }
  // The part of it when there was nothing to push: for a plan.
  wire::Time waited_for_plans() const { return waited_for_plans_; }
  // How long RequestPlan itself made plans while workers were at a round.
  wire::Time planned_ahead() const { return planned_ahead_; }

 private:
  struct OpenRound {
    Bytes plan;
    std::vector<std::optional<Bytes>> partials;
    std::vector<double> losses;
    int missing = 0;
    std::vector<bool> done;
    int64_t updates_seen = 0;  // by the workers when they pushed
    wire::Time pushed_at{0};
  };
  struct PlannedRound {
    wire::Time requested_at{0};
    std::optional<Bytes> plan;  // once it is there
    bool fence = false;
  };

  bool IsBeyondTheLast(int64_t round) const {
    return shape_.max_rounds > 0 && round >= shape_.max_rounds;
  }
  bool TryPush();
  bool TryPull();
  bool TryRequestPlan();
  void ForgetOldUpdates();
  // The pushed round that worker `rank` speaks of. Throws ProtocolError if there is none.
  OpenRound& Open(int rank, int64_t round, const char* what);
  const Bytes& UpdateOf(int64_t round) const;

  ModelRole& model_;
  Shape shape_;
  const wire::Clock& clock_;
  Outlet& outlet_;
  const int64_t lead_;  // rounds by which plans run ahead of feedback

  int64_t requested_ = 0;           // rounds planned or being planned
  int64_t pushed_ = 0;              // rounds pushed
  int64_t pulled_ = 0;              // rounds pulled: the number of updates there are
  int64_t synced_ = 0;              // updates that were sent to workers
  std::vector<int64_t> fed_back_;   // updates sent to each scheduler
  std::deque<PlannedRound> plans_;  // requested and not yet pushed; front is round pushed_
  std::deque<OpenRound> open_;      // pushed and not yet pulled; front is round pulled_
  std::deque<Bytes> updates_;       // from round first_update_
  int64_t first_update_ = 0;
  std::deque<double> penalties_;  // after n updates, from n = first_penalty_
  int64_t first_penalty_ = 0;
  bool after_fence_ = false;  // the last round pushed was fenced
  bool stopped_ = false;
  wire::Time idle_since_ = wire::kNever;
  wire::Time idle_{0};
  wire::Time without_plan_since_ = wire::kNever;  // while all workers are idle
  wire::Time waited_for_plans_{0};
  wire::Time planned_ahead_{0};
};

}  // namespace strads
