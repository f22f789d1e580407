#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "coordinator/wire/transport.h"

namespace strads::wire {

// Wakes the one thread that waits for any of its endpoints.
class Doorbell {
 public:
  // Waking a sleeping thread takes longer than many a round. `spin` is for threads that have a
  // core of their own: they look for a while, some 50 us, before they sleep.
  explicit Doorbell(bool spin = false) : spin_(spin) {}

  void Ring();
  // Returns once it has rung since the last Wait returned, or at `until` of the steady clock.
  void Wait(Time until);

 private:
  const bool spin_;
  std::mutex mutex_;
  std::condition_variable rang_;
  std::atomic<bool> ringing_{false};
};

// A network inside one process. Frames pass by sharing their memory: nothing is copied.
// Thread-safe.
class InprocNetwork {
 public:
  explicit InprocNetwork(const Clock& clock) : clock_(clock) {}

 private:
  friend class InprocTransport;
  struct Mailbox {
    std::mutex mutex;
    std::deque<Event> events;
    Doorbell* doorbell = nullptr;
    bool open = true;
  };
  std::shared_ptr<Mailbox> Find(const Address& address);

  const Clock& clock_;
  std::mutex mutex_;
  std::map<Address, std::shared_ptr<Mailbox>> mailboxes_;
};

// An endpoint of an InprocNetwork. Both it and `doorbell`, which the endpoints of one thread may
// share, must outlive it. With a clock other than the steady one Receive does not wait.
class InprocTransport final : public Transport {
 public:
  InprocTransport(InprocNetwork& network, Address address, Doorbell& doorbell);
  ~InprocTransport() override;

  void Send(const Address& to, const Frame& frame) override;
  std::optional<Event> Receive(Time until) override;
  std::string Listen() override { return address_; }
  void Connect(const Address&, const std::string&) override {}
  const Clock& clock() const override { return network_.clock_; }
  Traffic traffic() const override { return traffic_; }

 private:
  bool Deliver(const Address& to, Event event);

  InprocNetwork& network_;
  const Address address_;
  Doorbell& doorbell_;
  const bool waits_;
  std::shared_ptr<InprocNetwork::Mailbox> own_;
  std::map<Address, std::shared_ptr<InprocNetwork::Mailbox>> known_;
  std::deque<Event> taken_;
  Traffic traffic_;
};

}  // namespace strads::wire
