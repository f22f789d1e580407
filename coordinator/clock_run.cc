#include "coordinator/clock_run.h"

#include <strads/error.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "coordinator/wire/control.h"

namespace strads {

using wire::FrameKind;

void RefuseClockOptions(const RunOptions& options) {
  for (const auto& [name, given] : {std::pair{"consistency", options.consistency != "bsp"},
                                    {"backup_workers", options.backup_workers != 0},
                                    {"trace", options.trace > 0}}) {
    if (given)
      throw UsageError(std::string("--") + name + " goes with data-parallel apps, this is none");
  }
}

ClockRun::ClockRun(std::unique_ptr<DataParallelModelRole> model,
                   const RunOptions& options,
                   wire::ReliableEndpoint& endpoint,
                   Membership& membership,
                   const wire::Clock& clock)
    : model_(std::move(model)),
      options_(options),
      endpoint_(endpoint),
      membership_(membership),
      clock_(clock),
      consistency_(MakeConsistency(options)),
      starts_(static_cast<size_t>(options.workers)) {
  if (options.schedulers > 0)
    throw UsageError("--schedulers does not go with a data-parallel app: it has no plans");
}

void ClockRun::OnReady(const Member& member, const std::vector<Bytes>& parts) {
  if (parts.size() != 1) throw ProtocolError("it did not describe its shard");
  starts_[static_cast<size_t>(member.index)] = parts[0];
}

void ClockRun::Start(std::function<bool(const RoundResult&)> on_round) {
  on_round_ = std::move(on_round);
  model_->Begin(starts_);
  started_at_ = clock_.Now();
  engine_.emplace(*model_, *consistency_, options_.workers, options_.max_rounds, clock_,
                  static_cast<ClockEngine::Outlet&>(*this));
  if (options_.trace > 0) Keep(0, model_->Report());
  engine_->Start();
}

void ClockRun::Send(int rank, const Grant& grant, const Bytes& parameters) {
  endpoint_.Send(membership_.worker(rank).address, {.kind = FrameKind::kGrant, .round = grant.last},
                 {Pack(wire::GrantHead{grant.first, grant.last, grant.version}), parameters});
}

void ClockRun::OnGradient(Member& member, wire::Delivery& delivery) {
  if (delivery.parts.size() != 2) throw ProtocolError("a gradient has two parts");
  const auto head = Unpack<wire::GradientHead>(delivery.parts[0]);
  member.last_round = delivery.header.round;
  engine_->OnGradient(member.index, delivery.header.round, head.version,
                      std::move(delivery.parts[1]));
}

bool ClockRun::OnClock(int64_t clock) {
  const RoundResult result{clock, std::numeric_limits<double>::quiet_NaN(), false,
                           model_->Report()};
  if (options_.trace > 0 && (clock + 1) % options_.trace == 0) Keep(clock + 1, result.report);
  return on_round_(result);
}

void ClockRun::Keep(int64_t round, const strads::Report& report) {
  const double seconds = wire::ToSeconds(clock_.Now() - started_at_);
  snapshots_.push_back({{round, seconds, report.penalty},
                        Answer(),
                        std::vector<std::optional<double>>(starts_.size())});
}

Bytes ClockRun::Answer() {
  if (std::optional<Bytes> answer = model_->Answer()) return std::move(*answer);
  return engine_->Parameters();
}

bool ClockRun::MeasureNext() {
  if (measured_ == snapshots_.size()) return false;
  for (int rank = 0; rank < options_.workers; ++rank) {
    endpoint_.Send(membership_.worker(rank).address,
                   {.kind = FrameKind::kMeasure, .round = static_cast<int64_t>(measured_)},
                   {snapshots_[measured_].parameters});
  }
  return true;
}

bool ClockRun::OnMeasured(const Member& member, const wire::Delivery& delivery) {
  if (measured_ == snapshots_.size() || delivery.header.round != static_cast<int64_t>(measured_)) {
    throw ProtocolError("it sent a loss that it was not asked for");
  }
  Snapshot& snapshot = snapshots_[measured_];
  snapshot.losses[static_cast<size_t>(member.index)] = delivery.header.loss;
  if (!std::ranges::all_of(snapshot.losses, [](const auto& loss) { return loss.has_value(); }))
    return false;
  const double penalty = snapshot.point.objective;
  snapshot.point.objective = 0;
  for (const auto& loss : snapshot.losses) snapshot.point.objective += *loss;
  snapshot.point.objective += penalty;
  snapshot.parameters = {};
  ++measured_;
  return true;
}

std::vector<int> ClockRun::UnmeasuredRanks() const {
  std::vector<int> ranks;
  const auto& losses = snapshots_.at(measured_).losses;
  for (int rank = 0; rank < options_.workers; ++rank) {
    if (!losses[static_cast<size_t>(rank)]) ranks.push_back(rank);
  }
  return ranks;
}

ClockSummary ClockRun::Summarize() const {
  ClockSummary summary;
  summary.consistency = options_.consistency;
  if (options_.consistency == "ssp" || options_.consistency == "essp")
    summary.consistency += "(" + std::to_string(options_.staleness) + ")";
  summary.staleness = engine_->staleness();
  summary.late_gradients = engine_->late();
  summary.wait_seconds = wire::ToSeconds(engine_->waited()) / options_.workers;
  for (size_t i = 0; i < measured_; ++i) summary.trace.push_back(snapshots_[i].point);
  return summary;
}

}  // namespace strads
