#include "coordinator/remote_holders.h"

#include <strads/error.h>

#include <algorithm>
#include <string>
#include <utility>

#include "coordinator/consistency.h"

namespace strads {

using wire::FrameKind;

namespace {

// The report of a model of which these are of the parts: see DivisibleApp.
Report Whole(std::span<const Report> parts) {
  Report whole = parts.front();
  for (const Report& part : parts.subspan(1)) {
    whole.penalty += part.penalty;
    whole.nonzeros += part.nonzeros;
    if (whole.done.empty() && !part.done.empty()) {
      whole.done = part.done;
      whole.converged = part.converged;
    }
  }
  return whole;
}

}  // namespace

RemoteHolders::RemoteHolders(DataParallelModelRole& model,
                             const RunOptions& options,
                             wire::ReliableEndpoint& endpoint,
                             Membership& membership,
                             const wire::Clock& clock)
    : model_(model),
      options_(options),
      endpoint_(endpoint),
      membership_(membership),
      clock_(clock),
      remotes_(static_cast<size_t>(options.holders)) {
  MakeConsistency(options);  // refused here, before anyone joins
}

void RemoteHolders::Start(std::vector<Bytes> starts, OnClock on_clock) {
  starts_ = std::move(starts);
  on_clock_ = std::move(on_clock);
  progress_at_ = clock_.Now();
  std::vector<Bytes> parts = {Pack(options_)};
  parts.insert(parts.end(), starts_.begin(), starts_.end());
  for (const Member& holder : membership_.Of(wire::Role::kHolder))
    endpoint_.Send(holder.address, {.kind = FrameKind::kBegin}, parts);
}

void RemoteHolders::OnFrame(Member& member, wire::Delivery& delivery) {
  if (member.role == wire::Role::kHolder) {
    Remote& remote = remotes_[static_cast<size_t>(member.index)];
    if (delivery.header.kind == FrameKind::kClock) {
      member.last_round = delivery.header.round;
      OnClockOf(remote, delivery);
      return;
    }
    if (delivery.header.kind == FrameKind::kShare && ended_ && !remote.end) {
      OnEndOf(remote, delivery);
      return;
    }
  }
  throw ProtocolError(std::string("it sent a ") + FrameKindName(delivery.header.kind) +
                      ", expected that of a holder");
}

void RemoteHolders::OnClockOf(Remote& remote, const wire::Delivery& delivery) {
  if (ended_) return;
  if (delivery.parts.empty()) throw ProtocolError("a clock has a report");
  progress_at_ = clock_.Now();
  remote.clocks.push_back({delivery.header.round,
                           Unpack<strads::Report>(delivery.parts[0]),
                           {delivery.parts.begin() + 1, delivery.parts.end()}});
  const auto has_more = [](const Remote& other) { return !other.clocks.empty(); };
  while (!ended_ && std::ranges::all_of(remotes_, has_more)) {
    std::vector<strads::Report> reports;
    std::vector<Bytes> snapshot;
    const int64_t clock = remotes_.front().clocks.front().clock;
    for (Remote& other : remotes_) {
      Completed own = std::move(other.clocks.front());
      other.clocks.pop_front();
      if (own.clock != clock) throw ProtocolError("holders do not tell of the same clocks");
      reports.push_back(std::move(own.report));
      snapshot.insert(snapshot.end(), own.snapshot.begin(), own.snapshot.end());
    }
    completed_ = clock + 1;
    for (Member& worker : membership_.Of(wire::Role::kWorker))
      worker.last_round = std::max(worker.last_round, clock);
    on_clock_(clock, Whole(reports), std::move(snapshot));
  }
}

bool RemoteHolders::HasPulled() const {
  return !ended_ || std::ranges::any_of(remotes_, [](const Remote& remote) {
    return remote.end && remote.end->pulls > 0;
  });
}

void RemoteHolders::Collect() {
  ended_ = true;
  for (const Member& holder : membership_.Of(wire::Role::kHolder))
    endpoint_.Send(holder.address, {.kind = FrameKind::kCollect}, {});
}

void RemoteHolders::OnEndOf(Remote& remote, const wire::Delivery& delivery) {
  if (delivery.parts.size() != 2) throw ProtocolError("what a holder has is two parts");
  remote.end = Unpack<wire::HolderEnd>(delivery.parts[0]);
  remote.answer = delivery.parts[1];
  if (!std::ranges::all_of(remotes_, [](const Remote& other) { return other.end.has_value(); }))
    return;
  for (Remote& other : remotes_) answer_.push_back(std::move(other.answer));
  model_.Begin(starts_);
  model_.Collect(answer_);
  model_.Finish();
}

std::vector<Member*> RemoteHolders::Missing() {
  std::vector<Member*> members;
  if (!ended_) {
    for (Member& worker : membership_.Of(wire::Role::kWorker)) members.push_back(&worker);
  }
  for (size_t i = 0; i < remotes_.size(); ++i) {
    if (!remotes_[i].end) members.push_back(&membership_.holder(static_cast<int>(i)));
  }
  return members;
}

wire::Time RemoteHolders::idle() const {
  double idle = 0;
  for (const Remote& remote : remotes_) idle = std::max(idle, remote.end ? remote.end->idle : 0);
  return wire::Seconds(idle);
}

ClockTally RemoteHolders::Tally() const {
  ClockTally tally;
  for (const Remote& remote : remotes_) {
    if (!remote.end) continue;
    const std::vector<int64_t>& observed = remote.end->staleness;
    for (size_t i = 0; i + 1 < observed.size(); i += 2)
      tally.staleness.counts[observed[i]] += observed[i + 1];
    tally.late = std::max(tally.late, remote.end->late);
    tally.waited = std::max(tally.waited, wire::Seconds(remote.end->waited));
  }
  return tally;
}

}  // namespace strads
