// How a run ends: in order, because a member is lost, or because the coordinator cannot go on.
#include <glog/logging.h>
#include <strads/sum.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "coordinator/coordinator_node.h"
#include "coordinator/wire/member_node.h"

namespace strads {

using wire::FrameKind;
using wire::Seconds;

namespace {

// How long members may take to hear that a run has failed. A connection that ends takes with it
// what they have not read.
constexpr double kStopSeconds = 2;
// How long a worker that is at a push may take to finish it, where the user or --max_time ends a
// run within a clock: what it is missed for is the loss of the model.
constexpr double kStragglerSeconds = 10;
// How long they may take to leave a run that has ended well.
constexpr double kPartingSeconds = 0.5;

}  // namespace

bool CoordinatorNode::EndBy(std::optional<Ending> ending, const RoundResult& result) {
  const int64_t max_rounds =
      options_.max_rounds > 0 ? options_.max_rounds : std::numeric_limits<int64_t>::max();
  if (ends_by_ && !(ending && ending->termination == Termination::kFailure)) {
    if (result.round < last_round_) return false;
    End(std::move(*ends_by_));
    return true;
  }
  if (!ending) return false;
  const bool may_wait =
      ending->termination == Termination::kMaxTime || ending->termination == Termination::kUserStop;
  if (!clocks_ && may_wait && result.round + 1 < max_rounds && result.report.pending) {
    model_->EndSoon();
    return false;
  }
  if (program_.rotates && !engine_->WasFenced()) {
    last_round_ = std::min(result.round + options_.staleness, max_rounds - 1);
    if (last_round_ > result.round) {
      engine_->EndAfter(last_round_);
      ends_by_ = std::move(ending);
      return false;
    }
  }
  End(std::move(*ending));
  return true;
}

void CoordinatorNode::End(Ending ending) {
  VLOG(1) << "the run ends: " << ending.message;
  ending_ = std::move(ending);
  solved_at_ = endpoint_.Now();
  if (clocks_) {
    CollectParameters();
    return;
  }
  if (!program_.rotates) {
    Finish(engine_->UnsentUpdates());
    return;
  }
  phase_ = Phase::kCollecting;
  asked_at_ = solved_at_;
  collection_.emplace(endpoint_, membership_, *model_, options_.workers);
  collection_->Begin(engine_->UnsentUpdates());
}

void CoordinatorNode::CollectParameters() {
  phase_ = Phase::kCollecting;
  asked_at_ = endpoint_.Now();
  clocks_->Collect();
  if (clocks_->collected()) Measure();
}

void CoordinatorNode::Measure() {
  if (ending_->termination == Termination::kWorkerLost) {
    StopAll(ending_->message);
    return;
  }
  asked_at_ = endpoint_.Now();
  if (!clocks_->MeasureNext()) Finish(clocks_->Answer());
}

void CoordinatorNode::Finish(const std::vector<Bytes>& updates) {
  phase_ = Phase::kFinishing;
  const bool is_cut_short = clocks_ && (ending_->termination == Termination::kUserStop ||
                                        ending_->termination == Termination::kMaxTime);
  const double limit = is_cut_short ? kStragglerSeconds : options_.round_timeout;
  leave_deadline_ = endpoint_.Now() + Seconds(std::min(limit, options_.round_timeout));
  for (const Member* member : membership_.all()) {
    if (member->role == wire::Role::kHolder) continue;
    const bool is_worker = member->role == wire::Role::kWorker;
    endpoint_.Send(member->address, {.kind = FrameKind::kFinish, .round = last_.round},
                   is_worker ? updates : std::vector<Bytes>{});
  }
}

void CoordinatorNode::FinishHolders() {
  for (const Member& holder : membership_.Of(wire::Role::kHolder))
    endpoint_.Send(holder.address, {.kind = FrameKind::kFinish, .round = last_.round}, {});
}

// In rank order. False if there is nothing to tell.
bool CoordinatorNode::TellMeasures() {
  std::vector<double> sums;
  for (int rank = 0; rank < options_.workers; ++rank)
    internal::AddTo(sums, membership_.worker(rank).measures);
  if (sums.empty()) return false;
  clocks_ ? clocks_->Measured(sums) : model_->Measured(sums);
  return true;
}

void CoordinatorNode::Conclude() {
  const auto members = membership_.all();
  const auto is_finished = [](const Member* m) { return m->finished; };
  const auto is_at_work = [](const Member* m) {
    return !m->finished && m->role != wire::Role::kHolder;
  };
  if (std::ranges::any_of(members, is_at_work)) return;
  if (!std::ranges::all_of(members, is_finished)) {
    // Last, as workers take a holder that leaves for one that is lost.
    if (!std::exchange(holders_told_, true)) FinishHolders();
    return;
  }
  std::vector<double> losses;
  bool complete = true;  // unless a worker was lost, or is late, after the model was final
  for (int rank = 0; rank < options_.workers; ++rank) {
    const auto& loss = membership_.worker(rank).final_loss;
    complete = complete && loss;
    losses.push_back(loss.value_or(0));
  }
  has_final_losses_ = complete;
  if (complete) {
    if (TellMeasures()) {
      auto extra = ModelReport().extra;
      RefuseBuiltInNames(extra);
      // What the run was like is known to holders alone, if there are any.
      if (options_.holders > 0) std::swap(extra, last_.extra);
      extra.insert(last_.extra.begin(), last_.extra.end());
      last_.extra = std::move(extra);
    }
    const Objective objective(losses, ModelReport().penalty);
    last_.measured = objective.measured;
    last_.objective = objective.value;
  }
  constexpr double kDiverged = 1000;
  const Report report = ModelReport();
  // Rounds need not measure the objective; what clocks end with is measured.
  const bool is_unsound = (clocks_ || last_.measured) && !std::isfinite(last_.objective);
  const double empty = report.empty_objective;
  const bool is_far = empty != 0 && last_.objective - empty > kDiverged * std::abs(empty);
  const bool has_failed = report.has_diverged || (complete && (is_unsound || is_far));
  if (has_failed && ending_->termination != Termination::kFailure)
    ending_ = Ending{Termination::kFailure,
                     "the steps lead away from the optimum: take shorter ones, or less staleness"};
  // They wait for this before they leave.
  for (const Member* member : members)
    endpoint_.SendUnsequenced(member->address, FrameKind::kAck, {});
  if (options_.role != "coordinator") {
    phase_ = Phase::kDone;
    return;
  }
  // A connection that this end closes takes with it what the other has not read: they go first.
  phase_ = Phase::kParting;
  leave_deadline_ = endpoint_.Now() + Seconds(kPartingSeconds);
  WakeAt(endpoint_.Now());
}

void CoordinatorNode::OnLost(Member& member, const std::string& how) {
  const std::string message = member.Name() + " " + how + "; " + member.LastAnswer();
  VLOG(1) << message;
  // It leaves once it knows that it was heard; or, if it is there after all, that it was given up.
  if (member.failure)
    endpoint_.SendUnsequenced(member.address, FrameKind::kAck, {});
  else
    endpoint_.SendUnsequenced(member.address, FrameKind::kStop, {Pack(wire::Refuse{message})});
  endpoint_.Close(member.address);
  switch (phase_) {
    case Phase::kJoining:
    case Phase::kLoading:
    case Phase::kMeeting:
      if (member.failure) return;  // it has said why and left; the others have not answered yet
      if (phase_ == Phase::kJoining) {
        membership_.Free(member);
        News(message + "; its place is free: " + membership_.CountJoined());
        return;
      }
      error_ = PeerError(message);
      break;
    case Phase::kRounds:
    case Phase::kCollecting:
      if (member.role == wire::Role::kHolder && clocks_->collected()) {
        member.finished = true;  // it has done its part
        return;
      }
      // What is wrong with the input is no loss of a worker, however late it is found. Nor is what
      // cannot be done, before there is a model to save.
      if (member.failure && (member.failure->kind() == ErrorKind::kData ||
                             member.failure->kind() == ErrorKind::kUsage ||
                             (member.failure->kind() == ErrorKind::kFailed && !HasModel()))) {
        error_ = FirstFailure();
        break;
      }
      if (ending_ && ending_->termination == Termination::kWorkerLost &&
          member.role == wire::Role::kWorker)
        return;  // what holders have is on its way all the same
      ending_ = Ending{Termination::kWorkerLost, message};
      solved_at_ = endpoint_.Now();
      if (clocks_ && !clocks_->collected() && member.role == wire::Role::kWorker) {
        if (phase_ == Phase::kRounds) CollectParameters();
        return;
      }
      break;
    case Phase::kFinishing:  // the model is final; only the last loss is missing
      if (member.failure) ending_ = Ending{Termination::kWorkerLost, message};
      member.finished = true;
      Conclude();
      return;
    case Phase::kStopping:
    case Phase::kParting:
    case Phase::kDone:
      return;
  }
  StopAll(message);
}

void CoordinatorNode::StopAll(const std::string& reason) {
  for (const Member* member : membership_.all()) {
    if (!member->joined()) continue;
    if (member->failure) {  // it knows, and leaves once it is known that it said so
      endpoint_.SendUnsequenced(member->address, FrameKind::kAck, {});
    } else {
      endpoint_.Send(member->address, {.kind = FrameKind::kStop}, {Pack(wire::Refuse{reason})});
    }
  }
  phase_ = Phase::kStopping;
  leave_deadline_ = endpoint_.Now() + Seconds(kStopSeconds);
  WakeAt(endpoint_.Now());
}

void CoordinatorNode::Abort(const std::string& reason) {
  if (!IsLeaving()) StopAll(reason);
}

void CoordinatorNode::OnProcessEnded(int64_t process, const std::string& how) {
  const auto members = membership_.all();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member* m) { return m->process == process; });
  Member* member = found == members.end() ? nullptr : *found;
  if (IsLeaving()) return;
  if (member != nullptr && (member->finished || member->failure)) return;
  if (phase_ == Phase::kJoining) {
    error_ = PeerError("process " + std::to_string(process) + " " + how +
                       " before all roles had joined");
    StopAll(error_->what());
  } else if (member != nullptr) {
    OnLost(*member, how);
  }
}

RunResult CoordinatorNode::Result() const {
  if (error_) throw *error_;
  const wire::Traffic traffic = endpoint_.traffic();
  RunResult result;
  Summary& summary = result.summary;
  summary.termination = ending_->termination;
  summary.message = ending_->message;
  summary.objective = last_.objective;
  const Report report = ModelReport();
  summary.is_behind =
      report.is_behind || !has_final_losses_ || summary.termination == Termination::kWorkerLost;
  summary.gap = last_.gap;
  if (summary.termination != Termination::kConverged && report.gap_unit > 0 &&
      std::isfinite(report.least_objective) && std::isfinite(summary.objective))
    summary.gap = std::max(0.0, (summary.objective - report.least_objective) / report.gap_unit);
  summary.certifies = program_.certifies && !program_.rotates && !clocks_;
  summary.nonzeros = last_.nonzeros;
  summary.rounds = state().rounds();
  summary.updates = last_.updates;
  summary.load_seconds = wire::ToSeconds(loaded_at_ - started_at_);
  summary.solve_seconds = wire::ToSeconds(solved_at_ - loaded_at_);
  summary.coordinator_rss_bytes = summary.peak_rss_bytes = wire::PeakRssBytes();
  for (int rank = 0; rank < options_.workers; ++rank) {
    const int64_t bytes = membership_.worker(rank).peak_rss_bytes;
    summary.worker_rss_bytes.push_back(bytes);
    summary.peak_rss_bytes = std::max(summary.peak_rss_bytes, bytes);
  }
  for (const Member& holder : membership_.Of(wire::Role::kHolder)) {
    summary.holder_rss_bytes.push_back(holder.peak_rss_bytes);
    summary.peak_rss_bytes = std::max(summary.peak_rss_bytes, holder.peak_rss_bytes);
  }
  summary.bytes_between_members = bytes_between_members_;
  summary.bytes_sent = traffic.bytes_sent;
  summary.bytes_received = traffic.bytes_received;
  summary.frames_dropped = traffic.frames_dropped + frames_dropped_;
  summary.idle_seconds = wire::ToSeconds(state().idle());
  if (engine_) {
    summary.plan_wait_seconds = wire::ToSeconds(engine_->waited_for_plans());
    summary.planning_seconds = wire::ToSeconds(engine_->planned_ahead());
  }
  if (clocks_) summary.clocks = clocks_->Summarize();
  summary.extra = last_.extra;
  result.complete = clocks_ ? clocks_->collected()
                            : !program_.rotates || (collection_ && collection_->complete());
  // Within the first clock it may end for all but the loss of a worker that is not in the model.
  const bool has_begun = summary.rounds > 0 || (clocks_ && clocks_->HasPulled() &&
                                                summary.termination != Termination::kWorkerLost);
  // What has not been collected is not known to be lacking.
  result.has_model = has_begun && (!result.complete || report.has_model);
  result.complete = result.complete && result.has_model;
  if (!has_begun) summary.objective = std::numeric_limits<double>::quiet_NaN();
  if (summary.rounds == 0) summary.gap = std::numeric_limits<double>::infinity();
  if (!result.complete) return result;
  result.model = clocks_ ? clocks_->Save() : model_->Save();
  if (summary.termination != Termination::kFailure)
    result.side_files = clocks_ ? clocks_->TakeFiles() : model_->TakeFiles();
  return result;
}

}  // namespace strads
