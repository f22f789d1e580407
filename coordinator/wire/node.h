#pragma once

#include <algorithm>

#include "coordinator/wire/reliable_endpoint.h"

namespace strads::wire {

// One role of a run at one endpoint: reacts to what arrives and to its timer, and never waits by
// itself. So it runs alone on a thread, together with others on one, or in a simulation.
class Node {
 public:
  Node(Transport& transport, const LinkOptions& options) : endpoint_(transport, options) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Begins; once, before Poll.
  virtual void Start() = 0;
  virtual bool done() const = 0;

  // Handles one thing that has arrived, waiting until `until` for it, and the timer if it is due.
  // Returns whether anything happened.
  bool Poll(Time until) {
    std::optional<Delivery> delivery = endpoint_.Receive(std::min(until, timer_));
    if (delivery) OnDelivery(*delivery);
    const bool due = timer_ != kNever && !done() && endpoint_.Now() >= timer_;
    if (due) {
      timer_ = kNever;
      OnTimer(endpoint_.Now());
    }
    return delivery.has_value() || due;
  }

  // Polls until done. Every wait has a deadline, whether there is a timer or not.
  void Run() {
    Start();
    while (!done()) Poll(endpoint_.Now() + Seconds(kMostSeconds));
  }

  // When Poll wants to be called at the latest.
  Time NextTimer() const { return std::min(timer_, endpoint_.NextTimer()); }

 protected:
  virtual void OnDelivery(Delivery& delivery) = 0;
  virtual void OnTimer(Time now) = 0;

  // OnTimer comes at `time` or later, unless an earlier call is pending.
  void WakeAt(Time time) { timer_ = std::min(timer_, time); }

  ReliableEndpoint endpoint_;

 private:
  static constexpr double kMostSeconds = 1;

  Time timer_ = kNever;
};

}  // namespace strads::wire
