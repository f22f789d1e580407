#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "strads/random.h"
#include "strads/schedule/schedule.h"

namespace strads {

class SumTree;

// Draws the variables that changed most in their last update, without replacement within a call.
//
// The priority of variable j is change_j^2 + floor (the floor is eta in the papers), and each next
// variable of a call is chosen with probability
//     priority_j / (sum of the priorities of the variables not yet drawn in this call),
// which is successive sampling (Lee et al., NIPS 2014, "Primitives for Dynamic Big Model
// Parallelism"; Kim et al., EuroSys 2016). If all that is left has priority 0, the choice is
// uniform among it. O(log M) for each variable drawn, changed, held or released, with
// M = last - first; about 9 bytes a variable. Invariant: Draw leaves the priorities as they were.
//
// What changed most is likely to be what is being updated again. Variables of a plan that is under
// way can be held: nothing is drawn that would have to be dropped.
//
// A change that is not finite, or whose square exceeds kMaxPriority, counts as a square of
// kMaxPriority, so that the sum over 2^31 of them is finite; one below about 1e-154 squares to 0.
// Before the first feedback all changes are 0. Reporting infinity for every variable first makes
// the draws nearly a sweep over the variables whose true change is not yet known: a floor that is a
// share of the changes keeps the others in play.
class PrioritySchedule : public Schedule {
 public:
  static constexpr double kMaxPriority = 1e290;
  static constexpr double kDefaultFloorRatio = 0.1;

  // Owns [first, last), with SetFloorRatio(kDefaultFloorRatio). Throws std::logic_error unless
  // 0 <= first <= last.
  PrioritySchedule(int32_t first, int32_t last, uint64_t seed, uint64_t stream = 0);
  ~PrioritySchedule() override;

  std::vector<int32_t> Draw(int count) override;

  // Draws none of these until they are released: fewer than `count` then, if more are held than
  // leave that many. Nothing happens to those that are held already, or are not. O(held) beside
  // O(log M) for each. Throws std::logic_error, having changed nothing, for a variable it does not
  // own.
  void Hold(std::span<const int32_t> variables);
  void Release(std::span<const int32_t> variables);

  // Remembers change_j for each variable; the last one counts if a variable is named twice. Throws
  // std::logic_error, having changed nothing, for unequal lengths or a variable it does not own.
  void Changed(std::span<const int32_t> variables, std::span<const double> changes) override;

  // Fixes the floor, in the units of change^2, until the next call of either setter. O(1). Throws
  // UsageError unless it is finite and at least 0; more than kMaxPriority counts as kMaxPriority.
  void SetFloor(double floor);

  // Lets the floor follow the changes: floor = ratio * (mean of change^2), taken at each call of
  // Draw. The first variable of a call is then a uniform one with probability
  // ratio / (1 + ratio), whatever the units and however far the run has converged. O(1). Throws
  // UsageError unless the ratio is finite and at least 0.
  void SetFloorRatio(double ratio);

  // The floor that the next Draw uses. O(1 + held).
  double Floor() const;

  // The sum of change_j^2 over the variables, held or not. O(1 + held), and free of drift: it is
  // always a sum of the present values, never a running difference.
  double TotalChange() const;

 private:
  // Counted from first_.
  std::vector<int32_t> Leaves(std::span<const int32_t> variables) const;

  int32_t first_;
  std::unique_ptr<SumTree> changes_;           // change^2 by variable - first_
  std::vector<bool> is_drawn_;                 // by variable - first_; all false between calls
  std::vector<int32_t> held_;                  // counted from first_
  mutable std::optional<double> held_change_;  // the sum of their change^2, once it is asked for
  double floor_ = 0;
  double floor_ratio_ = kDefaultFloorRatio;  // 0 if floor_ is fixed
  Random random_;
};

}  // namespace strads
