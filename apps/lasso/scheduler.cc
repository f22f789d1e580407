#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/lasso/lasso.h"

namespace strads::lasso {
namespace {

constexpr int kGuardWindow = 32;  // rounds

// A measurement reads all of X once, as updating every variable once does. So they are this many
// times the variables apart at most, and no more than grows by this factor from one to the next.
constexpr double kMostSweepsBetween = 10;
constexpr double kLaterMeasurements = 1.5;

// By priority: the variables that matter have settled, for now, once their changes are this share
// of what they were after the last measurement, which also finds those that matter next.
constexpr double kSettled = 1e-2;
// But a measurement costs as much as updating every variable; this share of that comes first.
constexpr double kLeastSweepsBetween = 0.05;

// Of a working set.
constexpr int kFirstSize = 64;
constexpr double kGrowth = 2;
// Inner products pay as long as the block is this small, or this small beside the entries of a
// column: they are fewer than the entries then, and let all be solved for at once.
constexpr double kSmallBlock = 512;
constexpr double kSmallShare = 0.25;
constexpr double kBytesPerEntry = 16;  // of a column that was gathered

}  // namespace

Scheduler::Scheduler(const Options& options, Slice slice)
    : options_(options),
      slice_(slice),
      parallelism_(options.parallelism),
      num_candidates_(options.candidates * options.parallelism),
      guard_(kGuardWindow) {
  if (options.parallelism < 1)
    throw UsageError("--parallelism=" + std::to_string(options.parallelism) +
                     " is out of range, expected at least 1");
  if (!(options.candidates >= 1))
    throw UsageError("--candidates is out of range, expected at least 1");
  if (options.coupling_cache < 2 || options.coupling_cache > 131072)
    throw UsageError("--coupling_cache=" + std::to_string(options.coupling_cache) +
                     " is out of range, expected 2 to 131072");
  if (options.block_memory < 0)
    throw UsageError("--block_memory=" + std::to_string(options.block_memory) +
                     " is out of range, expected at least 0");
  if (options.schedule == "dependency") {
    filter_.emplace(options.max_coupling, options.coupling_cache);
  } else if (options.schedule == "working_set") {
    working_set_.emplace(std::max(1, kFirstSize / slice.count), kGrowth);
  } else {
    (void)MakeSchedule(options.schedule, 0, 0, 0);  // refuses an unknown name now
  }
}

void Scheduler::SetUp(int64_t num_variables) {
  num_variables_ = num_variables;
  const auto [first, last] = slice_.RangeOf(num_variables);
  const std::string name = filter_ || working_set_ ? "priority" : options_.schedule;
  ScheduleOptions own;
  own.stream = static_cast<uint64_t>(slice_.index);
  schedule_ = MakeSchedule(name, static_cast<int32_t>(first), static_cast<int32_t>(last),
                           static_cast<uint64_t>(options_.seed), own);
  priority_ = dynamic_cast<PrioritySchedule*>(schedule_.get());
  is_in_flight_.resize(static_cast<size_t>(num_variables), false);
  updates_between_ = static_cast<double>(num_variables);
}

bool Scheduler::MeasurementIsDue() const {
  if (slice_.index != 0 || measuring_) return false;  // one scheduler is enough for all
  if (restart_) return true;
  if (working_set_) return blocks_since_measured_ == slice_.count;
  if (updates_since_measured_ >= updates_between_) return true;
  if (priority_ == nullptr) return false;
  const double change = priority_->TotalChange();
  const bool settled = change <= kSettled * kSettled * change_when_measured_;
  return change == 0 || (settled && updates_since_measured_ >=
                                        kLeastSweepsBetween * static_cast<double>(num_variables_));
}

std::vector<int32_t> Scheduler::Draw(int count) {
  std::vector<int32_t> columns = schedule_->Draw(count);
  std::erase_if(columns, [&](int32_t j) { return is_in_flight_[static_cast<size_t>(j)]; });
  return columns;
}

std::vector<int32_t> Scheduler::NextColumns() {
  if (!filter_) return Draw(parallelism_);
  if (ready_.empty()) return {};  // the first couplings are still on their way
  std::vector<int32_t> candidates = std::move(ready_.front());
  ready_.pop_front();
  std::erase_if(candidates, [&](int32_t j) { return is_in_flight_[static_cast<size_t>(j)]; });
  std::vector<int32_t> kept = filter_->Keep(candidates, parallelism_);
  // Where most candidates are coupled, drawing fewer of them costs less and keeps as many.
  if (2 * kept.size() >= candidates.size()) {
    num_candidates_ *= 2;
  } else if (4 * kept.size() < candidates.size()) {
    num_candidates_ /= 2;
  }
  const double most = options_.candidates * parallelism_;
  num_candidates_ = std::clamp(num_candidates_, std::min(4.0, most), most);
  return kept;
}

void Scheduler::AskForCouplings(Plan& plan) {
  std::vector<int32_t> candidates = Draw(static_cast<int>(
      std::lround(std::min(num_candidates_, static_cast<double>(num_variables_)))));
  auto probe = filter_->MakeProbe(candidates);
  if (NumPairs(probe) == 0) {
    ready_.push_back(std::move(candidates));
    return;
  }
  plan.probe = std::move(probe.columns);
  plan.probe_known = probe.num_known;
  asked_.push_back(std::move(candidates));
}

Scheduled<Plan> Scheduler::Schedule() {
  Plan plan;
  plan.scheduler = slice_.index;
  plan.parallelism = parallelism_;
  if (schedule_ == nullptr || MeasurementIsDue()) {
    updates_since_measured_ = 0;
    measuring_ = true;
    plan.measure = true;
    plan.restart = std::exchange(restart_, false);
  } else if (working_set_) {
    PlanBlock(plan);
  } else {
    plan.columns = NextColumns();
  }
  for (const int32_t j : plan.columns) is_in_flight_[static_cast<size_t>(j)] = true;
  in_flight_.push_back(plan.columns);
  if (filter_ && schedule_ != nullptr) AskForCouplings(plan);
  const bool fence = plan.measure || alone_;
  return {std::move(plan), fence};
}

void Scheduler::PlanBlock(Plan& plan) {
  if (!block_is_due_) return;  // others have to come first
  block_is_due_ = false;
  plan.solve = true;
  plan.gather = gather_;
  plan.joining = std::move(joining_);
  joining_.clear();
}

// After a measurement. Gives up the block once it does not pay any more.
void Scheduler::ChooseBlock(const Update& update) {
  blocks_since_measured_ = 0;
  const double memory = 1e6 * options_.block_memory;
  const double wanted = kGrowth * static_cast<double>(update.nonzeros);
  const double most_inner_products = std::sqrt(memory / sizeof(double));
  gather_ = gather_ || wanted > std::max(kSmallBlock, kSmallShare * mean_entries_) ||
            static_cast<double>(update.block_size) >= most_inner_products;
  const double most =
      gather_ ? memory / (kBytesPerEntry * std::max(mean_entries_, 1.0)) : most_inner_products;
  if (std::max(wanted, static_cast<double>(update.block_size)) >= most || is_stuck_) {
    working_set_.reset();  // all schedulers do, having heard the same
    return;
  }
  block_is_due_ = true;
  auto [candidates, scores] = OwnChanges(update);
  for (double& score : scores) score = std::abs(score);
  const auto room = static_cast<int64_t>(most) - update.block_size;
  joining_ =
      working_set_->Grow(candidates, scores, update.nonzeros / slice_.count, room / slice_.count);
}

void Scheduler::Learn(const Update& update) {
  const DependencyFilter::Probe probe{update.probe, update.probe_known};
  std::vector<bool> is_coupled(static_cast<size_t>(NumPairs(probe)), false);
  for (const int32_t pair : update.coupled) is_coupled[static_cast<size_t>(pair)] = true;
  filter_->LearnCoupled(probe, is_coupled);
  ready_.push_back(std::move(asked_.front()));
  asked_.pop_front();
}

Scheduler::Changes Scheduler::OwnChanges(const Update& update) const {
  const auto [first, last] = slice_.RangeOf(num_variables_);
  Changes own;
  for (size_t i = 0; i < update.columns.size(); ++i) {
    if (update.columns[i] < first || update.columns[i] >= last) continue;
    own.columns.push_back(update.columns[i]);
    own.scaled.push_back(update.scaled[i]);
  }
  return own;
}

void Scheduler::Feedback(const Update& update) {
  if (update.measured && schedule_ == nullptr) {
    mean_entries_ = update.mean_entries;
    SetUp(update.num_variables);
  }
  if (update.solved) {
    ++blocks_since_measured_;
    is_stuck_ = is_stuck_ && update.columns.empty() && !update.block_grew;
  }
  if (working_set_ && update.measured) ChooseBlock(update);
  if (!working_set_) {
    const Changes own = OwnChanges(update);
    schedule_->Changed(own.columns, own.scaled);
  }
  if (update.measured) {
    measuring_ = false;
    if (null_objective_ == 0) null_objective_ = update.objective;
    updates_between_ = std::min(kLaterMeasurements * updates_between_,
                                kMostSweepsBetween * static_cast<double>(num_variables_));
    if (priority_ != nullptr) change_when_measured_ = priority_->TotalChange();
  } else if (!working_set_) {
    updates_since_measured_ += static_cast<double>(update.columns.size());
    if (options_.divergence_guard && !alone_ && guard_.Observe(update.objective)) {
      // Rounds under way at the same time are parallel updates too: fences end that.
      alone_ = parallelism_ == 1;
      parallelism_ = std::max(1, parallelism_ / 2);
      guard_.Reset();
      // From far beyond zero, coordinate descent may not come back in any useful time.
      restart_ = !(update.objective <= null_objective_);
    }
  }
  if (update.scheduler != slice_.index) return;
  for (const int32_t j : in_flight_.front()) is_in_flight_[static_cast<size_t>(j)] = false;
  in_flight_.pop_front();
  if (!update.probe.empty()) Learn(update);
}

}  // namespace strads::lasso
