#include "coordinator/coordinator_node.h"

#include <glog/logging.h>
#include <strads/version.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "coordinator/wire/member_node.h"

namespace strads {

using wire::Delivery;
using wire::FrameKind;
using wire::Seconds;
using wire::Time;

namespace {

constexpr double kTickSeconds = 0.1;  // how soon deadlines and Ctrl-C are noticed
// How long members may take to hear that a run has failed. A connection that ends takes with it
// what they have not read.
constexpr double kStopSeconds = 2;
constexpr double kStopTickSeconds = 0.002;

std::string InSeconds(double seconds) {
  return std::to_string(static_cast<int64_t>(seconds)) + " s";
}

}  // namespace

wire::LinkOptions LinkOptionsOf(const RunOptions& options) {
  wire::LinkOptions link;
  link.peer_timeout = Seconds(options.peer_timeout);
  return link;
}

CoordinatorNode::CoordinatorNode(wire::Transport& transport,
                                 const Program& program,
                                 const OptionValues& values,
                                 const RunOptions& options,
                                 const RunHooks& hooks,
                                 uint64_t run_id)
    : Node(transport, LinkOptionsOf(options)),
      clock_(transport.clock()),
      program_(program),
      options_(options),
      hooks_(hooks),
      app_options_(program.pack_options(values)),
      membership_(program.name,
                  BindingOptions(program, values, options),
                  options.workers,
                  options.schedulers),
      model_(program.make_model(app_options_)) {
  endpoint_.set_run_id(run_id);
  if (options_.schedulers == 0) own_scheduler_ = program.make_scheduler(app_options_, Slice{});
}

void CoordinatorNode::Start() {
  started_at_ = loaded_at_ = solved_at_ = endpoint_.Now();
  WakeAt(started_at_ + Seconds(kTickSeconds));
}

void CoordinatorNode::News(const std::string& text) const {
  if (hooks_.on_news) hooks_.on_news(text);
}

void CoordinatorNode::OnDelivery(Delivery& delivery) {
  if (delivery.header.kind == FrameKind::kHello && !delivery.lost) {
    OnHello(delivery);
    return;
  }
  Member* member = membership_.Find(delivery.from);
  if (member == nullptr || phase_ == Phase::kStopping || phase_ == Phase::kDone) return;
  if (!delivery.lost && delivery.header.version != wire::FrameHeader::kVersion) return;
  if (delivery.lost) {
    OnLost(*member, "was lost");
    return;
  }
  try {
    OnMemberFrame(*member, delivery);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kProtocol) throw;
    OnLost(*member, std::string("broke the protocol: ") + error.what());
  }
}

void CoordinatorNode::OnHello(const Delivery& delivery) {
  std::string reason;
  if (phase_ == Phase::kStopping) {
    reason = "the run has ended";
  } else if (delivery.header.version != wire::FrameHeader::kVersion) {
    reason = "it speaks protocol version " + std::to_string(delivery.header.version) +
             ", this run version " + std::to_string(wire::FrameHeader::kVersion);
  } else if (delivery.parts.empty()) {
    return;
  } else {
    try {
      const auto hello = Unpack<wire::Hello>(delivery.parts[0]);
      const Membership::Answer answer = membership_.OnHello(delivery.from, hello);
      if (answer.member != nullptr) {
        if (answer.is_new) {
          endpoint_.Open(delivery.from);
          News(answer.member->Name() + " has joined: " + membership_.CountJoined());
          if (membership_.AllJoined() && phase_ == Phase::kJoining) phase_ = Phase::kLoading;
        }
        Welcome(*answer.member);
        return;
      }
      reason = answer.reason;
      News("refused a process on " + hello.host + ": " + reason);
    } catch (const Error& error) {
      reason = error.what();
    }
  }
  endpoint_.SendUnsequenced(delivery.from, FrameKind::kRefuse, {Pack(wire::Refuse{reason})});
}

void CoordinatorNode::Welcome(const Member& member) {
  const bool is_worker = member.role == wire::Role::kWorker;
  const wire::Welcome welcome{
      program_.name,    member.index,       is_worker ? options_.workers : options_.schedulers,
      options_.threads, endpoint_.run_id(), options_.peer_timeout};
  endpoint_.SendUnsequenced(member.address, FrameKind::kWelcome, {Pack(welcome), app_options_});
}

void CoordinatorNode::OnMemberFrame(Member& member, Delivery& delivery) {
  const bool is_worker = member.role == wire::Role::kWorker;
  switch (delivery.header.kind) {
    case FrameKind::kReady:
      member.ready = true;
      OnAnswered();
      break;
    case FrameKind::kFailed: {
      const auto failed =
          delivery.parts.empty() ? wire::Failed{} : Unpack<wire::Failed>(delivery.parts[0]);
      member.failure.emplace(static_cast<ErrorKind>(std::clamp(failed.kind, 0, 3)), failed.message);
      if (phase_ == Phase::kJoining || phase_ == Phase::kLoading) {
        OnAnswered();
      } else {
        OnLost(member, "failed: " + failed.message);
      }
      break;
    }
    case FrameKind::kPartial:
      if (!is_worker || delivery.parts.size() != 1 || phase_ != Phase::kRounds) break;
      member.last_round = delivery.header.round;
      engine_->OnPartial(member.index, delivery.header.round, std::move(delivery.parts[0]),
                         delivery.header.loss);
      engine_->Advance();
      break;
    case FrameKind::kPlan:
      if (is_worker || delivery.parts.size() != 1 || phase_ != Phase::kRounds) break;
      member.last_round = delivery.header.round;
      engine_->OnPlan(delivery.header.round, std::move(delivery.parts[0]),
                      delivery.header.fence != 0);
      engine_->Advance();
      break;
    case FrameKind::kFinished:
      if (phase_ != Phase::kFinishing || delivery.parts.size() != 1) break;
      member.finished = true;
      member.final_loss = delivery.header.loss;
      peak_rss_bytes_ =
          std::max(peak_rss_bytes_, Unpack<wire::Finished>(delivery.parts[0]).peak_rss_bytes);
      Conclude();
      break;
    default:
      break;
  }
}

std::optional<Error> CoordinatorNode::FirstFailure() {
  for (const Member* member : membership_.all()) {
    if (!member->failure) continue;
    if (!options_.listen.starts_with("tcp://")) return member->failure;
    return Error(member->failure->kind(),
                 std::string(member->failure->what()) + " (" + member->Name() + ")");
  }
  return std::nullopt;
}

void CoordinatorNode::OnAnswered() {
  const auto members = membership_.all();
  const bool all_answered = std::all_of(members.begin(), members.end(),
                                        [](const Member* m) { return m->ready || m->failure; });
  if (!all_answered || phase_ == Phase::kRounds) return;
  error_ = FirstFailure();
  if (error_) {
    StopAll("another role failed");
  } else {
    StartRounds();
  }
}

void CoordinatorNode::StartRounds() {
  VLOG(1) << "all roles are ready after " << wire::ToSeconds(endpoint_.Now() - started_at_) << " s";
  phase_ = Phase::kRounds;
  loaded_at_ = solved_at_ = endpoint_.Now();
  engine_.emplace(
      *model_,
      Engine::Shape{options_.workers, std::max(1, options_.schedulers), options_.staleness}, clock_,
      static_cast<Engine::Outlet&>(*this));
  engine_->Advance();
}

void CoordinatorNode::RequestPlan(int index, int64_t round, const std::vector<Bytes>& feedback) {
  if (own_scheduler_ != nullptr) {
    for (const Bytes& update : feedback) own_scheduler_->Feedback(update);
    ScheduledBytes scheduled = own_scheduler_->Schedule();
    engine_->OnPlan(round, std::move(scheduled.plan), scheduled.fence);
    return;
  }
  endpoint_.Send(membership_.scheduler(index).address,
                 {.kind = FrameKind::kSchedule, .round = round}, feedback);
}

void CoordinatorNode::Push(int64_t round, std::vector<Bytes> updates_and_plan) {
  for (int rank = 0; rank < options_.workers; ++rank) {
    endpoint_.Send(membership_.worker(rank).address, {.kind = FrameKind::kPush, .round = round},
                   updates_and_plan);
  }
}

bool CoordinatorNode::OnRound(const RoundResult& result) {
  const wire::Traffic traffic = endpoint_.traffic();
  last_ = {
      result.round,           result.objective,       result.report.gap,
      result.report.nonzeros, result.report.updates,  wire::ToSeconds(endpoint_.Now() - loaded_at_),
      traffic.bytes_sent,     traffic.bytes_received, result.report.extra};
  VLOG(2) << "round " << result.round << " is complete, objective " << result.objective;
  if (hooks_.on_round) hooks_.on_round(last_);
  std::optional<Ending> ending = Decide(options_, last_, hooks_.stop);
  if (!ending) return false;
  Finish(std::move(*ending));
  return true;
}

void CoordinatorNode::Finish(Ending ending) {
  VLOG(1) << "the run ends: " << ending.message;
  ending_ = std::move(ending);
  phase_ = Phase::kFinishing;
  solved_at_ = endpoint_.Now();
  leave_deadline_ = solved_at_ + Seconds(options_.round_timeout);
  const std::vector<Bytes> updates = engine_->UnsentUpdates();
  for (const Member* member : membership_.all()) {
    const bool is_worker = member->role == wire::Role::kWorker;
    endpoint_.Send(member->address, {.kind = FrameKind::kFinish, .round = last_.round},
                   is_worker ? updates : std::vector<Bytes>{});
  }
}

void CoordinatorNode::Conclude() {
  const auto members = membership_.all();
  if (!std::all_of(members.begin(), members.end(), [](const Member* m) { return m->finished; }))
    return;
  double objective = 0;
  bool complete = true;  // unless a worker was lost after the model was final
  for (int rank = 0; rank < options_.workers; ++rank) {
    const auto& loss = membership_.worker(rank).final_loss;
    complete = complete && loss;
    objective += loss.value_or(0);
  }
  if (complete) last_.objective = objective + model_->Report().penalty;
  // They wait for this before they leave.
  for (const Member* member : members)
    endpoint_.SendUnsequenced(member->address, FrameKind::kAck, {});
  phase_ = Phase::kDone;
}

void CoordinatorNode::OnLost(Member& member, const std::string& how) {
  const std::string message = member.Name() + " " + how + "; " + member.LastAnswer();
  VLOG(1) << message;
  endpoint_.Close(member.address);
  switch (phase_) {
    case Phase::kJoining:
    case Phase::kLoading:
      if (member.failure) return;  // it has said why and left; the others have not answered yet
      error_ = PeerError(message);
      break;
    case Phase::kRounds:
      ending_ = Ending{Termination::kWorkerLost, message};
      solved_at_ = endpoint_.Now();
      break;
    case Phase::kFinishing:  // the model is final; only the last loss is missing
      member.finished = true;
      Conclude();
      return;
    case Phase::kStopping:
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
  if (phase_ != Phase::kStopping && phase_ != Phase::kDone) StopAll(reason);
}

void CoordinatorNode::OnProcessEnded(int64_t process, const std::string& how) {
  const auto members = membership_.all();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member* m) { return m->process == process; });
  Member* member = found == members.end() ? nullptr : *found;
  if (phase_ == Phase::kStopping || phase_ == Phase::kDone) return;
  if (member != nullptr && (member->finished || member->failure)) return;
  if (phase_ == Phase::kJoining) {
    error_ = PeerError("process " + std::to_string(process) + " " + how +
                       " before all roles had joined");
    StopAll(error_->what());
  } else if (member != nullptr) {
    OnLost(*member, how);
  }
}

void CoordinatorNode::OnTimer(Time now) {
  if (phase_ == Phase::kStopping) {
    if (now >= leave_deadline_ || endpoint_.AllAcknowledged()) {
      phase_ = Phase::kDone;
    } else {
      WakeAt(now + Seconds(kStopTickSeconds));
    }
    return;
  }
  WakeAt(now + Seconds(kTickSeconds));
  CheckDeadlines(now);
}

void CoordinatorNode::CheckDeadlines(Time now) {
  const bool user_stop = hooks_.stop != nullptr && hooks_.stop->load(std::memory_order_relaxed);
  if (phase_ == Phase::kJoining || phase_ == Phase::kLoading) {
    const bool joining = phase_ == Phase::kJoining;
    const double limit = joining ? options_.join_timeout : options_.load_timeout;
    if (user_stop) {
      error_ = Error(ErrorKind::kStopped, "stopped by the user before the first round");
    } else if (now - started_at_ > Seconds(limit)) {
      error_ = FirstFailure();
      if (!error_)
        error_ = PeerError((joining ? "only " + membership_.CountJoined() + " joined"
                                    : std::string("the workers did not read their data")) +
                           " within " + InSeconds(limit) +
                           (joining ? " (--join_timeout)" : " (--load_timeout)"));
    }
    if (error_) StopAll(error_->what());
  } else if (phase_ == Phase::kRounds) {
    const Time limit = Seconds(options_.round_timeout);
    const std::string how =
        "has not answered for " + InSeconds(options_.round_timeout) + " (--round_timeout)";
    if (engine_->HasOpenRound() && now - engine_->OldestPush() > limit) {
      OnLost(membership_.worker(engine_->MissingRanks().front()), how);
    } else if (const auto awaited = engine_->AwaitedPlan();
               awaited && now - awaited->since > limit && options_.schedulers > 0) {
      OnLost(membership_.scheduler(static_cast<int>(awaited->round % options_.schedulers)), how);
    }
  } else if (phase_ == Phase::kFinishing && now > leave_deadline_) {
    phase_ = Phase::kDone;
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
  summary.gap = last_.gap;
  summary.nonzeros = last_.nonzeros;
  summary.rounds = engine_->rounds();
  summary.updates = last_.updates;
  summary.load_seconds = wire::ToSeconds(loaded_at_ - started_at_);
  summary.solve_seconds = wire::ToSeconds(solved_at_ - loaded_at_);
  summary.peak_rss_bytes = std::max(peak_rss_bytes_, wire::PeakRssBytes());
  summary.bytes_sent = traffic.bytes_sent;
  summary.bytes_received = traffic.bytes_received;
  summary.frames_dropped = traffic.frames_dropped;
  summary.idle_seconds = wire::ToSeconds(engine_->idle());
  summary.plan_wait_seconds = wire::ToSeconds(engine_->waited_for_plans());
  summary.extra = last_.extra;
  result.model = model_->Save();
  return result;
}

}  // namespace strads
