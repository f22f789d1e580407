#include <strads/index.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "apps/svm/crammer_singer_row.h"
#include "apps/svm/crammer_singer_solver.h"

// The point of row i with gradients b is argmin over the feasible a of
//
//   sum_k b_k a_k + 1/(2 s) |a - a_i|^2
//
// and its derivative by b, on the classes F that are at no bound, -s (I - 11'/|F|).
namespace strads::svm {

ProximalSums CrammerSingerSolver::Points(std::span<const double> w, double proximity) {
  proximity_ = proximity;
  gradients_.resize(alpha_.size());
  points_.resize(alpha_.size());
  free_.clear();
  ProximalSums sums(w.size());
  const auto classes = Index(num_classes_);
  std::vector<double> linear(classes), weights(classes), sorted;
  rows_.x->With([&](const auto& x) {
    for (int64_t i = 0; i < rows_.size(); ++i) {
      const int64_t row = rows_.rows[Index(i)];
      const int32_t label = rows_.label[Index(i)];
      const double cost = rows_.cost[Index(i)];
      const std::span<double> b = std::span(gradients_).subspan(Index(i) * classes, classes);
      const std::span<double> point = std::span(points_).subspan(Index(i) * classes, classes);
      Scores(x, row, w.data(), b.data());
      for (std::size_t k = 0; k < classes; ++k) {
        b[k] += k != Index(label);
        linear[k] = b[k] - alpha_[Index(i) * classes + k] / proximity;
      }
      AddLosses(i, b.data(), sums.losses);
      SolveRow(linear, label, cost, 1 / proximity, sorted, point);
      if (point[Index(label)] == 0) continue;
      sums.dual += point[Index(label)];
      AddRow(x, row, point, sums.vector.data());
      const double count = CountFree(i);
      if (count < 2) continue;
      free_.push_back(static_cast<int32_t>(i));
      std::ranges::fill(weights, 0.0);
      ForEachFree(i, [&](int32_t k) { weights[Index(k)] = proximity * (1 - 1 / count); });
      x.ForEach(row, [&](int32_t column, double value) {
        double* const at = sums.diagonal.data() + Index(column) * classes;
        for (std::size_t k = 0; k < classes; ++k) at[k] += weights[k] * value * value;
      });
      double* const at_bias = sums.diagonal.data() + rows_.x->num_cols() * num_classes_;
      for (std::size_t k = 0; rows_.bias != 0 && k < classes; ++k)
        at_bias[k] += weights[k] * rows_.bias * rows_.bias;
    }
  });
  return sums;
}

std::vector<double> CrammerSingerSolver::Curve(std::span<const double> direction) {
  std::vector<double> image(direction.size(), 0.0), scores(Index(num_classes_)), by(scores.size());
  rows_.x->With([&](const auto& x) {
    for (const int32_t i : free_) {
      const int64_t row = rows_.rows[Index(i)];
      Scores(x, row, direction.data(), scores.data());
      double count = 0, sum = 0;
      ForEachFree(i, [&](int32_t k) { ++count, sum += scores[Index(k)]; });
      std::ranges::fill(by, 0.0);
      ForEachFree(i,
                  [&](int32_t k) { by[Index(k)] = proximity_ * (scores[Index(k)] - sum / count); });
      AddRow(x, row, by, image.data());
    }
  });
  return image;
}

std::vector<double> CrammerSingerSolver::Slopes(std::span<const double> direction) {
  const auto classes = Index(num_classes_);
  std::vector<double> sums(kStepLengths, 0.0), change(classes), linear(classes), sorted;
  std::vector<double> nearest(classes), farthest(classes), point(classes);
  const std::array<double, kStepLengths> lengths = StepLengths();
  double of_all = 0;
  rows_.x->With([&](const auto& x) {
    for (int64_t i = 0; i < rows_.size(); ++i) {
      Scores(x, rows_.rows[Index(i)], direction.data(), change.data());
      const auto solve = [&](double length, std::vector<double>& to) {
        for (std::size_t k = 0; k < classes; ++k) {
          const std::size_t at = Index(i) * classes + k;
          linear[k] = gradients_[at] + length * change[k] - alpha_[at] / proximity_;
        }
        SolveRow(linear, rows_.label[Index(i)], rows_.cost[Index(i)], 1 / proximity_, sorted, to);
        return std::inner_product(to.begin(), to.end(), change.begin(), 0.0);
      };
      const double first = solve(lengths.front(), nearest), last = solve(lengths.back(), farthest);
      // A point is a projection: what is between two that have the same has it, too.
      if (nearest == farthest) {
        of_all += first;
        continue;
      }
      sums.front() += first;
      sums.back() += last;
      for (std::size_t t = 1; t + 1 < sums.size(); ++t) sums[t] += solve(lengths[t], point);
    }
  });
  for (double& sum : sums) sum += of_all;
  return sums;
}

std::vector<double> CrammerSingerSolver::Blocks() const {
  std::vector<std::vector<int64_t>> rows(Index(num_classes_));
  std::vector<std::vector<double>> weights(rows.size());
  for (const int32_t i : free_) {
    const double count = CountFree(i);
    ForEachFree(i, [&](int32_t k) {
      rows[Index(k)].push_back(rows_.rows[Index(i)]);
      weights[Index(k)].push_back(proximity_ * (1 - 1 / count));
    });
  }
  std::vector<double> blocks;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const std::vector<double> block = rows_.BlockOf(rows[k], weights[k]);
    blocks.insert(blocks.end(), block.begin(), block.end());
  }
  return blocks;
}

void CrammerSingerSolver::Commit() { alpha_ = points_; }

}  // namespace strads::svm
