#include "apps/svm/problem_state.h"

#include <strads/error.h>

#include <algorithm>
#include <cmath>

namespace strads::svm {
namespace {

constexpr int kMostRounds = 8;  // of several workers without a measurement
// From one measurement to the next the accuracy asked for becomes finer by a factor of this range.
constexpr double kFinest = 0.05, kCoarsest = 0.5;
constexpr double kRounding = 1e-13;

}  // namespace

ProblemState::ProblemState(int64_t size, int workers)
    : workers_(workers),
      w_(static_cast<size_t>(size), 0.0),
      best_(static_cast<size_t>(size), 0.0),
      overlap_(workers) {}

ProblemPlan ProblemState::PlanFor(int problem) const {
  return {.problem = problem, .overlap = overlap_, .accuracy = accuracy_};
}

ProblemUpdate ProblemState::Take(std::span<const ProblemStep* const> steps) {
  std::vector<double> sum(w_.size(), 0.0);
  double gain = 0, curvature = 0, own = 0, first_violation = 0, violation = 0;
  for (const ProblemStep* step : steps) {
    if (!step->change.Fits(w_.size())) throw ProtocolError("a step does not fit the weights");
    step->change.AddTo(sum);
    gain += step->gain;
    curvature += step->curvature;
    for (const double change : step->change.values) own += change * change;
    first_violation = std::max(first_violation, step->first_violation);
    violation = std::max(violation, step->violation);
  }
  ProblemUpdate update;
  if (workers_ == 1) {
    update.change = steps.front()->change;
    is_settled_ = violation <= accuracy_;
  } else {
    double slope = gain, total = 0;
    for (size_t j = 0; j < sum.size(); ++j) {
      slope -= w_[j] * sum[j];
      total += sum[j] * sum[j];
    }
    const double bend = curvature + total;
    update.length = bend > 0 ? std::clamp(slope / bend, 0.0, 1.0) : 1;
    for (double& change : sum) change *= update.length;
    update.change = WeightChange::Of(sum);
    overlap_ = own > 0 ? std::clamp(total / own, 1.0, static_cast<double>(workers_)) : overlap_;
    is_settled_ = first_violation <= accuracy_;
  }
  update.change.AddTo(w_);
  measures_next_ = workers_ == 1 || is_settled_ || ++rounds_ >= kMostRounds;
  return update;
}

bool ProblemState::Measured(double loss, double dual, double tolerance) {
  double penalty = 0;
  for (const double w : w_) penalty += w * w;
  penalty /= 2;
  const bool is_best = loss + penalty < best_primal_;
  if (is_best) {
    best_primal_ = loss + penalty;
    best_penalty_ = penalty;
    best_ = w_;
  }
  best_dual_ = std::max(best_dual_, dual - penalty);
  gap_ = best_primal_ > 0 ? std::max(0.0, (best_primal_ - best_dual_) / best_primal_) : 0;
  if (is_settled_ && gap_ > tolerance) {
    is_stuck_ = accuracy_ < kRounding;
    accuracy_ *= std::clamp(std::sqrt(tolerance / gap_), kFinest, kCoarsest);
  }
  measures_next_ = false;
  rounds_ = 0;
  ++measurements_;
  return is_best;
}

}  // namespace strads::svm
