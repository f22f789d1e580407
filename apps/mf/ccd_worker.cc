#include "apps/mf/ccd_worker.h"

#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/mf/ccd.h"
#include "apps/mf/factors.h"
#include "apps/mf/implicit.h"

namespace strads::mf {
namespace {

constexpr int64_t kShareFloats = int64_t{1} << 20;

float MeanOf(const Options& options, const Update& loaded) {
  return options.center ? static_cast<float>(loaded.mean) : 0;
}

CcdShard ShardOf(const Options& options, const OwnRatings& own, const Update& loaded) {
  const auto users = std::ssize(own.users), items = std::ssize(loaded.item_counts);
  if (options.implicit)
    return CcdShard::Implicit(own.train, users, items, static_cast<float>(options.alpha));
  return {own.train, users, items, MeanOf(options, loaded)};
}

std::vector<double> ToStd(const Eigen::VectorXd& values) { return {values.begin(), values.end()}; }
Eigen::VectorXd ToEigen(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), std::ssize(values));
}

int NumColumns(const Options& options) { return options.rank + (options.biases ? 1 : 0); }

}  // namespace

CcdWorker::CcdWorker(
    const Options& options, OwnRatings own, const Update& loaded, Shard shard, ThreadPool& pool)
    : options_(options),
      pool_(pool),
      first_item_(shard.RangeOf(std::ssize(loaded.item_counts)).first),
      last_item_(shard.RangeOf(std::ssize(loaded.item_counts)).second),
      ratings_(ShardOf(options, own, loaded)),
      user_ids_(std::move(own.users)),
      user_counts_(std::move(own.user_counts)),
      w_(std::ssize(user_ids_), NumColumns(options)),
      h_(last_item_ - first_item_, NumColumns(options)),
      validation_(std::move(own.validation)),
      next_(loaded.next),
      ones_(std::max(user_ids_.size(), loaded.item_counts.size()), 1.0F),
      user_sums_(user_ids_.size()) {
  const auto lambda = static_cast<float>(options.lambda);
  const bool weighted = options.penalty == "weighted";
  const std::span<const int64_t> item_counts =
      std::span(loaded.item_counts).subspan(Index(first_item_), Index(last_item_ - first_item_));
  user_penalties_ = RowPenalties(lambda, weighted, user_counts_);
  item_penalties_ = RowPenalties(lambda, weighted, item_counts);
  std::vector<float> row(Index(options.rank));
  for (int64_t item = first_item_; item < last_item_; ++item) {
    if (item_counts[Index(item - first_item_)] == 0) continue;
    DrawRow(static_cast<uint64_t>(options.seed), Side::kItems, item, 0, 1, row);
    for (int t = 0; t < options.rank; ++t) h_.Column(t)[Index(item - first_item_)] = row[Index(t)];
  }
  for (Rating& rating : validation_)
    rating.value = options.implicit ? 1 : rating.value - MeanOf(options, loaded);
  loss_ = ratings_.Loss(pool_);
}

int CcdWorker::NextFactor(int factor) const {
  if (factor + 1 < options_.rank) return factor + 1;
  if (factor + 1 == options_.rank && options_.biases) return options_.rank;
  return 0;
}

std::vector<float> CcdWorker::SliceOf(int factor) const {
  const std::span<const float> column = h_.Column(factor);
  return {column.begin(), column.end()};
}

void CcdWorker::Open(int factor) {
  // A factor that is alone is followed by itself, as it is.
  if (!next_.empty()) column_ = std::exchange(next_, {});
  if (factor == options_.rank) {
    SolveUserBiases();
    ratings_.Open(std::span(ones_).first(user_ids_.size()), column_);
    AddToValidation(std::span(ones_).first(user_ids_.size()), column_, 1);
  } else {
    ratings_.Open(w_.Column(factor), column_);
    AddToValidation(w_.Column(factor), column_, 1);
  }
  open_ = factor;
}

void CcdWorker::SolveUserBiases() {
  const std::span<const float> ones = std::span(ones_).first(column_.size());
  const std::span<float> biases = w_.Column(options_.rank);
  AddToValidation(biases, ones, 1);
  ratings_.Open(biases, ones);
  ratings_.UserSums(ones, user_sums_, pool_);
  SolveColumn(user_sums_, user_penalties_, {}, false, biases);
  ratings_.Close(biases, ones, pool_);
  AddToValidation(biases, ones, -1);
}

void CcdWorker::Close() {
  if (!open_) return;
  const int factor = *std::exchange(open_, std::nullopt);
  const std::span<const float> w = factor == options_.rank
                                       ? std::span<const float>(ones_).first(user_ids_.size())
                                       : w_.Column(factor);
  ratings_.Close(w, column_, pool_);
  AddToValidation(w, column_, -1);
  std::copy(column_.begin() + first_item_, column_.begin() + last_item_, h_.Column(factor).begin());
}

void CcdWorker::AddToValidation(std::span<const float> w, std::span<const float> h, float sign) {
  pool_.ParallelFor(
      std::ssize(validation_),
      [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n) {
          Rating& rating = validation_[Index(n)];
          rating.value += sign * w[Index(rating.user)] * h[Index(rating.item)];
        }
      },
      1 << 14);
}

Partial CcdWorker::Push(const Plan& plan) {
  Partial partial;
  if (plan.phase == static_cast<int>(Phase::kMeasureColumns)) {
    Close();
    Measure(partial);
    return partial;
  }
  if (plan.phase == static_cast<int>(Phase::kGram)) {
    partial.next_gram = ToStd(GramColumn(h_, 0));
    return partial;
  }
  if (plan.phase == static_cast<int>(Phase::kItemColumn)) {
    SolveOwnItems(plan, partial);
    return partial;
  }
  const bool biases = plan.factor == options_.rank;
  if (plan.inner == 0) {
    Close();
    Open(plan.factor);
    item_gram_ = next_item_gram_;
    if (NextFactor(plan.factor) != plan.factor) partial.next = SliceOf(NextFactor(plan.factor));
  }
  if (!biases) {
    ratings_.UserSums(column_, user_sums_, pool_);
    const AllCells all = options_.implicit ? OverAllCells(w_, item_gram_, plan.factor) : AllCells{};
    partial.decrease =
        SolveColumn(user_sums_, user_penalties_, all, options_.nonnegative, w_.Column(plan.factor));
    if (options_.implicit) partial.gram = ToStd(GramColumn(w_, plan.factor));
  }
  partial.sums.resize(column_.size());
  ratings_.ItemSums(biases ? std::span<const float>(ones_).first(user_ids_.size())
                           : std::as_const(w_).Column(plan.factor),
                    partial.sums, pool_);
  return partial;
}

void CcdWorker::SolveOwnItems(const Plan& plan, Partial& partial) {
  const auto first = Index(first_item_), count = Index(last_item_ - first_item_);
  // The other columns of own items, and of this one what it was.
  const std::span<float> own = h_.Column(plan.factor);
  partial.decrease =
      SolveColumn(std::span(item_sums_).subspan(first, count), item_penalties_,
                  OverAllCells(h_, user_gram_, plan.factor), options_.nonnegative, own);
  partial.column.assign(own.begin(), own.end());
  const GramPair gram = GramColumns(h_, plan.factor, NextFactor(plan.factor));
  partial.gram = ToStd(gram.col(0));
  partial.next_gram = ToStd(gram.col(1));
}

void CcdWorker::Sync(const Update& update) {
  const auto phase = static_cast<Phase>(update.phase);
  if (phase == Phase::kGram) {
    next_item_gram_ = ToEigen(update.next_gram);
  } else if (phase == Phase::kColumn) {
    if (!update.next.empty()) next_ = update.next;
    if (options_.implicit) {
      item_sums_ = update.sums;
      user_gram_ = ToEigen(update.gram);
    } else {
      column_ = update.column;
    }
  } else if (phase == Phase::kItemColumn) {
    column_ = update.column;
    item_gram_ = ToEigen(update.gram);
    next_item_gram_ = ToEigen(update.next_gram);
  }
}

void CcdWorker::Measure(Partial& partial) {
  partial.loss = loss_ = ratings_.Loss(pool_);
  for (const Rating& rating : validation_) {
    const double e = rating.value;
    partial.validation_loss += e * e;
    partial.validation_absolute += std::abs(e);
  }
  if (options_.implicit) {
    const Eigen::MatrixXd users = Gram(w_), items = Gram(h_);
    partial.user_grams.assign(users.data(), users.data() + users.size());
    partial.item_grams.assign(items.data(), items.data() + items.size());
  }
  for (int t = 0; t < NumColumns(options_); ++t) {
    partial.penalty +=
        Penalty(user_penalties_, w_.Column(t)) + Penalty(item_penalties_, h_.Column(t));
  }
}

std::optional<Share> CcdWorker::Collect() {
  Close();
  const auto users = std::ssize(user_ids_);
  if (collected_ == users + last_item_ - first_item_) return std::nullopt;
  const bool of_users = collected_ < users;
  const Columns& columns = of_users ? w_ : h_;
  const int64_t end = of_users ? users : users + last_item_ - first_item_;
  Share share;
  share.side = static_cast<int>(of_users ? Side::kUsers : Side::kItems);
  for (; collected_ < end && std::ssize(share.values) < kShareFloats; ++collected_) {
    const int64_t row = of_users ? collected_ : collected_ - users;
    share.rows.push_back(of_users ? user_ids_[Index(row)]
                                  : static_cast<int32_t>(first_item_ + row));
    for (int t = 0; t < options_.rank; ++t) share.values.push_back(columns.Column(t)[Index(row)]);
    if (options_.biases) share.biases.push_back(columns.Column(options_.rank)[Index(row)]);
  }
  return share;
}

}  // namespace strads::mf
