#include "coordinator/clock_run.h"

#include <strads/error.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "coordinator/consistency.h"
#include "coordinator/own_parameters.h"
#include "coordinator/remote_holders.h"

namespace strads {

using wire::FrameKind;

ClockRun::ClockRun(const Program& program,
                   const Bytes& app_options,
                   const RunOptions& options,
                   wire::ReliableEndpoint& endpoint,
                   Membership& membership,
                   const wire::Clock& clock)
    : options_(options),
      endpoint_(endpoint),
      membership_(membership),
      clock_(clock),
      model_(program.make_data_parallel_model(app_options, Slice{})),
      starts_(static_cast<size_t>(options.workers)) {
  // Holders begin with a part of each worker, and one more, in one frame.
  if (options.holders > 0 && options.workers >= static_cast<int>(wire::kMaxParts))
    throw UsageError("--workers=" + std::to_string(options.workers) +
                     " is too many to go with --holders, expected fewer than " +
                     std::to_string(wire::kMaxParts));
  if (options.holders > 0) {
    store_ = std::make_unique<RemoteHolders>(*model_, options, endpoint, membership, clock);
  } else {
    store_ = std::make_unique<OwnParameters>(*model_, options, endpoint, membership, clock);
  }
}

void ClockRun::OnReady(const Member& member, const std::vector<Bytes>& parts) {
  if (parts.size() != 1) throw ProtocolError("it did not describe its shard");
  starts_[static_cast<size_t>(member.index)] = parts[0];
}

void ClockRun::Start(std::function<bool(const RoundResult&)> on_round) {
  on_round_ = std::move(on_round);
  started_at_ = clock_.Now();
  if (options_.backup_workers > 0) RefuseClocksOf(model_->EmptyRanks(starts_), options_);
  store_->Start(std::move(starts_),
                [this](int64_t clock, const strads::Report& report, std::vector<Bytes> snapshot) {
                  return OnClock(clock, report, std::move(snapshot));
                });
}

bool ClockRun::OnClock(int64_t clock, const strads::Report& report, std::vector<Bytes> snapshot) {
  if (!snapshot.empty()) {
    const double seconds = wire::ToSeconds(clock_.Now() - started_at_);
    snapshots_.push_back(
        {{clock + 1, seconds, report.penalty},
         std::move(snapshot),
         std::vector<std::optional<double>>(static_cast<size_t>(options_.workers))});
  }
  if (clock < 0) return false;
  return on_round_({clock, std::numeric_limits<double>::quiet_NaN(), false, report});
}

bool ClockRun::MeasureNext() {
  if (measured_ == snapshots_.size()) return false;
  for (int rank = 0; rank < options_.workers; ++rank) {
    endpoint_.Send(membership_.worker(rank).address,
                   {.kind = FrameKind::kMeasure, .round = static_cast<int64_t>(measured_)},
                   snapshots_[measured_].parameters);
  }
  return true;
}

bool ClockRun::OnMeasured(const Member& member, const wire::Delivery& delivery) {
  if (member.role != wire::Role::kWorker || measured_ == snapshots_.size() ||
      delivery.header.round != static_cast<int64_t>(measured_)) {
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

std::vector<Member*> ClockRun::Missing() {
  if (!collected() || measured_ == snapshots_.size()) return store_->Missing();
  std::vector<Member*> members;
  const auto& losses = snapshots_[measured_].losses;
  for (int rank = 0; rank < options_.workers; ++rank) {
    if (!losses[static_cast<size_t>(rank)]) members.push_back(&membership_.worker(rank));
  }
  return members;
}

ClockSummary ClockRun::Summarize() const {
  ClockSummary summary;
  summary.consistency = options_.consistency;
  if (options_.consistency == "ssp" || options_.consistency == "essp")
    summary.consistency += "(" + std::to_string(options_.staleness) + ")";
  const ClockTally tally = store_->Tally();
  summary.staleness = tally.staleness;
  summary.late_gradients = tally.late;
  summary.wait_seconds = wire::ToSeconds(tally.waited) / options_.workers;
  for (size_t i = 0; i < measured_; ++i) summary.trace.push_back(snapshots_[i].point);
  return summary;
}

}  // namespace strads
