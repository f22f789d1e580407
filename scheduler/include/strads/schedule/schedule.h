#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strads {

// Picks the variables of the next round from the variables [first, last) it owns.
//
// A schedule is one object of one thread: the same constructor arguments and the same history of
// calls give the same draws on every platform. One of your own is a small subclass, for example
// one that always favours the lower half of its variables:
//
//     class LowerHalf : public strads::Schedule {
//      public:
//       LowerHalf(int32_t first, int32_t last, uint64_t seed)
//           : lower_(first, first + (last - first) / 2, seed, 0),
//             upper_(first + (last - first) / 2, last, seed, 1) {}
//       std::vector<int32_t> Draw(int count) override {
//         std::vector<int32_t> drawn = lower_.Draw(count - count / 4);
//         for (int32_t j : upper_.Draw(count - static_cast<int>(drawn.size()))) drawn.push_back(j);
//         return drawn;
//       }
//
//      private:
//       strads::RandomSchedule lower_, upper_;
//     };
class Schedule {
 public:
  Schedule() = default;
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  virtual ~Schedule() = default;

  // Up to `count` distinct variables, fewer only if the schedule owns fewer. The order is the order
  // of preference: whoever must drop some of them drops from the back. The schedules of this
  // library throw std::logic_error for a negative count.
  virtual std::vector<int32_t> Draw(int count) = 0;

  // Feedback: `changes[i]` is what the last update added to `variables[i]`; equal lengths. A
  // variable outside [first, last) is a bug of the caller. Most schedules do not listen.
  virtual void Changed(std::span<const int32_t> variables, std::span<const double> changes) {
    static_cast<void>(variables);
    static_cast<void>(changes);
  }
};

}  // namespace strads
