#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "apps/svm/messages.h"
#include "apps/svm/proximal.h"

namespace strads::svm {

// One problem as the model follows it: the weights, how far they are from the optimum at most, and
// how the next round goes about it.
//
// Shards add up their changes d_p of w (Ma et al., ICML 2015), each having counted its own
// `overlap` times. That many workers is always safe; |sum d_p|^2 / sum |d_p|^2 is what it would
// have taken in the last round, and what the next one takes. Where that was too little, the exact
// line search along the sum makes the step shorter: the dual objective never falls. That is slow
// where shards pull in the same few directions, as of words that all documents have, and ascent
// itself is where rows are many more than features. If the gap has hardly fallen between
// measurements, the rest is done by proximal points (proximal.h), which do not depend on how rows
// are divided.
class ProblemState {
 public:
  struct Shape {
    int64_t size = 0;     // weights
    int64_t classes = 1;  // whose weights those are
    int64_t rows = 0;
    bool is_smooth = false;  // the loss
    int workers = 1;
    double tolerance = 0;  // a gap of this is small enough
    double proximity = 1;  // of the first proximal point, at most
    int64_t features() const { return size / classes; }
  };
  explicit ProblemState(const Shape& shape);

  // Takes the workers' steps, in rank order.
  ProblemUpdate Take(std::span<const ProblemStep* const> steps);
  // The sums of what was measured, the losses at w = 0 among them, and the largest |x_i|^2; returns
  // the scale at which w is the best model so far, -1 if none is.
  int Measured(const ScaledLosses& losses, double dual, double loss_at_zero, double norm);

  bool measures_next() const { return measures_next_; }
  void MeasureNext() { measures_next_ = is_unmeasured_; }
  // There have been passes since the last measurement.
  bool is_unmeasured() const { return is_unmeasured_; }
  bool is_stuck() const { return is_stuck_; }  // rounding allows no more
  // It has been measured so often that it would take for ever, as on features of scales that differ
  // by orders of magnitude.
  bool is_hopeless() const { return measurements_ >= kMostMeasurements; }
  static constexpr int kMostMeasurements = 1000;
  double gap() const { return gap_; }
  double penalty() const { return best_penalty_; }  // 1/2 |w|^2 of the best model
  std::span<const double> best() const { return best_; }
  ProblemPlan PlanFor(int problem) const;

 private:
  ProblemUpdate TakePasses(std::span<const ProblemStep* const> steps);
  ProblemUpdate TakePoints(ProximalSums sums);
  bool BlocksPay(int iterations) const;
  // What is found at weights w_; `dual` is all of it. Returns as Measured.
  int Rate(const ScaledLosses& losses, double dual);

  bool Pays() const { return NewtonPays(shape_.rows, shape_.size); }
  // It does, and of smooth losses from early on: its steps converge quadratically.
  bool IsSmooth() const { return shape_.is_smooth && Pays(); }
  bool IsSlow(double gap_before) const;
  int MostStalls() const;

  const Shape shape_;
  std::vector<double> w_, best_;
  double best_primal_ = std::numeric_limits<double>::infinity();
  double best_dual_ = -std::numeric_limits<double>::infinity();
  double best_penalty_ = 0;
  double gap_ = std::numeric_limits<double>::infinity();
  double overlap_;
  // Of several workers, passes until w is measured, as many as seem to be left to the tolerance,
  // but these at most.
  double most_passes_, later_passes_;
  double accuracy_ = 0.1;
  Stage stage_ = Stage::kPasses;
  int stalls_ = 0;        // measurements in a row
  int newton_steps_ = 0;  // of the proximal point that is being looked for
  bool wants_blocks_ = false;
  double proximity_ = 0;
  NewtonStep newton_;
  bool is_settled_ = false;  // as accurate as was asked for
  bool measures_next_ = false;
  bool is_unmeasured_ = false;
  bool is_stuck_ = false;
  // Since it was measured: the workers' passes, on average, and the largest violation after the
  // first.
  double passes_ = 0;
  int64_t visits_ = 0;  // of rows, by all
  double first_violation_ = std::numeric_limits<double>::infinity();
  int measurements_ = 0;
};

}  // namespace strads::svm
