#include "apps/lasso/scheduler.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace strads::lasso {
namespace {

constexpr int kGuardWindow = 32;  // rounds
// Variables drawn by priority from which on a draw takes much longer than handing it over.
constexpr int kLongDraw = 8;

// A measurement reads all of X once, as updating every variable once does. So they are this many
// times the variables apart at most, and no more than grows by this factor from one to the next.
constexpr double kMostSweepsBetween = 10;
constexpr double kLaterMeasurements = 1.5;
constexpr int kMostInVain = 10;  // draws in a row of nothing but what is under way

// By priority: the variables that matter have settled, for now, once their changes are this share
// of what they were after the last measurement, which also finds those that matter next.
constexpr double kSettled = 1e-2;
// But a measurement costs as much as updating every variable; this share of that comes first.
constexpr double kLeastSweepsBetween = 0.05;

}  // namespace

Planning Scheduler::PlanningOf(const Options& options) {
  if (options.schedule == "working_set") return Planning::kAtAnyTime;
  const bool is_long = options.schedule == "dependency" ||
                       (options.schedule == "priority" && options.parallelism >= kLongDraw);
  return is_long ? Planning::kBesideRounds : Planning::kAheadOfRounds;
}

Scheduler::Scheduler(const Options& options, Slice slice)
    : options_(options),
      slice_(slice),
      parallelism_(options.parallelism),
      num_candidates_(options.candidates * options.parallelism),
      follows_(options.schedule == "working_set"),
      random_(static_cast<uint64_t>(options.seed), static_cast<uint64_t>(slice.index)),
      guard_(kGuardWindow) {
  if (options.schedule == "dependency") {
    filter_.emplace(options.max_coupling, options.coupling_cache);
  }
}

void Scheduler::SetUp(const Update& update) {
  num_units_ = update.num_variables;
  if (!update.group_of.empty()) {
    for (int32_t j = 0; j < std::ssize(update.group_of); ++j) {
      const auto group = static_cast<size_t>(update.group_of[static_cast<size_t>(j)]);
      if (group >= groups_.size()) groups_.resize(group + 1);
      groups_[group].push_back(j);
    }
    num_units_ = std::ssize(groups_);
  }
  if (options_.schedule == "block_greedy") {
    const auto [first, last] = slice_.RangeOf(num_units_);
    const int blocks = options_.blocks > 0 ? options_.blocks : options_.parallelism;
    const auto [first_block, last_block] = slice_.RangeOf(blocks);
    blocks_.emplace(static_cast<int32_t>(first),
                    std::span(update.counts)
                        .subspan(static_cast<size_t>(first), static_cast<size_t>(last - first)),
                    std::max(1, static_cast<int>(last_block - first_block)));
  }
  is_in_flight_.resize(static_cast<size_t>(num_units_), false);
  updates_between_ = static_cast<double>(num_units_);
}

void Scheduler::BeginSchedule() {
  const auto [first, last] = slice_.RangeOf(num_units_);
  const bool is_own = filter_ || blocks_ || options_.schedule == "working_set";
  const std::string name = is_own ? "priority" : options_.schedule;
  ScheduleOptions own;
  own.stream = static_cast<uint64_t>(slice_.index);
  schedule_ = MakeSchedule(name, static_cast<int32_t>(first), static_cast<int32_t>(last),
                           static_cast<uint64_t>(options_.seed), own);
  priority_ = dynamic_cast<PrioritySchedule*>(schedule_.get());
  sweeps_ = name == "cyclic" || name == "shuffled";
}

std::vector<int32_t> Scheduler::ColumnsOf(std::vector<int32_t> units) const {
  if (groups_.empty()) return units;
  std::vector<int32_t> columns;
  for (const int32_t u : units) {
    const auto& group = groups_[static_cast<size_t>(u)];
    columns.insert(columns.end(), group.begin(), group.end());
  }
  return columns;
}

bool Scheduler::MeasurementIsDue() const {
  if (slice_.index != 0 || measuring_) return false;  // one scheduler is enough for all
  if (restart_ || measure_again_) return true;
  if (updates_since_measured_ >= updates_between_) return true;
  if (priority_ == nullptr) return false;
  const double change = priority_->TotalChange();
  const bool settled = change <= kSettled * kSettled * change_when_measured_;
  return change == 0 || (settled && updates_since_measured_ >=
                                        kLeastSweepsBetween * static_cast<double>(num_units_));
}

// None that is under way, and others in their place. By a sweep they are taken up once they are
// back: it loses none.
std::vector<int32_t> Scheduler::Draw(int count) {
  std::vector<int32_t> units;
  const auto take = [&](int32_t u) {
    if (is_in_flight_[static_cast<size_t>(u)] || std::ssize(units) == count) return false;
    is_in_flight_[static_cast<size_t>(u)] = true;
    units.push_back(u);
    return true;
  };
  std::erase_if(deferred_, take);
  bool has_dropped = true;
  for (int in_vain = 0; has_dropped && in_vain < kMostInVain && std::ssize(units) < count;) {
    const size_t before = units.size();
    has_dropped = false;
    for (const int32_t u : schedule_->Draw(count - static_cast<int>(before))) {
      if (take(u)) continue;
      has_dropped = true;
      if (sweeps_ && std::ranges::find(deferred_, u) == deferred_.end()) deferred_.push_back(u);
    }
    in_vain = units.size() > before ? 0 : in_vain + 1;
  }
  for (const int32_t u : units) is_in_flight_[static_cast<size_t>(u)] = false;
  return units;
}

std::vector<int32_t> Scheduler::NextUnits() {
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
  std::vector<int32_t> candidates = Draw(
      static_cast<int>(std::lround(std::min(num_candidates_, static_cast<double>(num_units_)))));
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
  std::vector<int32_t> units;
  if (follows_) {
    plan.follow = true;
  } else if (schedule_ == nullptr || MeasurementIsDue()) {
    updates_since_measured_ = 0;
    measuring_ = true;
    plan.measure = true;
    plan.restart = std::exchange(restart_, false);
  } else if (measure_again_) {
    // What the last measurement says does not hold any more: another scheduler's comes first.
  } else if (blocks_) {
    PlanBestOfBlocks(plan);
  } else {
    units = NextUnits();
    plan.columns = ColumnsOf(units);
  }
  for (const int32_t u : units) is_in_flight_[static_cast<size_t>(u)] = true;
  if (priority_ != nullptr) priority_->Hold(units);
  in_flight_.push_back(std::move(units));
  if (filter_ && schedule_ != nullptr) AskForCouplings(plan);
  const bool fence = plan.measure || plan.follow || alone_;
  return {std::move(plan), fence};
}

// Whole blocks, whatever is under way: the model knows what workers have not seen.
void Scheduler::PlanBestOfBlocks(Plan& plan) {
  if (seed_is_asked_for_) return;
  if (!blocks_->IsComplete()) {
    plan.seed = blocks_->NextSeed();
    seed_is_asked_for_ = true;
    return;
  }
  for (const int b : blocks_->Draw(parallelism_, random_)) {
    const std::vector<int32_t>& block = blocks_->blocks()[static_cast<size_t>(b)];
    plan.columns.insert(plan.columns.end(), block.begin(), block.end());
    plan.blocks.push_back(static_cast<int32_t>(block.size()));
  }
}

// Whatever made the one before be given up.
void Scheduler::BeginBlock() {
  follows_ = true;
  parallelism_ = options_.parallelism;
  alone_ = false;
  guard_.Reset();
}

void Scheduler::Learn(const Update& update) {
  const DependencyFilter::Probe probe{update.probe, update.probe_known};
  filter_->LearnCoupled(probe, update.coupled);
  ready_.push_back(std::move(asked_.front()));
  asked_.pop_front();
}

Scheduler::Changes Scheduler::OwnChanges(const Update& update) const {
  const auto [first, last] = slice_.RangeOf(num_units_);
  const std::vector<int32_t>& units = update.units.empty() ? update.columns : update.units;
  Changes own;
  for (size_t i = 0; i < units.size(); ++i) {
    if (units[i] < first || units[i] >= last) continue;
    own.units.push_back(units[i]);
    own.scaled.push_back(update.scaled[i]);
  }
  return own;
}

void Scheduler::Feedback(const Update& update) {
  if (update.measured && !std::exchange(is_set_up_, true)) SetUp(update);
  if (update.begins_block) BeginBlock();
  if (update.gives_block_up) follows_ = false;
  if (update.goes_alone) GoAlone();
  if (is_set_up_ && !follows_ && schedule_ == nullptr) BeginSchedule();
  if (!follows_) {
    const Changes own = OwnChanges(update);
    schedule_->Changed(own.units, own.scaled);
  }
  if (update.measured) {
    measuring_ = false;
    measure_again_ = update.measure_again;
    if (null_objective_ == 0 || update.begins) null_objective_ = update.objective;
    updates_between_ = std::min(kLaterMeasurements * updates_between_,
                                kMostSweepsBetween * static_cast<double>(num_units_));
    if (priority_ != nullptr) change_when_measured_ = priority_->TotalChange();
  } else if (!follows_) {
    // Block-greedy looks at all variables of a block to update one.
    const double looked_at = blocks_ ? static_cast<double>(num_units_) /
                                           static_cast<double>(blocks_->blocks().size() + 1)
                                     : 1;
    updates_since_measured_ += looked_at * static_cast<double>(update.columns.size());
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
  if (blocks_ && !update.couplings.empty()) {
    blocks_->Grow(update.couplings);
    seed_is_asked_for_ = false;
  }
  for (const int32_t j : in_flight_.front()) is_in_flight_[static_cast<size_t>(j)] = false;
  if (priority_ != nullptr) priority_->Release(in_flight_.front());
  in_flight_.pop_front();
  if (!update.probe.empty()) Learn(update);
}

}  // namespace strads::lasso
