#include <algorithm>

#include "apps/lasso/lasso.h"

namespace strads::lasso {
namespace {

constexpr int64_t kGrain = 16;  // columns: below this a thread costs more than it saves

}  // namespace

Worker::Worker(const Options& options, Shard shard)
    : pool_(shard.threads),
      data_(ReadDataset(options.data, shard, {.target = options.target, .num_features = options.num_features})),
      residual_(data_.y),
      loss_(0.5 * data_.y.squaredNorm()) {}

// A shard whose last columns are empty may not know that they exist.
double Worker::DotResidual(int32_t column) const {
  return column < data_.x.num_cols() ? data_.x.Dot(column, residual_) : 0.0;
}

Partial Worker::Push(const Plan& plan) {
  Partial partial;
  partial.updates_seen = updates_seen_;
  if (plan.restart) residual_ = data_.y;
  if (plan.measure) {
    Measure(partial);
  } else {
    partial.xr.resize(plan.columns.size());
    pool_.ParallelFor(
        static_cast<int64_t>(plan.columns.size()),
        [&](int64_t begin, int64_t end) {
          for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) partial.xr[i] = DotResidual(plan.columns[i]);
        },
        kGrain);
  }
  partial.loss = loss_;
  if (!plan.probe.empty()) data_.x.GramBlock(plan.probe, plan.probe_known, partial.gram);
  return partial;
}

void Worker::Measure(Partial& partial) {
  const int64_t num_cols = data_.x.num_cols();
  partial.xr.resize(static_cast<size_t>(num_cols));
  if (!norms_sent_) partial.xx.resize(static_cast<size_t>(num_cols));
  pool_.ParallelFor(
      num_cols,
      [&](int64_t begin, int64_t end) {
        for (auto j = static_cast<int>(begin); j < static_cast<int>(end); ++j) {
          partial.xr[static_cast<size_t>(j)] = data_.x.Dot(j, residual_);
          if (!norms_sent_) partial.xx[static_cast<size_t>(j)] = data_.x.SquaredNorm(j);
        }
      },
      kGrain);
  norms_sent_ = true;
  loss_ = 0.5 * residual_.squaredNorm();  // exact again: the running sum gathers rounding errors
  partial.yr = data_.y.dot(residual_);
  partial.yy = data_.y.squaredNorm();
}

void Worker::Sync(const Update& update) {
  ++updates_seen_;
  if (update.measured) return;
  std::vector<int32_t> columns;
  std::vector<double> changes;
  for (size_t i = 0; i < update.columns.size(); ++i) {
    if (update.changes[i] == 0 || update.columns[i] >= data_.x.num_cols()) continue;
    columns.push_back(update.columns[i]);
    changes.push_back(-update.changes[i]);
  }
  loss_ += data_.x.AddColumnsTracked(columns, changes, residual_.data(), pool_);
}

}  // namespace strads::lasso
