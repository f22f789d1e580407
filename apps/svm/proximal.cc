#include "apps/svm/proximal.h"

#include <Eigen/Core>
#include <cmath>
#include <utility>

namespace strads::svm {
namespace {

constexpr int kMostIterations = 100;
// Of that at first, each weight on its own scale.
constexpr double kEnoughResidual = 0.2;
// A slope so small beside that at length 0 is none.
constexpr double kFlat = 0.1;
constexpr int kMostShortenings = 5;
constexpr int kLengthOne = 18;  // its place among step lengths

Eigen::Map<const Eigen::VectorXd> Vector(std::span<const double> x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}
Eigen::Map<Eigen::VectorXd> Vector(std::vector<double>& x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}

}  // namespace

double StepLength(int k) { return std::exp2(0.5 * (k - kLengthOne)); }

std::array<double, kStepLengths> StepLengths() {
  std::array<double, kStepLengths> lengths{};
  for (int k = 0; k < kStepLengths; ++k) lengths[static_cast<size_t>(k)] = StepLength(k);
  return lengths;
}

void NewtonStep::TakeBlocks(std::vector<double> blocks, double proximity) {
  blocks_.Take(std::move(blocks), features_, classes_);
  proximity_of_blocks_ = proximity;
}

void NewtonStep::Begin(std::vector<double> gradient,
                       const std::vector<double>& diagonal,
                       double proximity) {
  gradient_ = std::move(gradient);
  if (!blocks_.empty()) blocks_.Scale(proximity / proximity_of_blocks_);
  scale_.resize(gradient_.size());
  for (size_t j = 0; j < scale_.size(); ++j) scale_[j] = 1 / (1 + diagonal[j]);
  residual_.resize(gradient_.size());
  Vector(residual_) = -Vector(gradient_);
  step_.assign(gradient_.size(), 0.0);
  iterations_ = shortened_ = 0;
  Precondition();
  enough_ = kEnoughResidual * kEnoughResidual * Size();
  direction_ = preconditioned_;
}

void NewtonStep::Precondition() {
  if (!blocks_.empty()) {
    preconditioned_ = blocks_.Times(residual_);
  } else {
    preconditioned_.resize(residual_.size());
    Vector(preconditioned_) = Vector(scale_).cwiseProduct(Vector(residual_));
  }
  if (classes_ > 1) {
    Eigen::Map<Eigen::MatrixXd> of_classes(preconditioned_.data(), classes_, features_);
    of_classes.rowwise() -= of_classes.colwise().mean().eval();
  }
  product_ = Vector(residual_).dot(Vector(preconditioned_));
}

double NewtonStep::Size() const { return Vector(scale_).dot(Vector(residual_).cwiseAbs2()); }

bool NewtonStep::Take(const std::vector<double>& image) {
  const double bend = Vector(direction_).squaredNorm() + Vector(direction_).dot(Vector(image));
  if (!(bend > 0)) return false;
  const double length = product_ / bend;
  Vector(step_) += length * Vector(direction_);
  Vector(residual_) -= length * (Vector(direction_) + Vector(image));
  const double before = product_;
  Precondition();
  if (++iterations_ == kMostIterations || Size() <= enough_) return false;
  Vector(direction_) = Vector(preconditioned_) + product_ / before * Vector(direction_);
  return true;
}

double NewtonStep::LengthOf(std::span<const double> w, std::span<const double> slopes) const {
  const double along = Vector(w).dot(Vector(step_)), square = Vector(step_).squaredNorm();
  const auto slope = [&](int k) {
    return along + StepLength(k) * square - slopes[static_cast<size_t>(k)];
  };
  const double first = Vector(gradient_).dot(Vector(step_));
  if (std::abs(slope(kLengthOne)) <= kFlat * std::abs(first)) return 1;
  double below = slope(0), length = StepLength(0);
  if (below >= 0) return 0;
  for (int k = 1; k < kStepLengths; ++k) {
    const double here = slope(k);
    if (here >= 0) return length + (StepLength(k) - length) * below / (below - here);
    below = here;
    length = StepLength(k);
  }
  return length;
}

bool NewtonStep::Shorten() {
  if (++shortened_ > kMostShortenings) return false;
  Vector(step_) *= StepLength(0);
  return true;
}

}  // namespace strads::svm
