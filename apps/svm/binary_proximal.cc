#include <strads/index.h>

#include <algorithm>
#include <array>

#include "apps/svm/binary_solver.h"

// The point of row i at margin m is argmax over 0 <= a <= c_i of
//
//   a (1 - m) - d_i/2 a^2 - 1/(2 s) (a - a_i)^2,   clip((a_i + s (1 - m)) / (1 + s d_i), 0, c_i)
namespace strads::svm {

ProximalSums BinarySolver::Points(std::span<const double> w, double proximity) {
  proximity_ = proximity;
  margins_.resize(alpha_.size());
  points_.resize(alpha_.size());
  free_.clear();
  ProximalSums sums(w.size());
  rows_.x->With([&](const auto& x) {
    for (std::size_t i = 0; i < alpha_.size(); ++i) {
      if (i + kRowAhead < alpha_.size()) x.Prefetch(variables_[i + kRowAhead].row);
      const Variable& of = variables_[i];
      const double diagonal = Diagonal(of), upper = Upper(of);
      const double margin = of.sign * rows_.Dot(x, of.row, w.data());
      const double point = std::clamp(
          (alpha_[i] + proximity * (1 - margin)) / (1 + proximity * diagonal), 0.0, upper);
      margins_[i] = margin;
      points_[i] = point;
      AddLosses(of, margin, sums.losses);
      if (point == 0) continue;
      sums.dual += DualOf(of, point);
      rows_.Add(x, of.row, of.sign * point, sums.vector.data());
      if (point == upper) continue;
      const double weight = proximity / (1 + proximity * diagonal);
      free_.push_back({.row = of.row, .weight = weight});
      x.ForEach(of.row, [&](int32_t j, double value) {
        sums.diagonal[Index(j)] += weight * value * value;
      });
      if (rows_.bias != 0) sums.diagonal.back() += weight * rows_.bias * rows_.bias;
    }
  });
  return sums;
}

std::vector<double> BinarySolver::Curve(std::span<const double> direction) {
  std::vector<double> image(direction.size(), 0.0);
  rows_.x->With([&](const auto& x) {
    for (std::size_t k = 0; k < free_.size(); ++k) {
      if (k + kRowAhead < free_.size()) x.Prefetch(free_[k + kRowAhead].row);
      const auto& [row, weight] = free_[k];
      rows_.Add(x, row, weight * rows_.Dot(x, row, direction.data()), image.data());
    }
  });
  return image;
}

std::vector<double> BinarySolver::Slopes(std::span<const double> direction) {
  std::array<double, kStepLengths> lengths{}, sums{};
  for (int k = 0; k < kStepLengths; ++k) lengths[Index(k)] = StepLength(k);
  rows_.x->With([&](const auto& x) {
    for (std::size_t i = 0; i < margins_.size(); ++i) {
      if (i + kRowAhead < margins_.size()) x.Prefetch(variables_[i + kRowAhead].row);
      const Variable& of = variables_[i];
      const double change = of.sign * rows_.Dot(x, of.row, direction.data());
      if (change == 0) continue;
      const double scale = 1 / (1 + proximity_ * Diagonal(of)), upper = Upper(of);
      const double at = (alpha_[i] + proximity_ * (1 - margins_[i])) * scale;
      const double fall = proximity_ * change * scale;
      for (std::size_t k = 0; k < kStepLengths; ++k)
        sums[k] += change * std::min(std::max(at - lengths[k] * fall, 0.0), upper);
    }
  });
  return {sums.begin(), sums.end()};
}

void BinarySolver::Commit() { alpha_ = points_; }

}  // namespace strads::svm
