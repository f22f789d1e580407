// What becomes of a run in which something has not happened in time.
#include <strads/error.h>
#include <strads/options.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/coordinator_node.h"

namespace strads {

using wire::FrameKind;
using wire::Seconds;
using wire::Time;

namespace {

std::string InSeconds(double seconds) { return internal::FormatOption(seconds) + " s"; }

std::string NotAnsweredFor(double seconds) {
  return "has not answered for " + InSeconds(seconds) + " (--round_timeout)";
}

}  // namespace

void CoordinatorNode::ReadAll() {
  // More than a member has under way. Who always has something more is no reason not to look.
  constexpr size_t kMostOfEach = 64;
  for (size_t left = kMostOfEach * membership_.all().size(); left > 0 && !IsLeaving(); --left) {
    std::optional<wire::Delivery> delivery = endpoint_.Receive(Time{0});
    if (!delivery) return;
    OnDelivery(*delivery);
  }
}

void CoordinatorNode::CheckDeadlines(Time now) {
  if (BeforeRounds()) {
    CheckBeforeRounds(now);
  } else if (phase_ == Phase::kRounds) {
    if (clocks_ && EndWithinClock(now)) return;
    if (state().HasOpenRound() &&
        now - state().OldestPush() > Seconds(options_.round_timeout) / 2) {
      CheckSilence(state().OldestPush(), Missing(), now);
    } else if (const auto awaited = engine_ ? engine_->AwaitedPlan() : std::nullopt;
               awaited && now - awaited->since > Seconds(options_.round_timeout) &&
               options_.schedulers > 0) {
      OnLost(membership_.scheduler(static_cast<int>(awaited->round % options_.schedulers)),
             NotAnsweredFor(options_.round_timeout));
    }
  } else if (phase_ == Phase::kCollecting) {
    CheckSilence(asked_at_, Missing(), now);
  } else if (phase_ == Phase::kFinishing && now > leave_deadline_) {
    GoOnWithoutLate();
  }
}

// Rounds are as long as all take; a clock is as long as the slowest worker takes.
bool CoordinatorNode::EndWithinClock(Time now) {
  if (!clocks_->HasPulled()) return false;
  std::optional<Ending> ending = DecideAt(options_, wire::ToSeconds(now - loaded_at_), hooks_.stop);
  if (!ending) return false;
  if (!clocks_->TellOfOpenClock()) End(std::move(*ending));
  return true;
}

void CoordinatorNode::GoOnWithoutLate() {
  for (Member* member : membership_.all()) {
    if (member->role != wire::Role::kHolder || holders_told_) member->finished = true;
  }
  leave_deadline_ = endpoint_.Now() + Seconds(options_.round_timeout);
  Conclude();
}

bool CoordinatorNode::HeedStop() {
  if (hooks_.stop == nullptr || !hooks_.stop->load(std::memory_order_relaxed)) return false;
  error_ = Error(ErrorKind::kStopped, "stopped by the user before the first round");
  return true;
}

void CoordinatorNode::CheckBeforeRounds(Time now) {
  const auto over = [&](Time since, double limit) { return now - since > Seconds(limit); };
  const bool joining = phase_ == Phase::kJoining;
  if (HeedStop()) {
    // Nothing is there to be saved.
  } else if (phase_ == Phase::kMeeting) {
    // Twice, as a worker that cannot reach another one says so after once.
    if (over(met_since_, 2 * options_.join_timeout))
      error_ = PeerError(introductions_.Missing().Name() + " has not met the others within " +
                         InSeconds(2 * options_.join_timeout) + " (twice --join_timeout)");
  } else if (over(started_at_, joining ? options_.join_timeout : options_.load_timeout)) {
    error_ = FirstFailure();
    if (!error_)
      error_ = PeerError(joining ? "only " + membership_.CountJoined() + " joined within " +
                                       InSeconds(options_.join_timeout) + " (--join_timeout)"
                                 : FirstUnready().Name() + " was not ready within " +
                                       InSeconds(options_.load_timeout) + " (--load_timeout)");
  }
  if (error_) StopAll(error_->what());
}

std::vector<Member*> CoordinatorNode::Missing() {
  if (clocks_) return clocks_->Missing();
  std::vector<int> ranks = engine_->MissingRanks();
  if (program_.rotates) {
    // They may wait for a block of one that has answered and is gone.
    ranks.resize(static_cast<size_t>(options_.workers));
    std::iota(ranks.begin(), ranks.end(), 0);
  }
  std::vector<Member*> members;
  members.reserve(ranks.size());
  for (const int rank : ranks) members.push_back(&membership_.worker(rank));
  return members;
}

void CoordinatorNode::CheckSilence(Time since, const std::vector<Member*>& members, Time now) {
  const Time limit = Seconds(options_.round_timeout);
  if (now - since <= limit / 2) return;
  if (vigil_.since != since) vigil_ = {since, Time{0}, now};
  // While this thread computes it does not look: such a time counts for no more than a short one.
  vigil_.looked += std::min(now - vigil_.looked_at, limit / 8);
  vigil_.looked_at = now;
  Member* silent = nullptr;
  for (Member* member : members) {
    endpoint_.SendUnsequenced(member->address, FrameKind::kProbe, {});
    if (silent == nullptr ||
        endpoint_.LastHeard(member->address) < endpoint_.LastHeard(silent->address))
      silent = member;
  }
  if (silent != nullptr && now - since > limit && vigil_.looked >= limit / 2)
    OnLost(*silent, NotAnsweredFor(options_.round_timeout));
}

}  // namespace strads
