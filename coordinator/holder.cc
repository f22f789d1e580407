#include "coordinator/holder.h"

#include <strads/error.h>

#include <utility>

#include "coordinator/wire/control.h"

namespace strads {

using wire::FrameKind;

Holder::Holder(DataParallelModelRole& model,
               Range range,
               const RunOptions& options,
               const wire::Clock& clock,
               SendToWorker send,
               ParameterStore::OnClock on_clock)
    : model_(model),
      range_(range),
      options_(options),
      clock_(clock),
      send_(std::move(send)),
      on_clock_(std::move(on_clock)),
      consistency_(MakeConsistency(options)) {}

void Holder::Start(std::span<const Bytes> starts) {
  model_.Begin(starts);
  engine_.emplace(model_, *consistency_, options_.workers, options_.max_rounds, clock_,
                  static_cast<ClockEngine::Outlet&>(*this));
  if (options_.trace > 0) Tell(-1, true);
  engine_->Start();
}

void Holder::OnGradient(int rank, wire::Delivery& delivery) {
  if (delivery.parts.size() != 2) throw ProtocolError("a gradient has two parts");
  const auto head = Unpack<wire::GradientHead>(delivery.parts[0]);
  engine_->OnGradient(rank, delivery.header.round, head.version, std::move(delivery.parts[1]));
}

void Holder::Send(int rank, const Grant& grant, const Bytes& parameters) {
  send_(rank, {.kind = FrameKind::kGrant, .round = grant.last},
        {Pack(wire::GrantHead{grant.first, grant.last, grant.version, consistency_->eager()}),
         parameters});
}

bool Holder::OnClock(int64_t clock) {
  return Tell(clock, options_.trace > 0 && (clock + 1) % options_.trace == 0);
}

// Who is slow keeps no one from being done.
bool Holder::OnPulls(int64_t clock) {
  return range_ == Range::kAll && !model_.Report().done.empty() && Tell(clock, false);
}

bool Holder::Tell(int64_t clock, bool with_snapshot) {
  std::vector<Bytes> snapshot;
  if (with_snapshot) snapshot = {Answer()};
  return on_clock_(clock, model_.Report(), std::move(snapshot));
}

Bytes Holder::Answer() {
  if (std::optional<Bytes> answer = model_.Answer()) return std::move(*answer);
  return engine_->Parameters();
}

ClockTally Holder::Tally() const {
  return {engine_->staleness(), engine_->late(), engine_->waited()};
}

}  // namespace strads
