#include <algorithm>

#include "apps/lasso/lasso.h"

namespace strads::lasso {
namespace {

constexpr int64_t kGrain = 16;  // columns: below this a thread costs more than it saves

}  // namespace

Worker::Worker(const Options& options, Shard shard)
    : pool_(shard.threads),
      data_(ReadDataset(
          options.data, shard, {.target = options.target, .num_features = options.num_features})),
      residual_(data_.y),
      loss_(0.5 * data_.y.squaredNorm()) {}

bool Worker::Has(int32_t column) const { return column >= 0 && column < data_.x.num_cols(); }

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
          for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
            if (Has(plan.columns[i])) partial.xr[i] = data_.x.Dot(plan.columns[i], residual_);
          }
        },
        kGrain);
  }
  partial.loss = loss_;
  if (!std::ranges::all_of(plan.probe, [&](int32_t j) { return Has(j); }))
    throw ProtocolError("a probe names a variable that does not exist");
  if (!plan.probe.empty()) data_.x.GramBlock(plan.probe, plan.probe_known, partial.gram);
  if (!std::ranges::all_of(plan.joining, [&](int32_t j) { return Has(j); }))
    throw ProtocolError("a block has a variable that does not exist");
  const auto before = static_cast<int>(block_.size());
  block_.insert(block_.end(), plan.joining.begin(), plan.joining.end());
  if (plan.gather) {
    Gather(partial);
  } else if (!plan.joining.empty()) {
    data_.x.GramBlock(block_, before, partial.gram);
  }
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
  partial.entries = data_.x.num_nonzeros();
}

void Worker::Gather(Partial& partial) {
  if (num_gathered_ == 0) partial.y = data_.y;
  for (; num_gathered_ < block_.size(); ++num_gathered_) {
    const int j = block_[num_gathered_];
    const size_t before = partial.rows.size();
    if (data_.x.is_dense()) {
      const double* column = data_.x.DenseColumn(j);
      for (int64_t row = 0; row < data_.x.num_rows(); ++row) {
        if (column[row] == 0) continue;
        partial.rows.push_back(static_cast<int32_t>(row));
        partial.values.push_back(column[row]);
      }
    } else {
      const auto rows = data_.x.Rows(j);
      const auto values = data_.x.Values(j);
      partial.rows.insert(partial.rows.end(), rows.begin(), rows.end());
      partial.values.insert(partial.values.end(), values.begin(), values.end());
    }
    partial.counts.push_back(static_cast<int32_t>(partial.rows.size() - before));
  }
}

void Worker::Sync(const Update& update) {
  ++updates_seen_;
  if (!update.measured && update.columns.size() != update.changes.size())
    throw ProtocolError("an update's columns and changes do not fit");
  if (update.measured) {
    data_.x.Widen(
        update.num_variables);  // a shard does not know of its last columns if they are empty
    return;
  }
  std::vector<int32_t> columns;
  std::vector<double> changes;
  for (size_t i = 0; i < update.columns.size(); ++i) {
    if (update.changes[i] == 0 || !Has(update.columns[i])) continue;
    columns.push_back(update.columns[i]);
    changes.push_back(-update.changes[i]);
  }
  loss_ += data_.x.AddColumnsTracked(columns, changes, residual_.data(), pool_);
}

}  // namespace strads::lasso
