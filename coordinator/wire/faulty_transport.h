#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "coordinator/wire/transport.h"

namespace strads::wire {

struct Faults {
  double drop = 0;       // probability that a frame is lost
  double duplicate = 0;  // probability that a frame arrives twice
  Time min_delay{0};     // every frame is delayed by a uniform draw from [min_delay, max_delay],
  Time max_delay{0};     // which also reorders frames
};

// Loses, repeats, delays and reorders what is sent through it, by a seed: the same seed and the
// same calls give the same faults. Delays are kept by the clock of the transport within.
class FaultyTransport final : public Transport {
 public:
  // `inner` must outlive it.
  FaultyTransport(Transport& inner, const Faults& faults, uint64_t seed)
      : inner_(inner), faults_(faults), random_(seed) {}

  // From now on nothing goes in or out: the host is gone for its peers.
  void Crash() { crashed_ = true; }
  // Until Heal, frames to `peer` are lost, and the sender is told, as when a connection breaks.
  void Cut(const Address& peer) { cut_[peer] = true; }
  void Heal(const Address& peer) { cut_.erase(peer); }
  // Until Deliver, frames to `peer` are lost, and no one is told: as behind a firewall.
  void Swallow(const Address& peer) { swallowed_.insert(peer); }
  void Deliver(const Address& peer) { swallowed_.erase(peer); }

  // Takes no larger frames from now on.
  void Limit(const FrameLimits& limits) { limits_ = limits; }

  void Send(const Address& to, const Frame& frame) override;
  FrameLimits limits() const override {
    return {std::min(limits_.parts, inner_.limits().parts),
            std::min(limits_.bytes, inner_.limits().bytes)};
  }
  std::optional<Event> Receive(Time until) override;
  std::string Listen() override { return inner_.Listen(); }
  void Connect(const Address& peer, const std::string& endpoint) override {
    inner_.Connect(peer, endpoint);
  }
  Time NextDue() const override;
  const Clock& clock() const override { return inner_.clock(); }
  Traffic traffic() const override { return inner_.traffic(); }

 private:
  struct Delayed {
    Address to;
    Frame frame;
  };
  double Uniform() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  void Release();

  Transport& inner_;
  const Faults faults_;
  std::mt19937_64 random_;
  FrameLimits limits_;
  bool crashed_ = false;
  std::map<Address, bool> cut_;
  std::set<Address> swallowed_;
  std::multimap<Time, Delayed> delayed_;
  std::deque<Event> own_;
};

}  // namespace strads::wire
