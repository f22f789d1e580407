#include "apps/lda/worker.h"

#include <utility>

namespace strads::lda {

Partial Worker::Push(const Plan& plan) {
  Partial partial;
  if (plan.phase == static_cast<int>(Phase::kCount)) reading_.Count(partial);
  if (plan.phase == static_cast<int>(Phase::kLoad))
    own_ = reading_.Load(std::exchange(counted_, {}), partial);
  has_measured_ = has_measured_ || (plan.measures && plan.ends_epoch);
  return partial;
}

Partial Worker::Push(const Plan& plan, Block& block) {
  Partial partial = sampling_->Push(plan, block);
  partial.seen = seen_;
  has_measured_ = has_measured_ || (plan.measures && plan.ends_epoch);
  return partial;
}

void Worker::Sync(const Update& update) {
  ++seen_;
  switch (static_cast<Phase>(update.phase)) {
    case Phase::kCount:
      counted_ = update;
      break;
    case Phase::kLoad:
      sampling_.emplace(options_, std::move(*own_), shard_, pool_);
      own_.reset();
      if (!update.alpha.empty()) sampling_->SetAlpha(update.alpha);
      break;
    case Phase::kStart:
    case Phase::kSample:
      sampling_->Sync(update);
      break;
    case Phase::kHeldOut:
    case Phase::kIdle:
      break;
  }
}

std::optional<Share> Worker::Collect() { return sampling_ ? sampling_->Collect() : std::nullopt; }

}  // namespace strads::lda
