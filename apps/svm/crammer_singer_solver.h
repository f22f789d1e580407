#pragma once

#include <strads/random.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/svm/local_solver.h"
#include "apps/svm/training_rows.h"

namespace strads::svm {

// All K classes at once, a weight vector w_k each (Crammer and Singer, JMLR 2001). With y_i the
// class of row i, e_ik = 0 for k = y_i and 1 for the others, and c_i its cost, the problem and its
// dual are
//
//   min  P(w) = 1/2 sum_k |w_k|^2 + sum_i c_i max_k (e_ik + w_k.x_i - w_{y_i}.x_i)
//   max  D(a) = - sum_ik e_ik a_ik - 1/2 sum_k |w_k|^2,  w_k = sum_i a_ik x_i
//        with sum_k a_ik = 0, a_ik <= c_i for k = y_i and a_ik <= 0 for the others
//
// Solved row by row, each exactly (Keerthi et al., "A Sequential Dual Method for Large Scale
// Multi-Class Linear SVMs", KDD 2008). The dual is a sum over rows but for |w|^2, so that shards
// add up as those of BinarySolver do.
//
// A weight vector holds w_k of all classes for one feature after the other, K numbers each.
class CrammerSingerSolver final : public LocalSolver {
 public:
  // `rows` outlives this.
  CrammerSingerSolver(const TrainingRows& rows, int32_t num_classes, Random random);

  Step Solve(std::span<const double> w, const Effort& effort) override;
  void Shorten(double length) override;
  Measurement Measure(std::span<const double> w, ThreadPool& pool) override;
  ProximalSums Points(std::span<const double> w, double proximity) override;
  std::vector<double> Curve(std::span<const double> direction) override;
  std::vector<double> Slopes(std::span<const double> direction) override;
  std::vector<double> Blocks() const override;
  void Advance(double) override {}
  void Commit() override;
  double largest_norm() const override {
    return norms_.empty() ? 0 : *std::ranges::max_element(norms_);
  }
  std::span<const double> dual_variables() const override { return alpha_; }

 private:
  template <class Rows>
  double Visit(const Rows& x, double overlap, double* v);
  // w_k.x of all classes.
  template <class Rows>
  void Scores(const Rows& x, int64_t row, const double* v, double* scores) const {
    const int32_t classes = num_classes_;
    const double* const v_bias = v + rows_.x->num_cols() * classes;
    for (int32_t k = 0; k < classes; ++k) scores[k] = rows_.bias != 0 ? rows_.bias * v_bias[k] : 0;
    x.ForEach(row, [&](int32_t column, double value) {
      const double* const at = v + int64_t{column} * classes;
      for (int32_t k = 0; k < classes; ++k) scores[k] += value * at[k];
    });
  }
  // w_k += by_k x
  template <class Rows>
  void AddRow(const Rows& x, int64_t row, std::span<const double> by, double* v) const {
    const int32_t classes = num_classes_;
    double* const v_bias = v + rows_.x->num_cols() * classes;
    x.ForEach(row, [&](int32_t column, double value) {
      double* const at = v + int64_t{column} * classes;
      for (int32_t k = 0; k < classes; ++k) at[k] += value * by[static_cast<std::size_t>(k)];
    });
    for (int32_t k = 0; rows_.bias != 0 && k < classes; ++k)
      v_bias[k] += rows_.bias * by[static_cast<std::size_t>(k)];
  }
  // How far a row is from its optimum: the largest gradient less the smallest of those that may
  // move, with `scores` turned into gradients.
  // From the scores of row i, with 1 more for all classes but its own.
  void AddLosses(int64_t i, const double* gradients, ScaledLosses& losses) const;
  double ViolationOf(int64_t i, double* scores) const;
  // By how much the gradient of the own class exceeds the others', if the row's variables are zero,
  // where that is their optimum if it is positive; else -infinity.
  double SurplusOf(int64_t i, const double* gradients) const;
  std::span<double> AlphaOf(int64_t i);
  // visit(k) for the classes of row i whose points are at no bound.
  template <class Visitor>
  void ForEachFree(int64_t i, const Visitor& visit) const {
    const auto row = static_cast<std::size_t>(i);
    const double* const point = points_.data() + i * num_classes_;
    for (int32_t k = 0; k < num_classes_; ++k) {
      if (point[k] < (k == rows_.label[row] ? rows_.cost[row] : 0)) visit(k);
    }
  }
  double CountFree(int64_t i) const {
    double count = 0;
    ForEachFree(i, [&](int32_t) { ++count; });
    return count;
  }

  const TrainingRows& rows_;
  const int32_t num_classes_;
  Random random_;
  std::vector<double> norms_;   // |x_i|^2
  std::vector<double> alpha_;   // num_classes_ for each row
  std::vector<double> before_;  // alpha_ when Solve was called last
  std::vector<int32_t> active_;
  std::vector<char> is_active_;  // scratch of Measure
  double bound_;                 // a row with a larger surplus is left out
  double last_violation_ = 0;
  // Of a proximal point, num_classes_ for each row.
  double proximity_ = 0;
  std::vector<double> gradients_;  // w_k.x_i + e_ik
  std::vector<double> points_;
  std::vector<int32_t> free_;  // rows with two such classes or more
};

}  // namespace strads::svm
