#include "coordinator/clock_engine.h"

#include <glog/logging.h>
#include <strads/error.h>

#include <algorithm>
#include <utility>

namespace strads {

ClockEngine::ClockEngine(DataParallelModelRole& model,
                         const Consistency& consistency,
                         int workers,
                         int64_t max_clocks,
                         const wire::Clock& clock,
                         Outlet& outlet)
    : model_(model),
      consistency_(consistency),
      max_clocks_(max_clocks),
      clock_(clock),
      outlet_(outlet),
      workers_(static_cast<size_t>(workers)),
      held_(static_cast<size_t>(workers), 0),
      partial_(static_cast<size_t>(workers)) {
  CHECK_GE(workers, 1);
  CHECK_LE(consistency.pulled_together(), workers);
}

void ClockEngine::Start() {
  for (Worker& worker : workers_) worker.since = clock_.Now();
  SendGrants();
}

void ClockEngine::OnGradient(int rank, int64_t clock, int64_t version, Bytes gradient) {
  CHECK(rank >= 0 && rank < std::ssize(workers_)) << rank;
  if (stopped_) return;
  Worker& worker = EndClock(rank, clock);
  while (!worker.sent.empty() && worker.sent.front().version < version) worker.sent.pop_front();
  if (worker.sent.empty() || worker.sent.front().version != version) {
    throw ProtocolError("worker " + std::to_string(rank) + " read parameters of version " +
                        std::to_string(version) + ", which it was not sent");
  }
  if (skips()) {
    PullTogether(rank, clock, std::move(gradient));
  } else {
    Observe(rank, clock);
    held_[static_cast<size_t>(rank)] = clock + 1;
    Pull(std::span(&gradient, 1));
  }
  if (!stopped_) SendGrants();
}

void ClockEngine::OnSkip(int rank, int64_t clock) {
  CHECK(rank >= 0 && rank < std::ssize(workers_)) << rank;
  if (stopped_) return;
  if (!skips()) {
    throw ProtocolError("worker " + std::to_string(rank) + " skipped clock " +
                        std::to_string(clock) + ", of which every gradient counts");
  }
  EndClock(rank, clock).sent.clear();
  SendGrants();
}

ClockEngine::Worker& ClockEngine::EndClock(int rank, int64_t clock) {
  Worker& worker = workers_[static_cast<size_t>(rank)];
  if (clock < worker.next || clock > worker.last || (clock > worker.next && !skips())) {
    throw ProtocolError("worker " + std::to_string(rank) + " sent a gradient of clock " +
                        std::to_string(clock) + ", which it had no leave to push");
  }
  worker.next = clock + 1;
  worker.since = clock_.Now();
  if (Longest() < 0) idle_since_ = worker.since;
  return worker;
}

void ClockEngine::PullTogether(int rank, int64_t clock, Bytes gradient) {
  if (clock < completed_) {
    ++late_;
    return;
  }
  partial_[static_cast<size_t>(rank)] = std::move(gradient);
  Observe(rank, clock);
  if (++collected_ < consistency_.pulled_together()) return;
  std::vector<Bytes> gradients;
  for (std::optional<Bytes>& partial : partial_) {
    if (partial) gradients.push_back(std::move(*partial));
    partial.reset();
  }
  collected_ = 0;
  std::ranges::fill(held_, clock + 1);
  Pull(gradients);
}

void ClockEngine::Pull(std::span<const Bytes> gradients) {
  model_.Pull(gradients);
  ++version_;
  parameters_.reset();
  const int64_t slowest = *std::ranges::min_element(held_);
  bool is_over = false;
  if (slowest > completed_) {
    pulls_within_ = 0;
    completed_ = slowest;
    is_over = outlet_.OnClock(completed_ - 1);
  } else if (++pulls_within_ == std::ssize(workers_)) {
    pulls_within_ = 0;
    is_over = outlet_.OnPulls(completed_);
  }
  if (is_over) Stop();
}

void ClockEngine::Stop() {
  if (!stopped_) waited_ = waited();
  stopped_ = true;
}

void ClockEngine::SendGrants() {
  const wire::Time now = clock_.Now();
  for (int rank = 0; rank < std::ssize(workers_); ++rank) {
    Worker& worker = workers_[static_cast<size_t>(rank)];
    const bool was_busy = worker.busy();
    if (was_busy && !consistency_.eager()) continue;
    const int64_t bound = consistency_.LastClock(rank, held_);
    // Its next clock has begun: new parameters are for those after it.
    const bool goes_on = worker.next < worker.last;
    const bool refresh =
        goes_on && version_ - worker.sent.back().version >= consistency_.refresh_after();
    if (bound <= worker.bound && !refresh) continue;
    worker.bound = bound;
    const int64_t last = max_clocks_ > 0 ? std::min(bound, max_clocks_ - 1) : bound;
    // Gradients of clocks before the one that is open would be late.
    const int64_t first = skips() ? completed_ : worker.next;
    if (first > last) continue;  // it has done all there are
    worker.last = last;
    worker.sent.push_back({version_, held_});
    if (!was_busy) {
      waited_ += now - worker.since;
      worker.since = now;
    }
    if (idle_since_ != wire::kNever) idle_ += now - std::exchange(idle_since_, wire::kNever);
    outlet_.Send(rank, {first, last, version_}, Parameters());
  }
}

const Bytes& ClockEngine::Parameters() {
  if (!parameters_) parameters_ = model_.Parameters();
  return *parameters_;
}

void ClockEngine::Observe(int rank, int64_t clock) {
  const std::vector<int64_t>& held = WorkerAt(rank).sent.front().held;
  for (int other = 0; other < std::ssize(held); ++other) {
    if (other != rank) staleness_.Add(clock - held[static_cast<size_t>(other)]);
  }
}

int ClockEngine::Longest() const {
  int longest = -1;
  for (int rank = 0; rank < std::ssize(workers_); ++rank) {
    const Worker& worker = WorkerAt(rank);
    if (worker.busy() && (longest < 0 || worker.since < WorkerAt(longest).since)) longest = rank;
  }
  return longest;
}

std::vector<int> ClockEngine::MissingRanks() const {
  const int longest = Longest();
  if (longest < 0) return {};
  return {longest};
}

wire::Time ClockEngine::waited() const {
  wire::Time waited = waited_;
  for (const Worker& worker : workers_) {
    if (!stopped_ && !worker.busy()) waited += clock_.Now() - worker.since;
  }
  return waited;
}

}  // namespace strads
