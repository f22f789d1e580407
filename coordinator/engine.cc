#include "coordinator/engine.h"

#include <glog/logging.h>
#include <strads/error.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

namespace strads {

Objective::Objective(std::span<const double> losses, double penalty)
    : measured(std::ranges::find(losses, kUnknownLoss) == losses.end()),
      value(measured ? std::accumulate(losses.begin(), losses.end(), 0.0) + penalty
                     : std::numeric_limits<double>::quiet_NaN()) {}

Engine::Engine(ModelRole& model, const Shape& shape, const wire::Clock& clock, Outlet& outlet)
    : model_(model),
      shape_(shape),
      clock_(clock),
      outlet_(outlet),
      lead_(shape.staleness + shape.lookahead),
      fed_back_(static_cast<size_t>(shape.schedulers), 0),
      penalties_{model.Report().penalty},
      idle_since_(clock.Now()) {
  CHECK_GE(shape.workers, 1);
  CHECK_GE(shape.schedulers, 1);
  CHECK_GE(shape.staleness, 0);
  CHECK_GE(shape.lookahead, 0);
}

void Engine::Advance() {
  // Pushing comes first: workers should not idle while the coordinator pulls or plans.
  while (!stopped_ && (TryPush() || TryPull() || TryRequestPlan())) {
  }
}

bool Engine::TryRequestPlan() {
  const int64_t round = requested_;
  if (IsBeyondTheLast(round)) return false;
  const int64_t least_known = shape_.plans_at_any_time ? 0 : std::min<int64_t>(round, 1);
  if (round > pulled_ + lead_ || least_known > pulled_) return false;
  const int index = static_cast<int>(round % shape_.schedulers);
  // Exactly these, though more may be in: what a scheduler knows must not depend on timing.
  const int64_t known = std::max(round - lead_, least_known);
  std::vector<Bytes> feedback;
  int64_t& fed_back = fed_back_[static_cast<size_t>(index)];
  for (; fed_back < known; ++fed_back) feedback.push_back(UpdateOf(fed_back));
  ++requested_;
  const wire::Time requested_at = clock_.Now();
  plans_.push_back({requested_at, std::nullopt, false});
  ForgetOldUpdates();
  outlet_.RequestPlan(index, round, feedback);
  if (HasOpenRound() && plans_.back().plan) planned_ahead_ += clock_.Now() - requested_at;
  return true;
}

void Engine::OnPlan(int64_t round, Bytes plan, bool fence) {
  const int64_t at = round - pushed_;
  if (at < 0 || at >= std::ssize(plans_) || plans_[static_cast<size_t>(at)].plan) {
    throw ProtocolError("a plan of round " + std::to_string(round) + " was not asked for");
  }
  plans_[static_cast<size_t>(at)].plan = std::move(plan);
  plans_[static_cast<size_t>(at)].fence = fence;
}

bool Engine::TryPush() {
  if (IsBeyondTheLast(pushed_)) return false;
  if (plans_.empty() || !plans_.front().plan) {
    const bool is_idle = idle_since_ != wire::kNever && pushed_ > 0;
    if (is_idle && without_plan_since_ == wire::kNever) without_plan_since_ = clock_.Now();
    return false;
  }
  const int64_t round = pushed_;
  if (round > pulled_ + shape_.staleness) return false;
  const bool alone = plans_.front().fence || after_fence_;
  if (alone && round > pulled_) return false;
  if (idle_since_ != wire::kNever) {
    const wire::Time now = clock_.Now();
    if (round > 0) idle_ += now - idle_since_;
    if (without_plan_since_ != wire::kNever) waited_for_plans_ += now - without_plan_since_;
    idle_since_ = without_plan_since_ = wire::kNever;
  }
  const int64_t seen =
      alone ? round : std::max({synced_, round - shape_.staleness, std::min<int64_t>(round, 1)});
  OpenRound open;
  after_fence_ = plans_.front().fence;
  open.plan = std::move(*plans_.front().plan);
  plans_.pop_front();
  std::vector<Bytes> parts;
  for (; synced_ < seen; ++synced_) parts.push_back(UpdateOf(synced_));
  parts.push_back(open.plan);
  open.updates_seen = synced_;
  open.partials.resize(static_cast<size_t>(shape_.workers));
  open.losses.resize(static_cast<size_t>(shape_.workers));
  open.missing = shape_.workers;
  open.pushed_at = clock_.Now();
  open_.push_back(std::move(open));
  ++pushed_;
  ForgetOldUpdates();
  outlet_.Push(round, std::move(parts));
  return true;
}

Engine::OpenRound& Engine::Open(int rank, int64_t round, const char* what) {
  CHECK(rank >= 0 && rank < shape_.workers) << rank;
  const int64_t at = round - pulled_;
  if (at < 0 || at >= std::ssize(open_)) {
    throw ProtocolError("worker " + std::to_string(rank) + " sent " + what + " of round " +
                        std::to_string(round) + ", which it was not asked for");
  }
  return open_[static_cast<size_t>(at)];
}

void Engine::OnDone(int rank, int64_t round) {
  OpenRound& open = Open(rank, round, "the end of its share");
  open.done.resize(static_cast<size_t>(shape_.workers));
  open.done[static_cast<size_t>(rank)] = true;
  if (std::ranges::all_of(open.done, std::identity())) outlet_.Release(round);
}

void Engine::OnPartial(int rank, int64_t round, Bytes partial, double loss) {
  OpenRound& open = Open(rank, round, "a partial");
  auto& slot = open.partials[static_cast<size_t>(rank)];
  if (slot) return;  // a repetition
  slot = std::move(partial);
  open.losses[static_cast<size_t>(rank)] = loss;
  --open.missing;
}

bool Engine::TryPull() {
  if (open_.empty() || open_.front().missing > 0) return false;
  OpenRound open = std::move(open_.front());
  open_.pop_front();
  if (open_.empty()) idle_since_ = clock_.Now();
  std::vector<Bytes> partials;
  partials.reserve(open.partials.size());
  for (std::optional<Bytes>& partial : open.partials) partials.push_back(std::move(*partial));
  CHECK(open.updates_seen >= first_penalty_ && open.updates_seen <= pulled_) << open.updates_seen;
  const Objective objective(open.losses,
                            penalties_[static_cast<size_t>(open.updates_seen - first_penalty_)]);
  updates_.push_back(model_.Pull(open.plan, partials));
  const RoundResult result{pulled_, objective.value, objective.measured, model_.Report()};
  if (result.report.loads) {
    idle_ = waited_for_plans_ = planned_ahead_ = wire::Time{0};
    if (open_.empty()) idle_since_ = clock_.Now();
  }
  ++pulled_;
  penalties_.push_back(result.report.penalty);
  const int64_t oldest_needed = open_.empty() ? synced_ : open_.front().updates_seen;
  for (; first_penalty_ < oldest_needed; ++first_penalty_) penalties_.pop_front();
  stopped_ = outlet_.OnRound(result);
  return true;
}

void Engine::ForgetOldUpdates() {
  int64_t needed = synced_;
  for (const int64_t fed_back : fed_back_) needed = std::min(needed, fed_back);
  for (; first_update_ < needed; ++first_update_) updates_.pop_front();
}

const Bytes& Engine::UpdateOf(int64_t round) const {
  CHECK(round >= first_update_ && round < pulled_) << round;
  return updates_[static_cast<size_t>(round - first_update_)];
}

std::vector<Bytes> Engine::UnsentUpdates() const {
  std::vector<Bytes> updates;
  for (int64_t round = synced_; round < pulled_; ++round) updates.push_back(UpdateOf(round));
  return updates;
}

std::vector<int> Engine::MissingRanks() const {
  std::vector<int> ranks;
  for (int rank = 0; HasOpenRound() && rank < shape_.workers; ++rank) {
    if (!open_.front().partials[static_cast<size_t>(rank)]) ranks.push_back(rank);
  }
  return ranks;
}

std::optional<Engine::Awaited> Engine::AwaitedPlan() const {
  for (size_t i = 0; i < plans_.size() && !stopped_; ++i) {
    if (!plans_[i].plan) return Awaited{pushed_ + static_cast<int64_t>(i), plans_[i].requested_at};
  }
  return std::nullopt;
}

}  // namespace strads
