#include <strads/index.h>

#include <algorithm>
#include <array>
#include <utility>

#include "apps/svm/binary_solver.h"

// The point of row i at margin m is argmax over 0 <= a <= c_i of
//
//   a (1 - m) - d_i/2 a^2 - 1/(2 s) (a - a_i)^2,   clip((a_i + s (1 - m)) / (1 + s d_i), 0, c_i)
namespace strads::svm {
namespace {

// So often at most are margins and the points' sum carried on before they are computed anew, for
// rounding adds up.
constexpr int kMostAdvances = 8;

}  // namespace

ProximalSums BinarySolver::Points(std::span<const double> w, double proximity) {
  proximity_ = proximity;
  const std::size_t count = alpha_.size();
  const bool anew = !std::exchange(has_advanced_, false) || advances_ == kMostAdvances;
  if (anew) {
    advances_ = 0;
    margins_.resize(count);
    points_.assign(count, 0.0);
    points_sum_.assign(w.size(), 0.0);
  }
  free_.clear();
  ProximalSums sums(w.size());
  rows_.x->With([&](const auto& x) {
    for (std::size_t i = 0; i < count; ++i) {
      if (const std::size_t later = i + kRowAhead;
          later < count && (anew || IsFree(variables_[later], points_[later])))
        x.Prefetch(variables_[later].row);
      const Variable& of = variables_[i];
      const double before = points_[i], curvature = 1 + proximity * Diagonal(of);
      if (anew) margins_[i] = of.sign * rows_.Dot(x, of.row, w.data());
      const double margin = margins_[i];
      double point = alpha_[i] + proximity * (1 - margin);
      if (curvature != 1) point /= curvature;
      point = std::clamp(point, 0.0, Upper(of));
      AddLosses(of, margin, sums.losses);
      if (point != before) {
        rows_.Add(x, of.row, of.sign * (point - before), points_sum_.data());
        points_[i] = point;
      }
      sums.dual += DualOf(of, point);
      if (!IsFree(of, point)) continue;
      const double weight = proximity / curvature;
      free_.push_back({.row = of.row, .weight = weight});
      x.ForEach(of.row, [&](int32_t j, double value) {
        sums.diagonal[Index(j)] += weight * value * value;
      });
      if (rows_.bias != 0) sums.diagonal.back() += weight * rows_.bias * rows_.bias;
    }
  });
  sums.vector = points_sum_;
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
  const std::array<double, kStepLengths> lengths = StepLengths();
  std::array<double, kStepLengths> sums{};
  changes_along_.resize(margins_.size());
  double at_upper = 0;
  rows_.x->With([&](const auto& x) {
    for (std::size_t i = 0; i < margins_.size(); ++i) {
      if (i + kRowAhead < margins_.size()) x.Prefetch(variables_[i + kRowAhead].row);
      const Variable& of = variables_[i];
      const double change = of.sign * rows_.Dot(x, of.row, direction.data());
      changes_along_[i] = change;
      const double scale = 1 / (1 + proximity_ * Diagonal(of)), upper = Upper(of);
      const double at = (alpha_[i] + proximity_ * (1 - margins_[i])) * scale;
      const double fall = proximity_ * change * scale;
      // Most rows stay at one bound.
      const double last = at - lengths.back() * fall;
      if (at <= 0 && last <= 0) continue;
      if (at >= upper && last >= upper) {
        at_upper += change * upper;
        continue;
      }
      for (std::size_t k = 0; k < kStepLengths; ++k)
        sums[k] += change * std::min(std::max(at - lengths[k] * fall, 0.0), upper);
    }
  });
  for (double& sum : sums) sum += at_upper;
  return {sums.begin(), sums.end()};
}

std::vector<double> BinarySolver::Blocks() const {
  std::vector<int64_t> rows;
  std::vector<double> weights;
  for (const Free& of : free_) {
    rows.push_back(of.row);
    weights.push_back(of.weight);
  }
  return rows_.BlockOf(rows, weights);
}

void BinarySolver::Advance(double length) {
  has_advanced_ = true;
  if (length == 0) return;
  ++advances_;
  for (std::size_t i = 0; i < margins_.size(); ++i) margins_[i] += length * changes_along_[i];
}

void BinarySolver::Commit() { alpha_ = points_; }

}  // namespace strads::svm
