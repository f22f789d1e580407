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
  if (iterations_ == 0) first_residual_ = sums.residual;
  if (iterations_ == kMostIterations ||
      (iterations_ > 0 && sums.residual <= kEnoughResidual * first_residual_) ||
      static_cast<double>(sums.outside) > kMostOutside * static_cast<double>(sums.free))
    return false;
  move.beta = iterations_ == 0 ? 0 : sums.residual / residual_;
  diagonal_ = sums.diagonal + move.beta * (2 * sums.cross + move.beta * diagonal_);
  if (iterations_ == 0) {
    image_ = std::move(sums.ascent);
  } else {
    for (size_t j = 0; j < image_.size(); ++j) image_[j] = sums.ascent[j] + move.beta * image_[j];
  }
  double bend = diagonal_;
  for (const double value : image_) bend += value * value;
  if (bend <= 0) return false;
  move.length = sums.residual / bend;
  move.image = image_;
  residual_ = sums.residual;
  ++iterations_;
  return true;
}

}  // namespace strads::svm
