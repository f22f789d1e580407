#include "apps/mf/scheduler.h"

#include <strads/error.h>

#include <utility>

namespace strads::mf {
namespace {

Plan PlanOf(Phase phase) {
  Plan plan;
  plan.phase = static_cast<int>(phase);
  return plan;
}

}  // namespace

Scheduler::Scheduler(const Options& options, Slice slice) : options_(options) {
  if (slice.count > 1)
    throw UsageError("--schedulers=" + std::to_string(slice.count) +
                     " is out of range, mf plans its rounds with at most one");
  if (options.uses_blocks())
    rotation_.emplace(options.workers, options.num_blocks(), static_cast<uint64_t>(options.seed));
}

Scheduled<Plan> Scheduler::Schedule() {
  const int64_t round = planned_++;
  if (round == 0) return PlanOf(Phase::kNames);
  if (round == 1) return {PlanOf(Phase::kLoad), true};
  if (round == 2 && options_.implicit) return {PlanOf(Phase::kGram), true};
  if (ended_) return PlanOf(Phase::kIdle);
  if (rotation_) return NextOfSgd();
  return {NextOfCcd(), true};
}

Plan Scheduler::NextOfSgd() {
  // Only whole cycles show every worker every block.
  if (stop_ && step_ == 0) {
    phase_ = Phase::kMeasure;
    is_last_ = true;
  }
  Plan plan = PlanOf(phase_);
  plan.epoch = epoch_;
  plan.rotation = rotation_->At(rotations_++);
  plan.rotation.extend = options_.fugue && phase_ == Phase::kSgd;
  plan.is_last = is_last_;
  plan.ends_epoch = ++step_ == options_.num_blocks();
  if (!plan.ends_epoch) return plan;
  step_ = 0;
  if (phase_ == Phase::kMeasure) {
    ended_ = is_last_;
    phase_ = Phase::kSgd;
    ++epoch_;
  } else if (epoch_ + 1 == options_.num_epochs()) {
    phase_ = Phase::kMeasure;
    is_last_ = true;
  } else if (options_.validates()) {
    phase_ = Phase::kMeasure;
  } else {
    ++epoch_;
  }
  return plan;
}

Plan Scheduler::NextOfCcd() {
  if (stop_) return PlanOf(Phase::kIdle);
  Plan plan = PlanOf(Phase::kColumn);
  plan.epoch = epoch_;
  if (half_done_) {
    plan.phase = static_cast<int>(Phase::kItemColumn);
    plan.factor = factor_;
    plan.inner = inner_;
    half_done_ = false;
    return plan;
  }
  const bool finished_factor = begun_ && !pays_;
  if (finished_factor && factor_ == options_.rank - 1) {
    plan.phase = static_cast<int>(Phase::kMeasureColumns);
    plan.ends_epoch = true;
    begun_ = false;
    ++epoch_;
    return plan;
  }
  if (!begun_) {
    factor_ = FirstFactor();
    inner_ = 0;
  } else if (finished_factor) {
    factor_ = factor_ == options_.rank ? 0 : factor_ + 1;
    inner_ = 0;
  } else {
    ++inner_;
  }
  begun_ = true;
  half_done_ = options_.implicit;
  plan.factor = factor_;
  plan.inner = inner_;
  return plan;
}

void Scheduler::Feedback(const Update& update) {
  pays_ = update.pays;
  stop_ = stop_ || update.stop;
}

}  // namespace strads::mf
