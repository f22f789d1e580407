#include "coordinator/coordinator_node.h"

#include <glog/logging.h>
#include <strads/version.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "coordinator/file_options.h"
#include "coordinator/planning.h"
#include "coordinator/refused_options.h"
#include "coordinator/wire/member_node.h"

namespace strads {

using wire::Delivery;
using wire::FrameKind;
using wire::Seconds;
using wire::Time;

namespace {

constexpr double kTickSeconds = 0.1;  // how soon deadlines and Ctrl-C are noticed
constexpr double kStopTickSeconds = 0.002;
constexpr int kRoundsToEnd = 2;  // that a model has for what is pending

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
      app_options_(program.pack_options(values)),
      planning_(PlanningOf(program, app_options_)),
      options_(WithPlanning(planning_, options, /*has_free_core=*/false)),
      hooks_(hooks),
      membership_(program,
                  BindingOptions(program, values, options),
                  options.workers,
                  options_.schedulers,
                  options.holders),
      introductions_(endpoint_, membership_, options.workers, options.holders) {
  if (!program.is_search) RefuseOptions(program, options);  // of a search Run did, and set others
  if (options.role == "coordinator") input_files_ = InputFiles(program.options, values);
  endpoint_.set_run_id(run_id);
  if (program.is_data_parallel()) {
    clocks_ =
        std::make_unique<ClockRun>(program, app_options_, options_, endpoint_, membership_, clock_);
    return;
  }
  model_ = program.make_model(app_options_);
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
  if (member == nullptr || IsLeaving()) return;
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
    return;
  }
  if (engine_ && phase_ == Phase::kRounds) Advance();
}

// The app's own work, of whose errors no member is to blame.
void CoordinatorNode::Advance() {
  try {
    engine_->Advance();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kProtocol) throw;
    throw ProtocolError("round " + std::to_string(engine_->rounds()) + ": " + error.what());
  }
}

void CoordinatorNode::OnHello(const Delivery& delivery) {
  std::string reason;
  if (IsLeaving()) {
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
      News("refused a process on " + OneLine(hello.host, kMostOfHello) + ": " + reason);
    } catch (const Error& error) {
      reason = error.what();
    }
  }
  endpoint_.SendUnsequenced(delivery.from, FrameKind::kRefuse, {Pack(wire::Refuse{reason})});
}

void CoordinatorNode::Welcome(const Member& member) {
  const bool is_worker = member.role == wire::Role::kWorker;
  const bool is_slow = is_worker && member.index == options_.slow_rank;
  const wire::Welcome welcome{
      program_.name,         program_.messages,
      member.index,          static_cast<int>(membership_.Of(member.role).size()),
      options_.threads,      endpoint_.run_id(),
      options_.peer_timeout, is_slow ? options_.slow_factor : 1.0,
      options_.delay_mean,   options_.seed,
      options_.holders,      is_worker ? input_files_ : std::vector<std::string>()};
  endpoint_.SendUnsequenced(member.address, FrameKind::kWelcome, {Pack(welcome), app_options_});
}

void CoordinatorNode::OnMemberFrame(Member& member, Delivery& delivery) {
  const bool is_worker = member.role == wire::Role::kWorker;
  switch (delivery.header.kind) {
    case FrameKind::kReady:
      if (is_worker && !CompareInputFiles(member, delivery.parts)) break;
      if (clocks_ && is_worker) {
        clocks_->OnReady(member, delivery.parts);
      } else {
        introductions_.OnReady(member, delivery.parts);
      }
      member.ready = true;
      OnAnswered();
      break;
    case FrameKind::kMet:
      if (phase_ == Phase::kMeeting && introductions_.OnMet(member, delivery.header.round))
        StartRounds();
      break;
    case FrameKind::kFailed: {
      const auto failed =
          delivery.parts.empty() ? wire::Failed{} : Unpack<wire::Failed>(delivery.parts[0]);
      member.failure.emplace(static_cast<ErrorKind>(std::clamp(failed.kind, 0, 5)), failed.message);
      if (BeforeRounds()) {
        OnAnswered();
      } else {
        OnLost(member, "failed: " + failed.message);
      }
      break;
    }
    case FrameKind::kFinished:
      if (phase_ != Phase::kFinishing || delivery.parts.size() != 1) break;
      OnFinished(member, delivery);
      break;
    case FrameKind::kShare:
      if (phase_ == Phase::kCollecting) OnShare(member, delivery);
      break;
    case FrameKind::kGradient:
    case FrameKind::kClock:
      if (clocks_ && phase_ == Phase::kRounds) clocks_->OnFrame(member, delivery);
      break;
    case FrameKind::kMeasured:
      if (!clocks_ || phase_ != Phase::kCollecting) break;
      if (clocks_->OnMeasured(member, delivery)) Measure();
      break;
    default:
      if (clocks_) break;
      if (phase_ == Phase::kRounds || phase_ == Phase::kCollecting) OnRoundFrame(member, delivery);
      break;
  }
}

bool CoordinatorNode::CompareInputFiles(Member& member, std::vector<Bytes>& parts) {
  if (input_files_.empty()) return true;
  if (parts.empty()) throw ProtocolError("a worker does not tell what it has read");
  member.input_files = Unpack<wire::InputFiles>(parts.back());
  parts.pop_back();
  for (int rank = 0; rank < options_.workers; ++rank) {
    const Member& other = membership_.worker(rank);
    const int differs = wire::FirstDifference(member.input_files, other.input_files);
    if (differs < 0 || differs >= std::ssize(input_files_)) continue;
    const auto i = static_cast<size_t>(differs);
    error_ = DataError(input_files_[i] + ": is another file for " + member.Name() + ", of " +
                       std::to_string(member.input_files.sizes[i]) + " bytes, than for " +
                       other.Name() + ", of " + std::to_string(other.input_files.sizes[i]) +
                       ", expected copies of one");
    StopAll(error_->what());
    return false;
  }
  return true;
}

void CoordinatorNode::OnRoundFrame(Member& member, Delivery& delivery) {
  const bool is_worker = member.role == wire::Role::kWorker;
  const int64_t round = delivery.header.round;
  if (delivery.header.kind == FrameKind::kDone && is_worker) {
    engine_->OnDone(member.index, round);  // also of rounds that no one will pull any more
  } else if (phase_ == Phase::kCollecting) {
    return;
  } else if (delivery.header.kind == FrameKind::kPartial && is_worker &&
             delivery.parts.size() == 1) {
    member.last_round = round;
    engine_->OnPartial(member.index, round, std::move(delivery.parts[0]), delivery.header.loss);
  } else if (delivery.header.kind == FrameKind::kPlan && !is_worker && delivery.parts.size() == 1) {
    member.last_round = round;
    engine_->OnPlan(round, std::move(delivery.parts[0]), delivery.header.fence != 0);
  }
}

void CoordinatorNode::OnShare(Member& member, Delivery& delivery) {
  asked_at_ = endpoint_.Now();
  if (clocks_) {
    if (clocks_->collected()) return;
    clocks_->OnFrame(member, delivery);
    if (clocks_->collected()) Measure();
    return;
  }
  collection_->OnShare(member, delivery.header, delivery.parts);
  if (collection_->complete()) Finish({});
}

void CoordinatorNode::OnFinished(Member& member, const Delivery& delivery) {
  auto finished = Unpack<wire::Finished>(delivery.parts[0]);
  member.finished = true;
  member.measures = std::move(finished.measures);
  member.final_loss = delivery.header.loss;
  member.peak_rss_bytes = finished.peak_rss_bytes;
  bytes_between_members_ += finished.bytes_to_peers;
  frames_dropped_ += finished.frames_dropped;
  Conclude();
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

const Member& CoordinatorNode::FirstUnready() {
  const auto members = membership_.all();
  return **std::ranges::find_if(members, [](const Member* m) { return !m->ready; });
}

void CoordinatorNode::OnAnswered() {
  const auto members = membership_.all();
  const bool all_answered = std::all_of(members.begin(), members.end(),
                                        [](const Member* m) { return m->ready || m->failure; });
  if (!all_answered || !BeforeRounds()) return;
  error_ = FirstFailure();
  if (error_) {
    StopAll("another role failed");
  } else if ((program_.rotates && options_.workers > 1) || options_.holders > 0) {
    phase_ = Phase::kMeeting;
    met_since_ = endpoint_.Now();
    introductions_.Begin(options_.join_timeout);
  } else {
    StartRounds();
  }
}

void CoordinatorNode::StartRounds() {
  VLOG(1) << "all roles are ready after " << wire::ToSeconds(endpoint_.Now() - started_at_) << " s";
  phase_ = Phase::kRounds;
  loaded_at_ = solved_at_ = endpoint_.Now();
  if (HeedStop()) {
    StopAll(error_->what());
    return;
  }
  if (clocks_) {
    clocks_->Start([this](const RoundResult& result) { return OnRound(result); });
    return;
  }
  engine_.emplace(
      *model_,
      Engine::Shape{options_.workers, std::max(1, options_.schedulers), options_.staleness,
                    options_.lookahead, options_.max_rounds, planning_ == Planning::kAtAnyTime},
      clock_, static_cast<Engine::Outlet&>(*this));
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

void CoordinatorNode::Release(int64_t round) {
  for (int rank = 0; rank < options_.workers; ++rank) {
    endpoint_.Send(membership_.worker(rank).address, {.kind = FrameKind::kRelease, .round = round},
                   {});
  }
}

bool CoordinatorNode::OnRound(const RoundResult& result) {
  RefuseBuiltInNames(result.report.extra);
  if (result.report.loads) loaded_at_ = solved_at_ = endpoint_.Now();
  const wire::Traffic traffic = endpoint_.traffic();
  last_ = {
      result.round,           result.objective,       result.report.gap,
      result.report.nonzeros, result.report.updates,  wire::ToSeconds(endpoint_.Now() - loaded_at_),
      traffic.bytes_sent,     traffic.bytes_received, result.report.extra,
      result.report.done,     result.report.converged};
  last_.measured = result.measured;
  VLOG(2) << "round " << result.round << " is complete, objective " << result.objective;
  if (hooks_.on_round) hooks_.on_round(last_);
  std::optional<Ending> ending = Decide(options_, last_, hooks_.stop);
  if (!clocks_ && options_.max_rounds > 0 && result.round + 1 + kRoundsToEnd >= options_.max_rounds)
    model_->EndSoon();
  return EndBy(std::move(ending), result);
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
  if (phase_ == Phase::kParting) {
    const auto is_there = [this](const Member* m) { return endpoint_.IsReachable(m->address); };
    if (now >= leave_deadline_ || std::ranges::none_of(membership_.all(), is_there)) {
      phase_ = Phase::kDone;
    } else {
      WakeAt(now + Seconds(kStopTickSeconds));
    }
    return;
  }
  WakeAt(now + Seconds(kTickSeconds));
  ReadAll();
  CheckDeadlines(endpoint_.Now());
}

}  // namespace strads
