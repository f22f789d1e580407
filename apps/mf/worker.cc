#include "apps/mf/worker.h"

#include <strads/app.h>
#include <strads/error.h>

#include <utility>

namespace strads::mf {

Partial Worker::Push(const Plan& plan) {
  switch (static_cast<Phase>(plan.phase)) {
    case Phase::kNames:
    case Phase::kLoad:
      try {
        return Read(plan);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kData) throw;
        Partial partial;
        partial.data_error = error.what();
        return partial;
      }
    case Phase::kColumn:
    case Phase::kItemColumn:
    case Phase::kGram:
    case Phase::kMeasureColumns:
      return ccd_->Push(plan);
    default:
      return {};
  }
}

Partial Worker::Read(const Plan& plan) {
  Partial partial;
  if (plan.phase == static_cast<int>(Phase::kNames)) {
    reading_.Count(partial);
    return partial;
  }
  own_ = reading_.Read(names_);
  partial.item_counts.resize(names_.block_of_item.size());
  for (const Rating& rating : own_->train) {
    const double value = rating.value;
    partial.sum += value;
    partial.squares += value * value;
    ++partial.item_counts[static_cast<size_t>(rating.item)];
  }
  partial.ratings = std::ssize(own_->train);
  partial.validation_ratings = std::ssize(own_->validation);
  partial.skipped = own_->skipped;
  return partial;
}

void Worker::Sync(const Update& update) {
  if (update.phase == static_cast<int>(Phase::kNames)) {
    names_ = update;
  } else if (update.phase == static_cast<int>(Phase::kLoad)) {
    if (options_.uses_blocks()) {
      sgd_.emplace(options_, std::move(*own_), names_.block_of_item, update, shard_.rank, pool_);
    } else {
      ccd_.emplace(options_, std::move(*own_), update, shard_, pool_);
    }
    own_.reset();
    names_ = {};
  } else if (ccd_) {
    ccd_->Sync(update);
  }
}

Partial Worker::Push(const Plan& plan, Block& block) { return sgd_->Push(plan, block); }

void Worker::Extend(const Plan& plan, Block& block, Partial& partial) {
  sgd_->Extend(plan, block, partial);
}

Block Worker::MakeBlock(const Plan&, int32_t index) { return sgd_->MakeBlock(index); }

std::optional<Share> Worker::Collect() {
  if (sgd_) return sgd_->Collect();
  if (ccd_) return ccd_->Collect();
  return std::nullopt;
}

double Worker::Loss() const {
  if (sgd_) return sgd_->Loss();
  return ccd_ ? ccd_->Loss() : kUnknownLoss;
}

}  // namespace strads::mf
