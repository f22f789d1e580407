#pragma once

#include <algorithm>
#include <chrono>

namespace strads::wire {

// A point in time, counted from an arbitrary start that is the same for one whole process.
using Time = std::chrono::nanoseconds;

inline constexpr Time kNever = Time::max();

// At most 30 years, so that what is added to a point in time does not overflow.
inline Time Seconds(double seconds) {
  constexpr double kMost = 1e9;
  return std::chrono::duration_cast<Time>(
      std::chrono::duration<double>(std::clamp(seconds, -kMost, kMost)));
}
inline double ToSeconds(Time time) { return std::chrono::duration<double>(time).count(); }

// Where time comes from, so that a test can hold it. Never the wall clock, which may jump.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  Time Now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

// Stands still until it is told to move: for a whole cluster simulated in one thread.
class VirtualClock final : public Clock {
 public:
  Time Now() const override { return now_; }
  void AdvanceTo(Time time) {
    if (time > now_) now_ = time;
  }

 private:
  Time now_{0};
};

}  // namespace strads::wire
