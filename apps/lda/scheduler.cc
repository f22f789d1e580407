#include "apps/lda/scheduler.h"

#include <strads/error.h>

#include <string>

namespace strads::lda {

Scheduler::Scheduler(const Options& options, Slice slice)
    : options_(options),
      rotation_(options.workers, options.num_blocks(), static_cast<uint64_t>(options.seed)) {
  if (slice.count > 1)
    throw UsageError("--schedulers=" + std::to_string(slice.count) +
                     " is out of range, lda plans its rounds with at most one");
}

void Scheduler::FindLastVisits() {
  last_step_of_block_.assign(static_cast<size_t>(options_.num_blocks()), 0);
  for (int step = 0; step < options_.num_blocks(); ++step) {
    for (const int32_t block : rotation_.At(rotations_ + step).block)
      last_step_of_block_[static_cast<size_t>(block)] = step;
  }
}

Scheduled<Plan> Scheduler::Schedule() {
  const int64_t round = planned_++;
  Plan plan;
  plan.phase = static_cast<int>(round == 0 ? Phase::kCount : Phase::kLoad);
  if (round < 2) return {plan, true};
  const int64_t blocks = options_.num_blocks();
  const int64_t epoch = rotations_ / blocks;
  const auto step = static_cast<int>(rotations_ % blocks);
  if (epoch > options_.epochs) {
    plan.phase = static_cast<int>(Phase::kIdle);
    return plan;
  }
  plan.phase = static_cast<int>(epoch == 0 ? Phase::kStart : Phase::kSample);
  plan.epoch = static_cast<int>(epoch);
  plan.measures = epoch == 0 || epoch % options_.every == 0 || epoch == options_.epochs;
  if (step == 0) FindLastVisits();
  plan.rotation = rotation_.At(rotations_++);
  for (const int32_t block : plan.rotation.block)
    plan.last_visit.push_back(last_step_of_block_[static_cast<size_t>(block)] == step ? 1 : 0);
  plan.ends_epoch = step + 1 == blocks;
  // After the last epoch it would no longer fit the likelihood that is reported.
  plan.fits_alpha = epoch > 0 && epoch < options_.epochs && options_.optimize_alpha > 0 &&
                    epoch % options_.optimize_alpha == 0;
  // Nobody samples before all tokens are counted, or with an alpha of its own.
  return {plan, plan.ends_epoch && (epoch == 0 || plan.fits_alpha)};
}

}  // namespace strads::lda
