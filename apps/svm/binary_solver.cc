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
// What is known of a row, then where it starts, is fetched into the cache so many visits ahead,
// before the row itself.
constexpr int32_t kVariableAhead = 12, kStartAhead = 6;
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
      variables_[t] = {.row = rows_.rows[t],
                       .sign = rows_.label[t] == positive ? 1.0 : -1.0,
                       .norm = rows_.SquaredNorm(x, rows_.rows[t]),
                       .limit = loss_ == Loss::kHinge ? rows_.cost[t] : 0.5 / rows_.cost[t]};
    }
  });
}

template <bool Hinge, class Rows>
bool BinarySolver::Visit(const Rows& x, double overlap, double* v, int64_t& left) {
  if (next_ == 0) {
    random_.Shuffle(active_);
    pass_ = {};
  }
  Pass pass = pass_;
  auto count = static_cast<int32_t>(active_.size());
  auto t = static_cast<int32_t>(next_);
  for (; t < count && left > 0; --left) {
    const auto i = Index(active_[Index(t)]);
    if (t + kVariableAhead < count) {
      const auto later = Index(active_[Index(t + kVariableAhead)]);
      __builtin_prefetch(&variables_[later]);
      __builtin_prefetch(&alpha_[later]);
    }
    if (t + kStartAhead < count)
      x.PrefetchStart(variables_[Index(active_[Index(t + kStartAhead)])].row);
    if (t + kRowAhead < count) x.Prefetch(variables_[Index(active_[Index(t + kRowAhead)])].row);
    const Variable& variable = variables_[i];
    const double alpha = alpha_[i];
    const double margin = rows_.Dot(x, variable.row, v);
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
    changes_.push_back({.variable = static_cast<int32_t>(i), .before = alpha});
    rows_.Add(x, variable.row, (next - alpha) * variable.sign * overlap, v);
  }
  active_.resize(Index(count));
  pass_ = pass;
  next_ = Index(t);
  if (t < count) return false;
  next_ = 0;
  bounds_.largest = pass.largest > 0 ? pass.largest : kInfinity;
  bounds_.smallest = pass.smallest < 0 ? pass.smallest : -kInfinity;
  return true;
}

Step BinarySolver::Solve(std::span<const double> w, const Effort& effort) {
  Step step;
  step.change.assign(w.begin(), w.end());
  double* const v = step.change.data();
  rows_.x->With([&](const auto& x) {
    for (int64_t left = effort.VisitsOf(std::ssize(active_)); left > 0;) {
      changes_.clear();
      const int64_t before = left;
      const bool ended = loss_ == Loss::kHinge ? Visit<true>(x, effort.overlap, v, left)
                                               : Visit<false>(x, effort.overlap, v, left);
      step.visits += before - left;
      if (!ended) break;
      ++step.passes;
      last_violation_ = pass_.Violation();
      if (effort.passes < 1 || last_violation_ <= effort.accuracy) break;
    }
  });
  step.violation = last_violation_;
  const double share = 1 / effort.overlap;
  for (std::size_t j = 0; j < w.size(); ++j) v[j] = (v[j] - w[j]) * share;
  for (const Change& change : changes_) {
    const auto i = Index(change.variable);
    const double by = alpha_[i] - change.before;
    const double diagonal = Diagonal(variables_[i]);
    step.gain += by - diagonal * change.before * by;
    step.curvature += diagonal * by * by;
  }
  return step;
}

double BinarySolver::largest_norm() const {
  double largest = 0;
  for (const Variable& of : variables_) largest = std::max(largest, of.norm);
  return largest;
}

void BinarySolver::Shorten(double length) {
  for (const Change& change : changes_) {
    double& alpha = alpha_[Index(change.variable)];
    alpha = change.before + length * (alpha - change.before);
  }
}

template <class Rows>
Measurement BinarySolver::MeasureRange(const Rows& x, const double* w, int64_t begin, int64_t end) {
  Measurement sum;
  for (auto i = Index(begin); i < Index(end); ++i) {
    if (i + kRowAhead < Index(end)) x.Prefetch(variables_[i + kRowAhead].row);
    const Variable& variable = variables_[i];
    const double alpha = alpha_[i];
    const double margin = variable.sign * rows_.Dot(x, variable.row, w);
    AddLosses(variable, margin, sum.losses);
    sum.dual += DualOf(variable, alpha);
    const double gradient = margin - 1 + Diagonal(variable) * alpha;
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
  next_ = 0;
  last_violation_ = kInfinity;
  Measurement total;
  for (const Measurement& sum : sums) {
    Add(sum.losses, total.losses);
    total.dual += sum.dual;
  }
  return total;
}

}  // namespace strads::svm
