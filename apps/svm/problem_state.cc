#include "apps/svm/problem_state.h"

#include <strads/error.h>
#include <strads/sum.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <utility>

namespace strads::svm {
namespace {

// Of several workers: passes without a measurement, and after conjugate gradients.
constexpr double kMostPasses = 8, kPassesAfterFace = 2;
// The gap has stalled if more than this share of it is left.
constexpr double kStalled = 0.65;
// From one measurement to the next the accuracy asked for becomes finer by a factor of this range.
constexpr double kFinest = 0.05, kCoarsest = 0.5;
constexpr double kRounding = 1e-13;

Eigen::Map<const Eigen::VectorXd> Vector(const std::vector<double>& x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}

double SquaredNorm(const std::vector<double>& x) { return Vector(x).squaredNorm(); }

}  // namespace

ProblemState::ProblemState(int64_t size, int workers, bool has_face)
    : workers_(workers),
      has_face_(has_face),
      w_(static_cast<size_t>(size), 0.0),
      best_(static_cast<size_t>(size), 0.0),
      overlap_(workers) {}

ProblemPlan ProblemState::PlanFor(int problem) const {
  return {.problem = problem,
          .stage = static_cast<int>(stage_),
          .overlap = overlap_,
          .accuracy = accuracy_};
}

ProblemUpdate ProblemState::TakeFace(std::span<const ProblemStep* const> steps) {
  if (stage_ == Stage::kBeginFace) face_.Begin();
  FaceSums sums;
  sums.ascent.resize(w_.size(), 0.0);
  std::vector<FaceNumbers> numbers;
  for (const ProblemStep* step : steps) {
    if (!step->change.Fits(w_.size())) throw ProtocolError("a step does not fit the weights");
    step->change.AddTo(sums.ascent);
    numbers.push_back(step->face);
  }
  sums.numbers = Sum<FaceNumbers>(numbers);
  ProblemUpdate update;
  FaceMove move;
  const bool goes_on = face_.Next(std::move(sums), move);
  stage_ = goes_on ? Stage::kMoveOnFace : Stage::kEndFace;
  if (goes_on) {
    update.beta = move.beta;
    update.face_length = move.length;
    update.image = WeightChange::Of(move.image);
  }
  return update;
}

ProblemUpdate ProblemState::Take(std::span<const ProblemStep* const> steps) {
  if (stage_ == Stage::kBeginFace || stage_ == Stage::kMoveOnFace) return TakeFace(steps);
  std::vector<double> sum(w_.size(), 0.0);
  double gain = 0, curvature = 0, own = 0, violation = 0, passes = 0;
  for (const ProblemStep* step : steps) {
    if (!step->change.Fits(w_.size())) throw ProtocolError("a step does not fit the weights");
    step->change.AddTo(sum);
    gain += step->gain;
    curvature += step->curvature;
    own += SquaredNorm(step->change.values);
    violation = std::max(violation, step->violation);
    passes += static_cast<double>(step->passes);
  }
  ProblemUpdate update;
  if (workers_ == 1) {
    update.change = steps.front()->change;
  } else {
    const double slope = gain - Vector(w_).dot(Vector(sum)), total = SquaredNorm(sum);
    const double bend = curvature + total;
    update.length = bend > 0 ? std::clamp(slope / bend, 0.0, 1.0) : 1;
    for (double& change : sum) change *= update.length;
    update.change = WeightChange::Of(sum);
    if (stage_ == Stage::kPasses && own > 0)
      overlap_ = std::clamp(total / own, 1.0, static_cast<double>(workers_));
  }
  update.change.AddTo(w_);
  if (stage_ == Stage::kEndFace) {
    stage_ = Stage::kPasses;
    passes_ = kMostPasses - kPassesAfterFace;
    return update;
  }
  is_settled_ = violation <= accuracy_;
  passes_ += passes / workers_;
  measures_next_ = workers_ == 1 || is_settled_ || passes_ >= kMostPasses;
  return update;
}

bool ProblemState::Measured(double loss, double dual, double tolerance) {
  const double penalty = SquaredNorm(w_) / 2;
  const bool is_best = loss + penalty < best_primal_;
  if (is_best) {
    best_primal_ = loss + penalty;
    best_penalty_ = penalty;
    best_ = w_;
  }
  best_dual_ = std::max(best_dual_, dual - penalty);
  const double gap_before = gap_;
  gap_ = best_primal_ > 0 ? std::max(0.0, (best_primal_ - best_dual_) / best_primal_) : 0;
  if (is_settled_ && gap_ > tolerance) {
    is_stuck_ = accuracy_ < kRounding;
    accuracy_ *= std::clamp(std::sqrt(tolerance / gap_), kFinest, kCoarsest);
  }
  measures_next_ = false;
  passes_ = 0;
  if (workers_ > 1 && has_face_ && gap_ > kStalled * gap_before) stage_ = Stage::kBeginFace;
  ++measurements_;
  return is_best;
}

}  // namespace strads::svm
