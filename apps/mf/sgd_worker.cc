#include "apps/mf/sgd_worker.h"

#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace strads::mf {
namespace {

// Groups of users and of a block's items: as many threads can be of use, and the answer does not
// depend on how many there are.
constexpr int kGroups = 8;
constexpr size_t kShareFloats = size_t{1} << 20;

// Ratings less their mean have both signs, and so do factors at the start.
bool IsSymmetric(const Options& options) { return options.center && !options.nonnegative; }

}  // namespace

std::vector<std::vector<int32_t>> ItemsOfBlocks(const std::vector<int32_t>& block_of_item,
                                                int num_blocks) {
  std::vector<std::vector<int32_t>> items(Index(num_blocks));
  for (size_t item = 0; item < block_of_item.size(); ++item)
    items[Index(block_of_item[item])].push_back(static_cast<int32_t>(item));
  return items;
}

SgdWorker::SgdWorker(const Options& options,
                     OwnRatings own,
                     const std::vector<int32_t>& block_of_item,
                     const Update& loaded,
                     int rank,
                     ThreadPool& pool)
    : options_(options),
      rank_(rank),
      pool_(pool),
      sgd_{.mean = options.center ? static_cast<float>(loaded.mean) : 0,
           .rating_scale = static_cast<float>(loaded.scale),
           .rate = static_cast<float>(options.rate),
           .biases = options.biases,
           .nonnegative = options.nonnegative},
      user_ids_(std::move(own.users)),
      user_counts_(std::move(own.user_counts)),
      items_of_block_(ItemsOfBlocks(block_of_item, options.num_blocks())) {
  std::vector<int64_t> begins = {0};
  std::vector<int32_t> place(block_of_item.size());
  for (const auto& items : items_of_block_) {
    auto& counts = item_counts_.emplace_back();
    for (size_t row = 0; row < items.size(); ++row) {
      place[Index(items[row])] = static_cast<int32_t>(begins.back()) + static_cast<int32_t>(row);
      counts.push_back(loaded.item_counts[Index(items[row])]);
    }
    begins.push_back(begins.back() + std::ssize(items));
  }
  for (Rating& rating : own.train) {
    const double e = rating.value - sgd_.mean;
    loss_ += e * e;
    rating.item = place[Index(rating.item)];
  }
  grid_.emplace(own.train, std::ssize(user_ids_), begins,
                GridOptions{.threads = kGroups,
                            .row_bytes = static_cast<int64_t>(sizeof(float)) *
                                             Factors(0, options.rank).stride() +
                                         static_cast<int64_t>(sizeof(SgdState) + sizeof(float)),
                            .seed = static_cast<uint64_t>(options.seed)});
  // Not before the ratings are in the grid and gone: cutting it takes more memory than it does.
  own.train = {};
  users_ = RowsOf(Side::kUsers, user_ids_, user_counts_);
  validation_.resize(items_of_block_.size());
  for (Rating rating : own.validation) {
    const auto block = Index(block_of_item[Index(rating.item)]);
    rating.item = place[Index(rating.item)] - static_cast<int32_t>(begins[block]);
    validation_[block].push_back(rating);
  }
}

SgdRows SgdWorker::RowsOf(Side side,
                          std::span<const int32_t> ids,
                          std::span<const int64_t> counts) const {
  const auto lambda = static_cast<float>(options_.lambda);
  SgdRows rows(std::ssize(ids), options_.rank, sgd_.rating_scale, lambda);
  if (options_.penalty == "plain") SetPlainDecay(lambda, counts, rows);
  const StartRange start = SgdStart(sgd_.rating_scale, options_.rank, IsSymmetric(options_));
  for (size_t row = 0; row < ids.size(); ++row) {
    if (counts[row] == 0) continue;  // nothing is known of it: predictions are the mean
    DrawRow(static_cast<uint64_t>(options_.seed), side, ids[row], start.low, start.high,
            rows.factors.Row(static_cast<int64_t>(row)));
  }
  return rows;
}

Block SgdWorker::MakeBlock(int32_t index) const {
  return {index, RowsOf(Side::kItems, items_of_block_[Index(index)], item_counts_[Index(index)])};
}

SgdPass SgdWorker::PassOf(const Plan& plan, int64_t extra) const {
  // Passes of one epoch over different blocks may share a number: their cells differ.
  constexpr uint64_t kExtraPasses = uint64_t{1} << 32;
  return {.number = static_cast<uint64_t>(plan.epoch) + kExtraPasses * static_cast<uint64_t>(extra),
          .step_scale = ExtraPassScale(static_cast<float>(options_.extra_decay), extra),
          .slow_only = plan.epoch == 0 && !IsSymmetric(options_),
          .is_extra = extra > 0};
}

Partial SgdWorker::Push(const Plan& plan, Block& block) {
  Partial partial;
  if (plan.phase == static_cast<int>(Phase::kMeasure)) {
    Measure(plan, block, partial);
    return partial;
  }
  extra_ = {.number = 1, .step = 0};
  partial.loss = RunSgd(sgd_, PassOf(plan, 0), *grid_, block.index, users_, block.rows, pool_);
  partial.updates = grid_->size(block.index);
  epoch_loss_ += partial.loss;
  // Each block is here once in an epoch, and so at rank 0.
  if (rank_ == 0) partial.penalty += PenaltyOf(block.rows, item_counts_[Index(block.index)]);
  if (plan.ends_epoch) {
    partial.penalty += PenaltyOf(users_, user_counts_);
    loss_ = std::exchange(epoch_loss_, 0);
  }
  return partial;
}

void SgdWorker::Extend(const Plan& plan, Block& block, Partial& partial) {
  RunSgdStep(sgd_, PassOf(plan, extra_.number), *grid_, block.index, extra_.step, users_,
             block.rows, pool_);
  for (int t = 0; t < kGroups; ++t) {
    for (const RatingGrid::Cell& cell : grid_->Cells(block.index, extra_.step, t, 0))
      partial.extra_updates += std::ssize(cell.ratings);
  }
  if (++extra_.step == grid_->threads()) {
    extra_ = {.number = extra_.number + 1, .step = 0};
    ++block.rows.extra_passes;
  }
}

void SgdWorker::Measure(const Plan& plan, const Block& block, Partial& partial) {
  const ErrorSums validation =
      SumErrors(validation_[Index(block.index)], sgd_.mean, users_, block.rows, pool_);
  partial.validation_loss = validation.squares;
  partial.validation_absolute = validation.absolute;
  if (!plan.is_last) return;
  partial.loss = SumSquaredErrors(*grid_, block.index, sgd_.mean, users_, block.rows, pool_);
  epoch_loss_ += partial.loss;
  if (rank_ == 0) partial.penalty += PenaltyOf(block.rows, item_counts_[Index(block.index)]);
  if (plan.ends_epoch) {
    partial.penalty += PenaltyOf(users_, user_counts_);
    loss_ = std::exchange(epoch_loss_, 0);
  }
}

double SgdWorker::PenaltyOf(const SgdRows& rows, std::span<const int64_t> counts) const {
  const bool weighted = options_.penalty == "weighted";
  double sum = 0;
  for (int64_t row = 0; row < rows.rows(); ++row) {
    double squares = 0;
    for (const float x : rows.factors.Row(row)) squares += static_cast<double>(x) * x;
    const double bias = options_.biases ? rows.state[Index(row)].bias : 0;
    sum += (weighted ? static_cast<double>(counts[Index(row)]) : 1.0) * (squares + bias * bias);
  }
  return options_.lambda * sum;
}

std::optional<Share> SgdWorker::Collect() {
  if (collected_ == user_ids_.size()) return std::nullopt;
  Share share;
  share.side = static_cast<int>(Side::kUsers);
  const auto rank = Index(options_.rank);
  for (; collected_ < user_ids_.size() && share.values.size() < kShareFloats; ++collected_) {
    const std::span<const float> row =
        std::as_const(users_.factors).Row(static_cast<int64_t>(collected_));
    share.rows.push_back(user_ids_[collected_]);
    share.values.insert(share.values.end(), row.begin(), row.begin() + static_cast<int64_t>(rank));
    if (options_.biases) share.biases.push_back(users_.state[collected_].bias);
  }
  return share;
}

}  // namespace strads::mf
