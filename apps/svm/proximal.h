#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/svm/block_inverse.h"
#include "apps/svm/scaled_losses.h"

namespace strads::svm {

// The optimum of the dual, wherever rows are, by proximal points: from variables a_k the next are
//
//   a_{k+1} = argmax over the feasible a of  D(a) - 1/(2 s) |a - a_k|^2
//
// s being the proximity, which grows (Rockafellar, "Augmented Lagrangians and Applications of the
// Proximal Point Algorithm in Convex Programming", 1976). Each is found in the weights. For given w
// the rows are independent: that of row i is a point a_i(w), and the w that is looked for minimises
// the smooth convex function whose gradient is
//
//   w - sum_i a_i(w) y_i x_i
//
// Newton's method finds it in a few steps with a generalised derivative, I plus the sum over rows
// at no bound (Qi and Sun, "A Nonsmooth Version of Newton's Method", 1993; for support vector
// machines Yan and Li, "An Efficient Augmented Lagrangian Method for Support Vector Machine",
// 2020). Systems are solved by conjugate gradients, preconditioned by the diagonal or the blocks of
// classes, and the step length by the slopes at kStepLengths. All that is needed of shards are
// sums, so that their number does not matter. a(w) is feasible: together with w it certifies a gap.

// A Newton step costs a few passes over the rows, and vectors of all weights to and fro: of fewer
// rows than so many for each weight, mostly more than passes of ascent that bring as much.
inline constexpr int64_t kLeastRows = 4;
inline bool NewtonPays(int64_t rows, int64_t weights) { return rows >= kLeastRows * weights; }

// What a shard knows; over shards, add them. Which fields are set depends on the stage.
struct ProximalSums {
  explicit ProximalSums(size_t width) : vector(width, 0.0), diagonal(width, 0.0) {}
  // Of the points, sum_i a_i y_i x_i; or the derivative of that less I, times the direction.
  std::vector<double> vector;
  std::vector<double> diagonal;     // of the derivative less I
  std::vector<double> blocks = {};  // likewise, as LocalSolver has them; empty: none
  ScaledLosses losses{};            // at w
  double dual = 0;                  // l(a) - r(a)/2 (Step) at a(w)
};

// Doubling, with one in between each.
inline constexpr int kStepLengths = 24;
double StepLength(int k);
std::array<double, kStepLengths> StepLengths();

// The coordinator's side of a Newton step of one problem.
class NewtonStep {
 public:
  // Of weights of several classes, the numbers of all for one feature after the other, where every
  // sum over classes is 0 and stays so.
  explicit NewtonStep(int64_t features, int64_t classes = 1)
      : features_(features), classes_(classes) {}
  // Systems are preconditioned by the inverse of these blocks from now on, at first of so much
  // proximity, with which they are taken to grow, instead of by the diagonal.
  void TakeBlocks(std::vector<double> blocks, double proximity);
  // `gradient` at w; `diagonal` of the derivative less I.
  void Begin(std::vector<double> gradient, const std::vector<double>& diagonal, double proximity);
  // What the derivative is to be multiplied with.
  const std::vector<double>& direction() const { return direction_; }
  // Takes `image`, the derivative less I times the direction; false: step() is accurate enough.
  bool Take(const std::vector<double>& image);
  const std::vector<double>& step() const { return step_; }
  int iterations() const { return iterations_; }
  // How far to go along step(), by the sums of LocalSolver::Slopes over shards; 0: less than the
  // least StepLength.
  double LengthOf(std::span<const double> w, std::span<const double> slopes) const;
  // Makes step() so short that its length is one of those; false: it is nothing any more.
  bool Shorten();

 private:
  void Precondition();
  // Of the residual, each weight on its own scale. Not on that of the blocks, which may be of rows
  // that are at no bound any more: nothing would be asked for where they are too large.
  double Size() const;

  int64_t features_, classes_;
  std::vector<double> gradient_, residual_, scale_, preconditioned_, direction_, step_;
  BlockInverse blocks_;
  double proximity_of_blocks_ = 1;
  double product_ = 0;  // residual' preconditioned
  double enough_ = 0;   // of Size()
  int iterations_ = 0, shortened_ = 0;
};

}  // namespace strads::svm
