#include "apps/lda/scheduler.h"

#include <strads/error.h>
#include <strads/index.h>

#include <string>

namespace strads::lda {

Scheduler::Scheduler(const Options& options, Slice slice)
    : options_(options),
      rotation_(options.workers, options.num_blocks(), static_cast<uint64_t>(options.seed)) {
  if (slice.count > 1)
    throw UsageError("--schedulers=" + std::to_string(slice.count) +
                     " is out of range, lda plans its rounds with at most one");
}

void Scheduler::Feedback(const Update& update) {
  if (update.phase == static_cast<int>(Phase::kCount)) epoch_ = update.first_epoch;
}

void Scheduler::FindVisits(int64_t epoch) {
  const int blocks = options_.num_blocks();
  first_step_of_block_.assign(Index(blocks), -1);
  last_step_of_block_.assign(Index(blocks), 0);
  first_owner_of_block_.assign(Index(blocks), 0);
  for (int step = 0; step < blocks; ++step) {
    const std::vector<int32_t> at = rotation_.At(epoch * blocks + step).block;
    for (size_t p = 0; p < at.size(); ++p) {
      const auto block = Index(at[p]);
      last_step_of_block_[block] = step;
      if (first_step_of_block_[block] >= 0) continue;
      first_step_of_block_[block] = step;
      first_owner_of_block_[block] = static_cast<int32_t>(p);
    }
  }
}

Scheduled<Plan> Scheduler::Schedule() {
  const int64_t round = planned_++;
  Plan plan;
  if (round < 2) {
    plan.phase = static_cast<int>(round == 0 ? Phase::kCount : Phase::kLoad);
    return {plan, true};
  }
  plan.phase = static_cast<int>(phase_);
  if (phase_ == Phase::kIdle) return plan;
  const int blocks = options_.num_blocks(), step = step_++;
  const bool starts = phase_ == Phase::kStart, completes = phase_ == Phase::kHeldOut;
  plan.epoch = epoch_;
  // Rounds for held-out documents are those of the epoch that follows, which begins as they do.
  const int64_t epoch = completes ? epoch_ + 1 : epoch_;
  if (step == 0) FindVisits(epoch);
  plan.rotation = rotation_.At(epoch * blocks + step);
  for (size_t p = 0; p < plan.rotation.block.size(); ++p) {
    const auto block = Index(plan.rotation.block[p]);
    const bool is_last = last_step_of_block_[block] == step;
    plan.last_visit.push_back(is_last ? 1 : 0);
    plan.rotation.first[p] = starts && first_step_of_block_[block] == step ? 1 : 0;
    if (completes && is_last) plan.rotation.next[p] = first_owner_of_block_[block];
  }
  plan.ends_epoch = step + 1 == blocks;
  const bool is_measured = starts || epoch_ % options_.every == 0 || epoch_ >= options_.epochs;
  plan.measures = !completes && is_measured;
  // After the last epoch it would no longer fit the likelihood that is reported.
  plan.fits_alpha = !completes && epoch_ > 0 && epoch_ < options_.epochs &&
                    options_.optimize_alpha > 0 && epoch_ % options_.optimize_alpha == 0;
  if (!plan.ends_epoch) return plan;
  // Nobody samples before all tokens are counted, or with an alpha of its own; documents are
  // completed with rows and totals of one moment.
  const bool fence = starts || completes || plan.fits_alpha || options_.MeasuresHeldOut(epoch_);
  GoOn();
  return {plan, fence};
}

void Scheduler::GoOn() {
  step_ = 0;
  if (phase_ != Phase::kHeldOut && options_.MeasuresHeldOut(epoch_)) {
    phase_ = Phase::kHeldOut;
    return;
  }
  phase_ = epoch_ < options_.epochs ? Phase::kSample : Phase::kIdle;
  ++epoch_;
}

}  // namespace strads::lda
