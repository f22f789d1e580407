#include "apps/mf/model.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/is_utf8.h>
#include <strads/model_file.h>
#include <strads/rotation_schedule.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "apps/mf/factors.h"
#include "apps/mf/implicit.h"

namespace strads::mf {
namespace {

std::vector<std::string> NamesOf(const IdTable& table) {
  std::vector<std::string> names;
  names.reserve(Index(table.size()));
  for (int32_t i = 0; i < table.size(); ++i) names.emplace_back(table.Name(i));
  return names;
}

// The names of all workers, and for each name the sum of their counts.
std::pair<IdTable, std::vector<int64_t>> MergeCounts(std::span<const Partial> partials,
                                                     IdTable Partial::*names,
                                                     std::vector<int64_t> Partial::*counts) {
  std::vector<IdTable> tables;
  for (const Partial& partial : partials) tables.push_back(partial.*names);
  IdTable merged = IdTable::Merge(tables);
  merged.BuildIndex();
  std::vector<int64_t> sums(Index(merged.size()));
  for (size_t p = 0; p < partials.size(); ++p) {
    const std::vector<int32_t> place = tables[p].IndicesIn(merged);
    for (size_t i = 0; i < place.size(); ++i) sums[Index(place[i])] += (partials[p].*counts)[i];
  }
  return {std::move(merged), std::move(sums)};
}

std::vector<double> SumOf(std::span<const Partial> partials, std::vector<double> Partial::*field) {
  std::vector<double> sum = partials.front().*field;
  for (size_t p = 1; p < partials.size(); ++p) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += (partials[p].*field)[i];
  }
  return sum;
}

std::vector<float> Concatenate(std::span<const Partial> partials,
                               std::vector<float> Partial::*field) {
  std::vector<float> all;
  for (const Partial& partial : partials)
    all.insert(all.end(), (partial.*field).begin(), (partial.*field).end());
  return all;
}

double Rmse(double squares, int64_t count) {
  return count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
}

// What every cell adds to the objective as if it was not observed.
double LossOfAllCells(std::span<const Partial> partials, int rank) {
  const std::vector<double> users = SumOf(partials, &Partial::user_grams);
  const std::vector<double> items = SumOf(partials, &Partial::item_grams);
  return AllCellsLoss(Eigen::Map<const Eigen::MatrixXd>(users.data(), rank, rank),
                      Eigen::Map<const Eigen::MatrixXd>(items.data(), rank, rank));
}

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace

Model::Model(const Options& options)
    : rank_(options.rank), implicit_(options.implicit), options_(options) {
  options.Validate();
  if (options.model.empty()) return;
  CheckModelPath(UserFactorPath(options.model));
  CheckModelPath(ItemFactorPath(options.model));
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  // A file that cannot be read ends the run as the error it is, and not as the loss of a worker.
  for (const Partial& partial : partials) {
    if (!partial.data_error.empty()) throw DataError(partial.data_error);
  }
  Check(plan, partials);
  Update update;
  switch (static_cast<Phase>(plan.phase)) {
    case Phase::kNames:
      update = PullNames(partials);
      break;
    case Phase::kLoad:
      update = PullLoad(partials);
      break;
    case Phase::kColumn:
      update = PullColumn(plan, partials);
      break;
    case Phase::kItemColumn:
      update = PullItemColumn(plan, partials);
      break;
    case Phase::kGram:
      update.next_gram = SumOf(partials, &Partial::next_gram);
      break;
    case Phase::kSgd:
      PullSgd(plan, partials);
      break;
    case Phase::kMeasure:
    case Phase::kMeasureColumns:
      PullMeasure(plan, partials);
      break;
    case Phase::kIdle:
      break;
  }
  const bool is_measured =
      plan.ends_epoch && (plan.is_last || plan.phase == static_cast<int>(Phase::kMeasureColumns));
  if (plan.phase != static_cast<int>(Phase::kIdle)) report_.is_behind = !is_measured;
  report_.loads =
      plan.phase == static_cast<int>(Phase::kNames) || plan.phase == static_cast<int>(Phase::kLoad);
  update.phase = plan.phase;
  update.stop = !why_stop_.empty();
  return update;
}

Update Model::PullNames(std::span<const Partial> partials) {
  Update update;
  auto [users, user_counts] = MergeCounts(partials, &Partial::users, &Partial::user_counts);
  auto [items, item_counts] = MergeCounts(partials, &Partial::items, &Partial::item_counts);
  left_ = users.size() + items.size();
  users_ = NamesOf(users);
  items_ = NamesOf(items);
  if (!options_.model.empty()) {
    CheckNames("user", users_);
    CheckNames("item", items_);
  }
  update.worker_of_user = BalancedParts(user_counts, options_.workers);
  block_of_item_ = BalancedParts(item_counts, std::max(1, options_.num_blocks()));
  update.block_of_item = block_of_item_;
  update.users = std::move(users);
  update.items = std::move(items);
  return update;
}

void Model::CheckNames(const char* role, const std::vector<std::string>& names) const {
  const auto bad = std::ranges::find_if_not(names, IsUtf8);
  if (bad != names.end())
    throw DataError(options_.data + ": " + role + " '" + *bad +
                    "' is not UTF-8, expected a name that the model file can hold");
}

Update Model::PullLoad(std::span<const Partial> partials) {
  Update update;
  update.item_counts.resize(items_.size());
  double sum = 0, squares = 0, skipped = 0;
  for (const Partial& partial : partials) {
    for (size_t i = 0; i < items_.size(); ++i) update.item_counts[i] += partial.item_counts[i];
    sum += partial.sum;
    squares += partial.squares;
    ratings_ += partial.ratings;
    validation_ratings_ += partial.validation_ratings;
    skipped += static_cast<double>(partial.skipped);
  }
  if (ratings_ == 0)
    throw DataError(options_.data + ": has no ratings that are not held out for validation");
  if (!options_.validation.empty() && validation_ratings_ == 0)
    throw DataError(options_.validation + ": none of its ratings is of a user and an item of " +
                    options_.data);
  const auto count = static_cast<double>(ratings_);
  update.mean = sum / count;
  const double variance = squares / count - update.mean * update.mean;
  // Ratings that are all the same, as of pairs that were merely seen, have their size as scale.
  const bool varies = variance > 1e-12 * (squares / count);
  constexpr double kLeastScale = 1e-12;  // ratings of 0 have none
  const double size = std::abs(update.mean);
  update.scale = varies ? std::sqrt(variance) : size > kLeastScale ? size : 1;
  mean_ = options_.center && !implicit_ ? update.mean : 0;
  // Where the mean says it all, no model is near the empty one.
  const double empty = squares - count * mean_ * mean_;
  if (options_.uses_blocks() && empty > 1e-9 * squares) report_.empty_objective = empty;
  if (skipped > 0) report_.extra["validation_skipped"] = skipped;
  if (options_.uses_blocks()) {
    items_of_block_ = ItemsOfBlocks(block_of_item_, options_.num_blocks());
  } else {
    const auto lambda = static_cast<float>(options_.lambda);
    item_penalties_ = RowPenalties(lambda, options_.penalty == "weighted", update.item_counts);
    update.next.resize(items_.size());
    for (size_t i = 0; i < items_.size() && !options_.biases; ++i) {
      if (update.item_counts[i] == 0) continue;
      DrawRow(static_cast<uint64_t>(options_.seed), Side::kItems, static_cast<int64_t>(i), 0, 1,
              std::span(update.next).subspan(i, 1));
    }
    next_ = update.next;
  }
  return update;
}

Update Model::PullColumn(const Plan& plan, std::span<const Partial> partials) {
  Update update;
  if (plan.inner == 0) {
    if (!next_.empty()) column_ = std::exchange(next_, {});
    update.next = next_ = Concatenate(partials, &Partial::next);
  }
  std::vector<RowSums> sums(items_.size());
  double decrease = 0;
  for (const Partial& partial : partials) {
    AddSums(partial.sums, sums);
    decrease += partial.decrease;
  }
  if (implicit_) {
    update.sums = std::move(sums);
    update.gram = SumOf(partials, &Partial::gram);
    users_decrease_ = decrease;
    return update;
  }
  const bool biases = plan.factor == options_.rank;
  decrease += SolveColumn(sums, item_penalties_, {}, options_.nonnegative && !biases, column_);
  update.pays = !biases && Pays(plan, decrease);
  update.column = column_;
  return update;
}

Update Model::PullItemColumn(const Plan& plan, std::span<const Partial> partials) {
  Update update;
  double decrease = users_decrease_;
  for (const Partial& partial : partials) decrease += partial.decrease;
  update.pays = Pays(plan, decrease);
  update.column = Concatenate(partials, &Partial::column);
  update.gram = SumOf(partials, &Partial::gram);
  update.next_gram = SumOf(partials, &Partial::next_gram);
  return update;
}

bool Model::Pays(const Plan& plan, double decrease) {
  report_.updates += ratings_;
  if (plan.inner + 1 == options_.inner) return false;
  // The first iteration over random factors says nothing of what later ones bring.
  const bool first = plan.epoch == 0 && plan.inner == 0;
  return first || inner_stop_.Pays(decrease);
}

void Model::PullSgd(const Plan& plan, std::span<const Partial> partials) {
  for (const Partial& partial : partials) {
    loss_ += partial.loss;
    penalty_ += partial.penalty;
    report_.updates += partial.updates;
    extra_updates_ += partial.extra_updates;
  }
  if (options_.fugue) report_.extra["extra_updates"] = static_cast<double>(extra_updates_);
  if (!plan.ends_epoch) return;
  train_rmse_ = Rmse(loss_, ratings_);
  report_.extra["train_rmse"] = train_rmse_;
  report_.extra["epoch"] = plan.epoch + 1;
  report_.penalty = std::exchange(penalty_, 0);
  const double objective = std::exchange(loss_, 0) + report_.penalty;
  if (why_stop_.empty()) DecideWhetherToStop(plan, objective);
}

void Model::PullMeasure(const Plan& plan, std::span<const Partial> partials) {
  for (const Partial& partial : partials) {
    loss_ += partial.loss;
    validation_loss_ += partial.validation_loss;
    validation_absolute_ += partial.validation_absolute;
    penalty_ += partial.penalty;
  }
  if (!plan.ends_epoch) return;
  const bool columns = plan.phase == static_cast<int>(Phase::kMeasureColumns);
  double loss = std::exchange(loss_, 0), penalty = std::exchange(penalty_, 0);
  if (implicit_) penalty += LossOfAllCells(partials, rank_);
  const double squares = std::exchange(validation_loss_, 0);
  const double absolute = std::exchange(validation_absolute_, 0);
  if (validation_ratings_ > 0) {
    validation_rmse_ = Rmse(squares, validation_ratings_);
    validation_mae_ = absolute / static_cast<double>(validation_ratings_);
    report_.extra["validation_rmse"] = validation_rmse_;
    report_.extra["validation_mae"] = validation_mae_;
  }
  if (plan.is_last || columns) {
    report_.penalty = penalty;
    if (!implicit_) {
      train_rmse_ = Rmse(loss, ratings_);
      report_.extra["train_rmse"] = train_rmse_;
    }
    report_.extra["epoch"] = plan.epoch + 1;
  }
  if (columns) DecideWhetherToStop(plan, loss + penalty);
  if (validation_ratings_ > 0) CompareValidation(plan.epoch + 1);
  if (columns || plan.is_last) {
    report_.done = why_stop_;
    if (!why_stop_.empty() && best_epoch_ > 0) ReportBestEpoch(plan.epoch + 1);
    report_.converged = converged_;
  }
}

void Model::CompareValidation(int epoch) {
  if (best_epoch_ == 0 || validation_rmse_ < best_validation_) {
    best_validation_ = validation_rmse_;
    best_epoch_ = epoch;
  }
  const int since = epoch - best_epoch_;
  if (why_stop_.empty() && options_.patience > 0 && since >= options_.patience)
    why_stop_ = "the validation RMSE has not fallen below " + Short(best_validation_) + " in " +
                std::to_string(since) + (since == 1 ? " epoch" : " epochs");
}

void Model::ReportBestEpoch(int last_epoch) {
  report_.extra["best_validation_rmse"] = best_validation_;
  report_.extra["best_epoch"] = best_epoch_;
  if (best_epoch_ == last_epoch) return;
  report_.done += "; least validation RMSE " + Short(best_validation_) + ", after epoch " +
                  std::to_string(best_epoch_) + " of " + std::to_string(last_epoch) +
                  " (the model is that of the last)";
}

void Model::DecideWhetherToStop(const Plan& plan, double objective) {
  const double before = std::exchange(last_objective_, objective);
  if (before > 0 && options_.change > 0 &&
      std::abs(before - objective) <= options_.change * before) {
    why_stop_ = "epoch " + std::to_string(plan.epoch + 1) + " changed the objective by less than " +
                Short(options_.change) + " of it (--change)";
  } else if (plan.epoch + 1 == options_.num_epochs()) {
    why_stop_ = "did the " + std::to_string(options_.num_epochs()) + " epochs of --epochs";
    converged_ = false;
  }
}

void Model::Write(Side side, int64_t row, std::span<const float> values, float bias) {
  const bool of_users = side == Side::kUsers;
  const auto is_finite = [](float x) { return std::isfinite(x); };
  if (!std::isfinite(bias) || !std::ranges::all_of(values, is_finite)) report_.has_diverged = true;
  if (options_.biases) {
    auto& biases = of_users ? user_biases_ : item_biases_;
    biases.resize(of_users ? users_.size() : items_.size());
    biases[Index(row)] = bias;
  }
  if (options_.model.empty()) return;
  auto& file = of_users ? user_file_ : item_file_;
  if (!file) {
    file = of_users ? std::make_shared<FactorFile>(UserFactorPath(options_.model),
                                                   std::ssize(users_), rank_)
                    : std::make_shared<FactorFile>(ItemFactorPath(options_.model),
                                                   std::ssize(items_), rank_);
  }
  file->Write(row, values);
}

void Model::Collect(const Block& block) {
  Check(block);
  const std::vector<int32_t>& items = items_of_block_[Index(block.index)];
  for (size_t row = 0; row < items.size(); ++row) {
    Write(Side::kItems, items[row], block.rows.factors.Row(static_cast<int64_t>(row)),
          block.rows.state[row].bias);
  }
  left_ -= std::ssize(items);
}

void Model::Collect(const Share& share) {
  Check(share);
  const auto rank = Index(rank_);
  for (size_t n = 0; n < share.rows.size(); ++n) {
    Write(static_cast<Side>(share.side), share.rows[n],
          std::span(share.values).subspan(n * rank, rank),
          share.biases.empty() ? 0 : share.biases[n]);
  }
  left_ -= std::ssize(share.rows);
}

SideFiles Model::TakeFiles() {
  SideFiles files;
  for (auto* file : {&user_file_, &item_file_}) {
    if (*file) files.push_back((*file)->Complete());
    file->reset();
  }
  return files;
}

}  // namespace strads::mf
