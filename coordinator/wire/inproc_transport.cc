#include "coordinator/wire/inproc_transport.h"

#include <utility>

#include "coordinator/wire/pause.h"

namespace strads::wire {
namespace {

constexpr double kSpinSeconds = 50e-6;
constexpr int kPauses = 64;

}  // namespace

void Doorbell::Ring() {
  if (ringing_.exchange(true)) return;
  // The waiter either has not looked yet or is asleep, never between the two.
  { const std::lock_guard lock(mutex_); }
  rang_.notify_one();
}

void Doorbell::Wait(Time until) {
  if (spin_ && until > Time{0}) {
    const Time give_up = SteadyClock().Now() + Seconds(kSpinSeconds);
    while (!ringing_.load(std::memory_order_relaxed) && SteadyClock().Now() < give_up) {
      for (int i = 0; i < kPauses && !ringing_.load(std::memory_order_relaxed); ++i) Pause();
    }
  }
  if (!ringing_.load()) {
    std::unique_lock lock(mutex_);
    const auto rung = [this] { return ringing_.load(); };
    if (until == kNever) {
      rang_.wait(lock, rung);
    } else {
      rang_.wait_until(lock, std::chrono::steady_clock::time_point{until}, rung);
    }
  }
  ringing_.store(false);
}

std::shared_ptr<InprocNetwork::Mailbox> InprocNetwork::Find(const Address& address) {
  const std::lock_guard lock(mutex_);
  const auto found = mailboxes_.find(address);
  return found == mailboxes_.end() ? nullptr : found->second;
}

InprocTransport::InprocTransport(InprocNetwork& network, Address address, Doorbell& doorbell)
    : network_(network),
      address_(std::move(address)),
      doorbell_(doorbell),
      waits_(dynamic_cast<const SteadyClock*>(&network.clock_) != nullptr),
      own_(std::make_shared<InprocNetwork::Mailbox>()) {
  own_->doorbell = &doorbell_;
  const std::lock_guard lock(network_.mutex_);
  network_.mailboxes_[address_] = own_;
}

InprocTransport::~InprocTransport() {
  {
    const std::lock_guard lock(network_.mutex_);
    const auto found = network_.mailboxes_.find(address_);
    if (found != network_.mailboxes_.end() && found->second == own_)
      network_.mailboxes_.erase(found);
  }
  {
    const std::lock_guard lock(own_->mutex);
    own_->open = false;
  }
  for (const auto& [peer, mailbox] : known_)
    Deliver(peer, {Event::Kind::kUnreachable, address_, {}});
}

bool InprocTransport::Deliver(const Address& to, Event event) {
  auto& mailbox = known_[to];
  if (mailbox == nullptr) mailbox = network_.Find(to);
  if (mailbox == nullptr) return false;
  bool open = false;
  {
    const std::lock_guard lock(mailbox->mutex);
    open = mailbox->open;
    if (open) {
      mailbox->events.push_back(std::move(event));
      // Under the lock: the bell may be gone once the mailbox is closed.
      mailbox->doorbell->Ring();
    }
  }
  if (!open) mailbox = nullptr;
  return open;
}

void InprocTransport::Send(const Address& to, const Frame& frame) {
  traffic_.bytes_sent += static_cast<int64_t>(frame.NumBytes());
  ++traffic_.frames_sent;
  if (!Deliver(to, {Event::Kind::kFrame, address_, frame})) {
    taken_.push_back({Event::Kind::kUnreachable, to, {}});
  }
}

std::optional<Event> InprocTransport::Receive(Time until) {
  while (taken_.empty()) {
    {
      const std::lock_guard lock(own_->mutex);
      std::swap(taken_, own_->events);
    }
    if (!taken_.empty()) break;
    if (!waits_ || network_.clock_.Now() >= until) return std::nullopt;
    doorbell_.Wait(until);
  }
  Event event = std::move(taken_.front());
  taken_.pop_front();
  if (event.kind == Event::Kind::kFrame) {
    traffic_.bytes_received += static_cast<int64_t>(event.frame.NumBytes());
  }
  return event;
}

}  // namespace strads::wire
