#pragma once

#include <strads/parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/svm/proximal.h"
#include "apps/svm/scaled_losses.h"

namespace strads::svm {

// Of several shards, each looks at this share of its active rows in a round: of more, much would be
// lost on weights that the others have changed. But at so many entries for each weight at least:
// below, the weights' way to the coordinator and back takes most of the time.
inline constexpr double kSharedPasses = 1.0 / 16;
inline constexpr double kLeastEntries = 4;

// How much is to be done in one call, and how accurately.
struct Effort {
  // By how much the change of w by this shard is taken to count in the common problem: 1 if nobody
  // else changes it, at most the number of workers (sigma' of Ma et al., ICML 2015).
  double overlap = 1;
  // Enough once no variable violates its optimality condition by more than this, on the scale of
  // the margins.
  double accuracy = 0.1;
  // Over the active rows; less than one: what is left of the pass that is under way at most.
  double passes = 1;
  int64_t least_visits = 1;  // of rows

  int64_t VisitsOf(int64_t active) const {
    return std::max<int64_t>(least_visits, std::llround(passes * static_cast<double>(active)));
  }
};

// What a call has done. The dual objective is D(a) = l(a) - r(a)/2 - |w|^2/2, where w is linear in
// a; along the step from a to a + s d
//
//   D(a + s d) = D(a) + s (gain - w'change) - s^2/2 (curvature + |change|^2)
struct Step {
  std::vector<double> change;  // of w, by the variables of the shard, with step length 1
  double gain = 0;             // l(d) - r'(a; d)/2, of the last pass
  double curvature = 0;        // r(d)
  // The largest of the last pass that has ended since w was measured: without one, infinite.
  double violation = 0;
  int64_t passes = 0;  // that have ended
  int64_t visits = 0;  // of rows
};

// Of the shard, at a given w.
struct Measurement {
  ScaledLosses losses{};
  double dual = 0;  // l(a) - r(a)/2
};

// Dual coordinate ascent on the rows of one shard for one weight vector w (or one of each class).
// It owns the dual variables; w is common to all shards and handed in.
class LocalSolver {
 public:
  virtual ~LocalSolver() = default;

  // Changes the dual variables to raise D(a) as it would be if the other shards changed nothing and
  // this one's change of w counted `overlap` times. O(visits times entries of a row).
  virtual Step Solve(std::span<const double> w, const Effort& effort) = 0;

  // Takes back 1 - length of what the last Solve, of at most one pass, changed: 0 <= length <= 1.
  // O(rows).
  virtual void Shorten(double length) = 0;

  // Also decides anew which variables the next Solve looks at. O(entries), over the threads.
  virtual Measurement Measure(std::span<const double> w, ThreadPool& pool) = 0;

  // For a proximal point (proximal.h), from the dual variables: its points at w; their derivative
  // times a direction, less that of I; and, for each StepLength t, the sum over rows of the point
  // at w + t direction times what direction does to its margin. O(entries) each, of rows at no
  // bound for Curve, and of those whose points change for Points after Advance.
  virtual ProximalSums Points(std::span<const double> w, double proximity) = 0;
  virtual std::vector<double> Curve(std::span<const double> direction) = 0;
  virtual std::vector<double> Slopes(std::span<const double> direction) = 0;
  // Of that derivative, less I, what is of one class each: upper triangles by columns, class after
  // class. O(features^2) for each row and class at no bound, or the squares of entries.
  virtual std::vector<double> Blocks() const = 0;
  // The w of the next Points is that of the last and so much of the direction of the last Slopes,
  // which spares most of what the next has to compute. O(rows).
  virtual void Advance(double length) = 0;
  // The last Points become the dual variables. O(rows).
  virtual void Commit() = 0;

  // The largest |x_i|^2. O(rows).
  virtual double largest_norm() const = 0;

  virtual std::span<const double> dual_variables() const = 0;
};

}  // namespace strads::svm
