#include "coordinator/wire/faulty_transport.h"

#include <algorithm>
#include <utility>

namespace strads::wire {

void FaultyTransport::Send(const Address& to, const Frame& frame) {
  if (crashed_) return;
  if (cut_.contains(to)) {
    own_.push_back({Event::Kind::kUnreachable, to, {}});
    return;
  }
  const int copies = Uniform() < faults_.duplicate ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (Uniform() < faults_.drop || swallowed_.contains(to)) continue;
    const double spread = static_cast<double>((faults_.max_delay - faults_.min_delay).count());
    const Time delay = faults_.min_delay + Time(static_cast<int64_t>(Uniform() * spread));
    if (delay == Time{0}) {
      inner_.Send(to, frame);
    } else {
      delayed_.emplace(clock().Now() + delay, Delayed{to, frame});
    }
  }
}

void FaultyTransport::Release() {
  while (!delayed_.empty() && delayed_.begin()->first <= clock().Now()) {
    const Delayed due = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    if (!crashed_) inner_.Send(due.to, due.frame);
  }
}

Time FaultyTransport::NextDue() const {
  const Time inner = inner_.NextDue();
  return delayed_.empty() ? inner : std::min(inner, delayed_.begin()->first);
}

std::optional<Event> FaultyTransport::Receive(Time until) {
  for (;;) {
    Release();
    if (!own_.empty()) {
      Event event = std::move(own_.front());
      own_.pop_front();
      return event;
    }
    const Time deadline = std::min(until, NextDue());
    std::optional<Event> event = inner_.Receive(deadline);
    if (!event) {
      // A delayed frame became due, or the transport within does not wait.
      if (clock().Now() >= until || clock().Now() < deadline) return std::nullopt;
      continue;
    }
    if (crashed_ || cut_.contains(event->peer)) continue;
    return event;
  }
}

}  // namespace strads::wire
