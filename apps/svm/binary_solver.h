#pragma once

#include <strads/aligned_vector.h>
#include <strads/random.h>

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "apps/svm/local_solver.h"
#include "apps/svm/training_rows.h"

namespace strads::svm {

enum class Loss { kHinge, kSquaredHinge };

// Two classes. With y_i = 1 for rows of the class `positive` and -1 for the others, c_i = cost of
// row i, the problem and its dual are
//
//   min  P(w) = 1/2 |w|^2 + sum_i c_i loss(y_i w.x_i)       loss(m) = max(0, 1 - m), or its square
//   max  D(a) = sum_i a_i - 1/2 sum_i d_i a_i^2 - 1/2 |w|^2,  w = sum_i a_i y_i x_i
//        hinge: 0 <= a_i <= c_i, d_i = 0;  squared hinge: 0 <= a_i, d_i = 1/(2 c_i)
//
// Solved by coordinate ascent in random order with shrinking (Hsieh et al., "A Dual Coordinate
// Descent Method for Large-scale Linear SVM", ICML 2008); `overlap` scales the curvature by |x_i|^2
// (Ma et al., "Adding vs. Averaging in Distributed Primal-Dual Optimization", ICML 2015).
class BinarySolver final : public LocalSolver {
 public:
  // `rows` outlives this.
  BinarySolver(const TrainingRows& rows, int32_t positive, Loss loss, Random random);

  Step Solve(std::span<const double> w, const Effort& effort) override;
  void Shorten(double length) override;
  Measurement Measure(std::span<const double> w, ThreadPool& pool) override;
  ProximalSums Points(std::span<const double> w, double proximity) override;
  std::vector<double> Curve(std::span<const double> direction) override;
  std::vector<double> Slopes(std::span<const double> direction) override;
  std::vector<double> Blocks() const override;
  void Advance(double length) override;
  void Commit() override;
  double largest_norm() const override;
  std::span<const double> dual_variables() const override { return alpha_; }

 private:
  // What a visit needs, in one cache line.
  struct Variable {
    int64_t row;
    double sign;   // y_i
    double norm;   // |x_i|^2
    double limit;  // hinge: c_i; squared hinge: d_i
  };
  struct Pass {
    double largest = -std::numeric_limits<double>::infinity();  // projected gradients
    double smallest = std::numeric_limits<double>::infinity();
    double Violation() const { return largest > smallest ? largest - smallest : 0; }
  };

  struct Change {
    int32_t variable;
    double before;
  };

  // Goes on with the pass that is under way, to its end or while visits are left, which it counts
  // down; whether it ended.
  template <bool Hinge, class Rows>
  bool Visit(const Rows& x, double overlap, double* v, int64_t& left);
  template <class Rows>
  Measurement MeasureRange(const Rows& x, const double* w, int64_t begin, int64_t end);
  double Upper(const Variable& variable) const {
    return loss_ == Loss::kHinge ? variable.limit : std::numeric_limits<double>::infinity();
  }
  double Diagonal(const Variable& variable) const {
    return loss_ == Loss::kHinge ? 0 : variable.limit;
  }
  // c_i loss(m) at m times each scale: of a margin of 1 or more all are 0.
  void AddLosses(const Variable& variable, double margin, ScaledLosses& losses) const {
    if (margin >= 1) return;
    using Scaled = Eigen::Array<double, kScales, 1>;
    Eigen::Map<Scaled> sum(losses.data());
    const Scaled hinge = (1 - margin * Eigen::Map<const Scaled>(kScale.data())).max(0.0);
    if (loss_ == Loss::kHinge)
      sum += variable.limit * hinge;
    else
      sum += 0.5 / variable.limit * hinge.square();
  }
  bool IsFree(const Variable& variable, double alpha) const {
    return alpha > 0 && alpha < Upper(variable);
  }
  // a - d_i/2 a^2
  double DualOf(const Variable& variable, double alpha) const {
    return alpha - 0.5 * Diagonal(variable) * alpha * alpha;
  }

  // Rows are fetched into the cache so many visits ahead.
  static constexpr int kRowAhead = 2;

  const TrainingRows& rows_;
  const Loss loss_;
  Random random_;
  AlignedVector<Variable> variables_;
  AlignedVector<double> alpha_;
  std::vector<Change> changes_;  // of the last Solve, at most one of a variable
  std::vector<int32_t> active_;
  std::size_t next_ = 0;         // place in active_ of the variable that is visited next
  Pass pass_;                    // the one under way
  std::vector<char> is_active_;  // scratch of Measure
  // A variable at a bound is left out if its gradient points outwards by more than these.
  Pass bounds_;
  double last_violation_ = std::numeric_limits<double>::infinity();
  // Of a proximal point.
  struct Free {
    int64_t row;
    double weight;  // of x_i x_i' in the derivative
  };
  double proximity_ = 0;
  std::vector<double> margins_;  // y_i w.x_i
  AlignedVector<double> points_;
  std::vector<double> points_sum_;     // sum_i points_i y_i x_i
  std::vector<double> changes_along_;  // of margins_, by the direction of the last Slopes
  bool has_advanced_ = false;          // since the last Points: margins_ are of the w to come
  int advances_ = 0;        // since margins_ and points_sum_ were computed from all entries
  std::vector<Free> free_;  // rows whose points are at no bound
};

}  // namespace strads::svm
