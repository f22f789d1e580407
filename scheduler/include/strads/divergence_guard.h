#pragma once

#include <cstddef>
#include <deque>

namespace strads {

// Watches the objective after each round and says when the parallel updates work against each
// other.
//
// Too many coupled variables updated at once make the objective rise: beyond a bound on the
// parallelism Shotgun diverges (Bradley et al., ICML 2011). The alarm rings if the objective
//   - is not finite; or
//   - rises above best + |best|, best being the lowest since Reset(): twice the best for an
//     objective of at least 0. Once a value below 0 was seen, "twice" means nothing, and the bound
//     is the first objective since Reset() where that is higher; or
//   - has a mean over the last `window` rounds above the mean m over the window before by more than
//     1e-9 |m|: a slow divergence, or swings that rise; or
//   - is above the first objective ever, and the mean's distance from that is not a tenth less than
//     it was over the window before: swings left behind by a divergence.
// Both bounds are widened by 1e-11 of the largest |objective| since Reset(), for rounding near 0.
// Hence a sequence that never rises by more than its rounding sets off no alarm, and a
// geometrically growing one does within 2 windows. Swings that neither rise nor fall are no
// divergence while they are below where the run began: an even window sees them as flat. O(window)
// a round and in memory.
class DivergenceGuard {
 public:
  // Throws UsageError for a window below 1.
  explicit DivergenceGuard(int window);

  // Takes the objective of the next round; true for an alarm. At most one alarm in `window` rounds.
  bool Observe(double objective);

  // Forgets all but the first objective, for a caller who has lowered the parallelism.
  void Reset();

 private:
  bool RisesAbove(double objective) const;
  bool MeanRises() const;
  bool IsStuckAboveStart(double objective) const;
  double Mean(size_t begin) const;  // over a window of recent_
  double Slack() const { return 1e-11 * largest_; }

  size_t window_;
  std::deque<double> recent_;  // up to two windows of finite objectives, the oldest first
  size_t quiet_rounds_ = 0;    // left until the next alarm may ring
  bool has_start_ = false;
  double start_ = 0;  // the first objective ever
  double first_ = 0;  // since Reset()
  double best_ = 0;
  double largest_ = 0;  // in absolute value
};

}  // namespace strads
