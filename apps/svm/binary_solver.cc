#include "apps/svm/binary_solver.h"

#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace strads::svm {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// A projected gradient below this is rounding.
constexpr double kNoGradient = 1e-12;
// Rows are fetched into the cache so many visits ahead, what is known of them earlier still.
constexpr int32_t kRowAhead = 2;
constexpr int32_t kVariableAhead = 8;
// Rows whose sums are added up by one thread: never dependent on the number of threads.
constexpr int64_t kBlock = 2048;

}  // namespace

BinarySolver::BinarySolver(const TrainingRows& rows, int32_t positive, Loss loss, Random random)
    : rows_(rows),
      loss_(loss),
      random_(random),
      variables_(Index(rows.size())),
      alpha_(Index(rows.size()), 0.0),
      active_(Index(rows.size())),
      is_active_(Index(rows.size()), 1),
      bounds_{.largest = kInfinity, .smallest = -kInfinity} {
  std::iota(active_.begin(), active_.end(), 0);
  rows_.x->With([&](const auto& x) {
    for (std::size_t t = 0; t < variables_.size(); ++t) {
      double norm = rows_.bias * rows_.bias;
      x.ForEach(rows_.rows[t], [&](int32_t, double value) { norm += value * value; });
      variables_[t] = {.row = rows_.rows[t],
                       .sign = rows_.label[t] == positive ? 1.0 : -1.0,
                       .norm = norm,
                       .limit = loss_ == Loss::kHinge ? rows_.cost[t] : 0.5 / rows_.cost[t]};
    }
  });
}

// One pass over the active variables in random order.
template <bool Hinge, class Rows>
BinarySolver::Pass BinarySolver::Visit(const Rows& x, double overlap, double* v) {
  random_.Shuffle(active_);
  const double bias = rows_.bias;
  double* const v_bias = v + rows_.x->num_cols();  // there only if bias is not 0
  Pass pass;
  auto count = static_cast<int32_t>(active_.size());
  for (int32_t t = 0; t < count;) {
    const auto i = Index(active_[Index(t)]);
    if (t + kVariableAhead < count) {
      const auto later = Index(active_[Index(t + kVariableAhead)]);
      __builtin_prefetch(&variables_[later]);
      __builtin_prefetch(&alpha_[later]);
    }
    if (t + kRowAhead < count) x.Prefetch(variables_[Index(active_[Index(t + kRowAhead)])].row);
    const Variable& variable = variables_[i];
    const double alpha = alpha_[i];
    double margin = x.Dot(variable.row, v);
    if (bias != 0) margin += bias * *v_bias;
    const double diagonal = Hinge ? 0 : variable.limit;
    const double gradient = variable.sign * margin - 1 + diagonal * alpha;
    const bool is_upper = Hinge && alpha == variable.limit;
    if ((alpha == 0 && gradient > bounds_.largest) || (is_upper && gradient < bounds_.smallest)) {
      std::swap(active_[Index(t)], active_[Index(--count)]);
      continue;
    }
    ++t;
    const double projected = alpha == 0 ? std::min(gradient, 0.0)
                             : is_upper ? std::max(gradient, 0.0)
                                        : gradient;
    pass.largest = std::max(pass.largest, projected);
    pass.smallest = std::min(pass.smallest, projected);
    if (std::abs(projected) <= kNoGradient) continue;
    double next = std::max(alpha - gradient / (overlap * variable.norm + diagonal), 0.0);
    if (Hinge) next = std::min(next, variable.limit);
    alpha_[i] = next;
    const double scale = (next - alpha) * variable.sign * overlap;
    x.Add(variable.row, scale, v);
    if (bias != 0) *v_bias += scale * bias;
  }
  active_.resize(Index(count));
  bounds_.largest = pass.largest > 0 ? pass.largest : kInfinity;
  bounds_.smallest = pass.smallest < 0 ? pass.smallest : -kInfinity;
  return pass;
}

Step BinarySolver::Solve(std::span<const double> w, const Effort& effort) {
  before_ = alpha_;
  Step step;
  step.change.assign(w.begin(), w.end());
  double* const v = step.change.data();
  rows_.x->With([&](const auto& x) {
    for (bool is_first = true;
         is_first || (step.visits < effort.visits && step.violation > effort.accuracy);
         is_first = false) {
      step.visits += std::ssize(active_);
      const Pass pass = loss_ == Loss::kHinge ? Visit<true>(x, effort.overlap, v)
                                              : Visit<false>(x, effort.overlap, v);
      step.violation = pass.Violation();
      if (is_first) step.first_violation = step.violation;
    }
  });
  last_violation_ = step.violation;
  for (std::size_t j = 0; j < w.size(); ++j) v[j] = (v[j] - w[j]) / effort.overlap;
  for (std::size_t i = 0; i < alpha_.size(); ++i) {
    const double change = alpha_[i] - before_[i];
    const double diagonal = Diagonal(variables_[i]);
    step.gain += change - diagonal * before_[i] * change;
    step.curvature += diagonal * change * change;
  }
  return step;
}

void BinarySolver::Shorten(double length) {
  for (std::size_t i = 0; i < alpha_.size(); ++i)
    alpha_[i] = before_[i] + length * (alpha_[i] - before_[i]);
}

template <class Rows>
Measurement BinarySolver::MeasureRange(const Rows& x, const double* w, int64_t begin, int64_t end) {
  Measurement sum;
  const double base = rows_.bias != 0 ? rows_.bias * w[rows_.x->num_cols()] : 0;
  for (auto i = Index(begin); i < Index(end); ++i) {
    if (i + kRowAhead < Index(end)) x.Prefetch(variables_[i + kRowAhead].row);
    const Variable& variable = variables_[i];
    const double alpha = alpha_[i];
    const double short_of = 1 - variable.sign * (x.Dot(variable.row, w) + base);
    const double hinge = std::max(short_of, 0.0);
    double gradient = -short_of;
    if (loss_ == Loss::kHinge) {
      sum.loss += variable.limit * hinge;
      sum.dual += alpha;
    } else {
      sum.loss += 0.5 / variable.limit * hinge * hinge;
      sum.dual += alpha - 0.5 * variable.limit * alpha * alpha;
      gradient += variable.limit * alpha;
    }
    is_active_[i] = !((alpha == 0 && gradient > last_violation_) ||
                      (alpha == Upper(variable) && gradient < -last_violation_));
  }
  return sum;
}

Measurement BinarySolver::Measure(std::span<const double> w, ThreadPool& pool) {
  const int64_t count = rows_.size(), blocks = (count + kBlock - 1) / kBlock;
  std::vector<Measurement> sums(Index(blocks));
  rows_.x->With([&](const auto& x) {
    pool.ParallelFor(blocks, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b)
        sums[Index(b)] = MeasureRange(x, w.data(), b * kBlock, std::min(count, (b + 1) * kBlock));
    });
  });
  active_.clear();
  for (int64_t i = 0; i < count; ++i) {
    if (is_active_[Index(i)] != 0) active_.push_back(static_cast<int32_t>(i));
  }
  bounds_ = {.largest = kInfinity, .smallest = -kInfinity};
  Measurement total;
  for (const Measurement& sum : sums) {
    total.loss += sum.loss;
    total.dual += sum.dual;
  }
  return total;
}

}  // namespace strads::svm
