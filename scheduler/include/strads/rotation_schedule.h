#pragma once

#include <strads/rotation.h>
#include <strads/slice.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace strads {

// Hands the blocks of a model round the workers: in every round each worker has a block of its own,
// and in an epoch of num_blocks rounds every worker has every block once.
//
// In step s of an epoch worker p has block order[(p B / P + s) mod B], with P workers and B blocks:
// a diagonal of the P x B grid of cells (Gemulla et al., "Large-Scale Matrix Factorization with
// Distributed Stochastic Gradient Descent", KDD 2011), so that with B = 2 P a block has a whole
// round to travel. A pure function of its arguments: schedulers that take turns agree.
class RotationSchedule {
 public:
  // With `shuffle` the order is another one in each epoch, by the seed; else 0, 1, 2, ...
  // Throws std::logic_error unless 1 <= num_workers <= num_blocks.
  RotationSchedule(int num_workers, int num_blocks, uint64_t seed, bool shuffle = true);

  // The moves of a round, counted from 0 without those that have no blocks. O(P^2 + B).
  Rotation At(int64_t round) const;

 private:
  int64_t OffsetOf(int64_t worker) const { return worker * num_blocks_ / num_workers_; }
  std::vector<int32_t> OrderOf(int64_t epoch) const;

  int64_t num_workers_;
  int64_t num_blocks_;
  uint64_t seed_;
  bool shuffle_;
};

// The scheduler of an app whose plans say nothing but which worker has which block: round by round
// as a RotationSchedule, shuffled, has it. Schedulers that take turns do every count-th round.
template <class Update>
class RotationScheduler {
 public:
  // `extend` as in every Rotation. Throws std::logic_error unless 1 <= num_workers <= num_blocks.
  RotationScheduler(int num_workers, int num_blocks, int64_t seed, Slice slice, bool extend = false)
      : blocks_(num_workers, num_blocks, static_cast<uint64_t>(seed)),
        round_(slice.index),
        step_(slice.count),
        extend_(extend) {}

  RotationPlan Schedule() {
    RotationPlan plan{blocks_.At(std::exchange(round_, round_ + step_))};
    plan.rotation.extend = extend_;
    return plan;
  }
  void Feedback(const Update&) {}

 private:
  RotationSchedule blocks_;
  int64_t round_;
  int64_t step_;
  bool extend_;
};

// Divides things of the given weights into parts of about equal weight: the part of each. The
// heaviest first, each to the lightest part so far (Graham, "Bounds on Multiprocessing Timing
// Anomalies", SIAM J. Appl. Math. 1969): no part is over 4/3 of the best division's heaviest.
// O(n log n). Throws std::logic_error unless parts > 0.
std::vector<int32_t> BalancedParts(std::span<const int64_t> weights, int parts);

// parts + 1 boundaries 0 = b_0 <= ... <= b_parts = counts.size(): contiguous ranges, each of about
// the same sum of counts. O(counts).
std::vector<int64_t> BalancedRanges(std::span<const int64_t> counts, int64_t parts);

// Where to cut [0, 1] into as many parts of the same weight as there are weights, if weights[k] is
// spread evenly over [k, k + 1] / weights.size(): one boundary more than weights, ascending from 0
// to 1. Throws std::logic_error unless a weight is positive and none is negative.
std::vector<double> BalancedCuts(std::span<const int64_t> weights);

}  // namespace strads
