#include "apps/svm/face.h"

#include <utility>

namespace strads::svm {
namespace {

constexpr int kMostIterations = 60;
// Of r'r at first. More would be lost once variables are put back inside their bounds.
constexpr double kEnoughResidual = 1e-2;
// Of the free variables. Beyond, the face is not that of the optimum.
constexpr double kMostOutside = 0.1;

}  // namespace

bool FaceSearch::Next(FaceSums sums, FaceMove& move) {
  const FaceNumbers& of = sums.numbers;
  if (iterations_ == 0) first_residual_ = of.residual;
  if (iterations_ == kMostIterations ||
      (iterations_ > 0 && of.residual <= kEnoughResidual * first_residual_) ||
      static_cast<double>(of.outside) > kMostOutside * static_cast<double>(of.free))
    return false;
  move.beta = iterations_ == 0 ? 0 : of.residual / residual_;
  diagonal_ = of.diagonal + move.beta * (2 * of.cross + move.beta * diagonal_);
  if (iterations_ == 0) {
    image_ = std::move(sums.ascent);
  } else {
    for (size_t j = 0; j < image_.size(); ++j) image_[j] = sums.ascent[j] + move.beta * image_[j];
  }
  double bend = diagonal_;
  for (const double value : image_) bend += value * value;
  if (bend <= 0) return false;
  move.length = of.residual / bend;
  move.image = image_;
  residual_ = of.residual;
  ++iterations_;
  return true;
}

}  // namespace strads::svm
