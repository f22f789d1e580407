#include "apps/svm/problem_state.h"

#include <strads/error.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "apps/svm/local_solver.h"

namespace strads::svm {
namespace {

// Of several workers, passes until w is measured for the first time. Where Newton's method pays
// twice as many until each time that follows, to a limit: passes are cheap there once most rows are
// left out, and a measurement looks at all.
constexpr double kMostPasses = 8, kMostPassesLater = 64;
// Twice as many, too, once they have brought the largest violation down to this share of what it
// was after the first.
constexpr double kFast = 0.15;
// One worker goes on in a round until it is accurate, or so many passes over its active rows: the
// second, of a smooth loss, where Newton steps take over soon.
constexpr double kLonePasses = 20, kSmoothPasses = 5;
// The gap has stalled if more than this share of it is left, so many times in a row. One worker's
// passes are cheap towards the end, as most variables are at a bound and left out.
constexpr double kStalled = 0.65;
constexpr int kMostStalls = 1, kMostLoneStalls = 2;
// So has it where Newton's method pays, if at this rate it takes more visits of each row than this
// to the tolerance. Of several workers that alone decides there: many cheap passes may cost less
// than one Newton step.
constexpr double kMostLeft = 20;
// From one measurement to the next the accuracy asked for becomes finer by a factor of this range.
constexpr double kFinest = 0.05, kCoarsest = 0.5;
constexpr double kRounding = 1e-13;
// A proximal point is found once what is missing of it is this share of the gap. The proximity of
// the next is larger by the first of these factors, by the second if one Newton step was enough; at
// so many times the first proximity, points are exact but for rounding.
constexpr double kMissing = 0.2, kProximityGrowth = 2, kEasyGrowth = 8;
constexpr double kMostProximity = 1e12;
// Blocks for preconditioning, or new ones, pay once systems take more iterations than this share of
// the features, and so many: they cost some features / 12 products, and serve several systems.
constexpr int64_t kIterationsPart = 32, kLeastIterations = 5;
// Of the first one, times the largest |x_i|^2, for a smooth loss where Newton's method pays.
constexpr double kSmoothStart = 1000;

Eigen::Map<const Eigen::VectorXd> Vector(const std::vector<double>& x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}

double SquaredNorm(const std::vector<double>& x) { return Vector(x).squaredNorm(); }

}  // namespace

ProblemState::ProblemState(const Shape& shape)
    : shape_(shape),
      w_(static_cast<size_t>(shape.size), 0.0),
      best_(static_cast<size_t>(shape.size), 0.0),
      overlap_(shape.workers),
      most_passes_(kMostPasses),
      later_passes_(kMostPasses),
      newton_(shape.features(), shape.classes) {}

ProblemPlan ProblemState::PlanFor(int problem) const {
  return {.problem = problem,
          .stage = static_cast<int>(stage_),
          .overlap = overlap_,
          .accuracy = accuracy_,
          .passes = shape_.workers > 1 ? kSharedPasses
                    : IsSmooth()       ? kSmoothPasses
                                       : kLonePasses,
          .proximity = proximity_,
          .wants_blocks = stage_ == Stage::kPoints && wants_blocks_};
}

ProblemUpdate ProblemState::Take(std::span<const ProblemStep* const> steps) {
  for (const ProblemStep* step : steps) {
    if (!step->change.Fits(w_.size()) || !step->diagonal.Fits(w_.size()) ||
        (stage_ == Stage::kSlopes && step->slopes.size() != kStepLengths) ||
        step->blocks.size() != (stage_ == Stage::kPoints && wants_blocks_
                                    ? BlockNumbers(shape_.features(), shape_.classes)
                                    : 0) ||
        step->losses.size() != (stage_ == Stage::kPoints ? kScales : 0))
      throw ProtocolError("a step does not fit the problem");
  }
  if (stage_ == Stage::kPasses) return TakePasses(steps);
  ProximalSums sums(w_.size());
  std::vector<double> slopes(kStepLengths, 0.0);
  for (const ProblemStep* step : steps) {
    step->change.AddTo(sums.vector);
    step->diagonal.AddTo(sums.diagonal);
    for (size_t k = 0; k < step->slopes.size(); ++k) slopes[k] += step->slopes[k];
    for (size_t k = 0; k < step->losses.size(); ++k) sums.losses[k] += step->losses[k];
    sums.dual += step->dual;
    sums.blocks.resize(step->blocks.size(), 0.0);
    for (size_t k = 0; k < step->blocks.size(); ++k) sums.blocks[k] += step->blocks[k];
  }
  if (stage_ == Stage::kPoints) return TakePoints(std::move(sums));
  ProblemUpdate update;
  if (stage_ == Stage::kCurve) {
    const bool goes_on = newton_.Take(sums.vector);
    if (!goes_on) {
      stage_ = Stage::kSlopes;
      wants_blocks_ = BlocksPay(newton_.iterations());
    }
    update.direction = WeightChange::All(goes_on ? newton_.direction() : newton_.step());
    return update;
  }
  const double length = newton_.LengthOf(w_, slopes);
  if (length == 0 && newton_.Shorten()) {
    update.direction = WeightChange::All(newton_.step());
    return update;
  }
  std::vector<double> change = newton_.step();
  for (double& by : change) by *= length;
  update.change = WeightChange::Of(std::move(change));
  update.change.AddTo(w_);
  update.advance = length;
  stage_ = Stage::kPoints;
  return update;
}

bool ProblemState::BlocksPay(int iterations) const {
  const int64_t features = shape_.features();
  return features <= kMostBlockFeatures &&
         BlockNumbers(features, shape_.classes) <= kMostBlockNumbers &&
         iterations > std::max(features / kIterationsPart, kLeastIterations);
}

ProblemUpdate ProblemState::TakePoints(ProximalSums sums) {
  ProblemUpdate update;
  const double dual = sums.dual - SquaredNorm(sums.vector) / 2;
  const double primal = sums.losses[0] + SquaredNorm(w_) / 2;
  update.best_scale = Rate(sums.losses, dual);
  std::vector<double> gradient(w_.size());
  for (size_t j = 0; j < w_.size(); ++j) gradient[j] = w_[j] - sums.vector[j];
  const bool is_found = SquaredNorm(gradient) / 2 <= kMissing * std::max(primal - dual, 0.0);
  if (gap_ <= shape_.tolerance) {
    update.commits = 1;
    measures_next_ = true;  // held-out rows
  } else if (is_found) {
    update.commits = 1;
    update.advance = 0;
    proximity_ *= newton_steps_ <= 1 ? kEasyGrowth : kProximityGrowth;
    newton_steps_ = 0;
    is_stuck_ = proximity_ > kMostProximity * shape_.proximity;
  } else {
    ++newton_steps_;
    if (!sums.blocks.empty()) newton_.TakeBlocks(std::move(sums.blocks), proximity_);
    newton_.Begin(std::move(gradient), sums.diagonal, proximity_);
    update.direction = WeightChange::All(newton_.direction());
    stage_ = Stage::kCurve;
  }
  return update;
}

ProblemUpdate ProblemState::TakePasses(std::span<const ProblemStep* const> steps) {
  double slope = 0, curvature = 0, own = 0, violation = 0, passes = 0;
  for (const ProblemStep* step : steps) {
    slope += step->gain - step->along;
    curvature += step->curvature;
    own += step->square;
    violation = std::max(violation, step->violation);
    passes += static_cast<double>(step->passes);
    visits_ += step->visits;
  }
  ProblemUpdate update;
  if (shape_.workers == 1) {
    update.change = steps.front()->change;
  } else {
    std::vector<double> sum(w_.size(), 0.0);
    for (const ProblemStep* step : steps) step->change.AddTo(sum);
    const double total = SquaredNorm(sum), bend = curvature + total;
    update.length = bend > 0 ? std::clamp(slope / bend, 0.0, 1.0) : 1;
    if (update.length < 1) {
      for (double& change : sum) change *= update.length;
    }
    update.change = WeightChange::Of(std::move(sum));
    if (own > 0) overlap_ = std::clamp(total / own, 1.0, static_cast<double>(shape_.workers));
  }
  update.change.AddTo(w_);
  is_unmeasured_ = true;
  is_settled_ = violation <= accuracy_;
  passes_ += passes / shape_.workers;
  if (!std::isfinite(first_violation_)) first_violation_ = violation;
  const bool is_fast = violation <= kFast * first_violation_;
  measures_next_ =
      shape_.workers == 1 || is_settled_ || passes_ >= (is_fast ? 2 : 1) * most_passes_;
  return update;
}

int ProblemState::Rate(const ScaledLosses& losses, double dual) {
  const double penalty = SquaredNorm(w_) / 2;
  int best = -1;
  for (size_t k = 0; k < kScales; ++k) {
    const double scaled = kScale[k] * kScale[k] * penalty;
    if (!(losses[k] + scaled < best_primal_)) continue;
    best_primal_ = losses[k] + scaled;
    best_penalty_ = scaled;
    best = static_cast<int>(k);
  }
  if (best >= 0) {
    best_ = w_;
    if (best > 0)
      for (double& w : best_) w *= kScale[static_cast<size_t>(best)];
  }
  best_dual_ = std::max(best_dual_, dual);
  gap_ = best_primal_ > 0 ? std::max(0.0, (best_primal_ - best_dual_) / best_primal_) : 0;
  ++measurements_;
  return best;
}

bool ProblemState::IsSlow(double gap_before) const {
  const bool by_visits = Pays() && shape_.workers > 1 && gap_ < gap_before;
  if (!by_visits && gap_ > kStalled * gap_before) return true;
  if (!Pays()) return false;
  const double fall = std::log(std::min(gap_before, 1.0) / gap_);
  const double left = std::log(gap_ / shape_.tolerance);
  return static_cast<double>(visits_) * left > kMostLeft * static_cast<double>(shape_.rows) * fall;
}

int ProblemState::MostStalls() const {
  return shape_.workers == 1 && !IsSmooth() ? kMostLoneStalls : kMostStalls;
}

int ProblemState::Measured(const ScaledLosses& losses,
                           double dual,
                           double loss_at_zero,
                           double norm) {
  measures_next_ = is_unmeasured_ = false;
  if (stage_ != Stage::kPasses) return -1;  // it has been rated
  if (measurements_ == 0) best_primal_ = loss_at_zero;
  const double gap_before = gap_;
  const int best = Rate(losses, dual - SquaredNorm(w_) / 2);
  bool passes_end = false;
  if (is_settled_ && gap_ > shape_.tolerance) {
    passes_end = accuracy_ < kRounding;
    accuracy_ *= std::clamp(std::sqrt(shape_.tolerance / gap_), kFinest, kCoarsest);
  }
  stalls_ = IsSlow(gap_before) ? stalls_ + 1 : 0;
  const double left = passes_ * std::log(gap_ / shape_.tolerance) / std::log(gap_before / gap_);
  if (Pays()) later_passes_ = std::min(2 * later_passes_, kMostPassesLater);
  most_passes_ = left > 0 ? std::min(left, later_passes_) : later_passes_;
  passes_ = 0;
  visits_ = 0;
  first_violation_ = std::numeric_limits<double>::infinity();
  if (passes_end || stalls_ >= MostStalls()) {
    stage_ = Stage::kPoints;
    const double start = IsSmooth() ? kSmoothStart : 1;
    proximity_ = norm > 0 ? std::min(shape_.proximity, start / norm) : shape_.proximity;
  }
  return best;
}

}  // namespace strads::svm
