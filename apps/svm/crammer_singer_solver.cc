#include "apps/svm/crammer_singer_solver.h"

#include <strads/index.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "apps/svm/crammer_singer_row.h"

namespace strads::svm {
namespace {

constexpr int64_t kBlock = 1024;  // rows whose sums are added up by one thread
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Violations below this are rounding.
constexpr double kRounding = 1e-12;

}  // namespace

CrammerSingerSolver::CrammerSingerSolver(const TrainingRows& rows,
                                         int32_t num_classes,
                                         Random random)
    : rows_(rows),
      num_classes_(num_classes),
      random_(random),
      norms_(Index(rows.size())),
      alpha_(Index(rows.size() * num_classes), 0.0),
      active_(Index(rows.size())),
      is_active_(Index(rows.size()), 1),
      bound_(kInfinity) {
  std::iota(active_.begin(), active_.end(), 0);
  rows_.x->With([&](const auto& x) {
    for (std::size_t t = 0; t < norms_.size(); ++t) {
      norms_[t] = rows_.SquaredNorm(x, rows_.rows[t]);
    }
  });
}

std::span<double> CrammerSingerSolver::AlphaOf(int64_t i) {
  return std::span(alpha_).subspan(Index(i * num_classes_), Index(num_classes_));
}

double CrammerSingerSolver::ViolationOf(int64_t i, double* scores) const {
  const int32_t label = rows_.label[Index(i)];
  const double* const alpha = alpha_.data() + i * num_classes_;
  double largest = -kInfinity, smallest = kInfinity;
  for (int32_t k = 0; k < num_classes_; ++k) {
    if (k != label) scores[k] += 1;
    largest = std::max(largest, scores[k]);
    const double upper = k == label ? rows_.cost[Index(i)] : 0;
    if (alpha[k] < upper) smallest = std::min(smallest, scores[k]);
  }
  return std::max(largest - smallest, 0.0);
}

void CrammerSingerSolver::AddLosses(int64_t i,
                                    const double* gradients,
                                    ScaledLosses& losses) const {
  const int32_t label = rows_.label[Index(i)];
  const double own = gradients[label], cost = rows_.cost[Index(i)];
  const std::span<const double> all(gradients, Index(num_classes_));
  if (!(*std::ranges::max_element(all) > own)) return;  // nor is there any loss further out
  for (std::size_t s = 0; s < kScales; ++s) {
    double largest = kScale[s] * own;
    for (int32_t k = 0; k < num_classes_; ++k) {
      if (k != label) largest = std::max(largest, 1 + kScale[s] * (gradients[k] - 1));
    }
    losses[s] += cost * (largest - kScale[s] * own);
  }
}

double CrammerSingerSolver::SurplusOf(int64_t i, const double* gradients) const {
  const int32_t label = rows_.label[Index(i)];
  if (alpha_[Index(i * num_classes_ + label)] != 0) return -kInfinity;
  double others = -kInfinity;
  for (int32_t k = 0; k < num_classes_; ++k) {
    if (k != label) others = std::max(others, gradients[k]);
  }
  return gradients[label] - others;
}

// One pass over the active rows in random order; the largest violation met.
template <class Rows>
double CrammerSingerSolver::Visit(const Rows& x, double overlap, double* v) {
  random_.Shuffle(active_);
  const int32_t classes = num_classes_;
  std::vector<double> gradient(Index(classes)), next(Index(classes)), sorted;
  double largest = 0;
  std::size_t kept = 0;
  for (const int32_t i : active_) {
    const int64_t row = rows_.rows[Index(i)];
    Scores(x, row, v, gradient.data());
    const double violation = ViolationOf(i, gradient.data());
    largest = std::max(largest, violation);
    if (SurplusOf(i, gradient.data()) <= bound_) active_[kept++] = i;
    if (violation <= kRounding) continue;
    const std::span<double> alpha = AlphaOf(i);
    const double curvature = overlap * norms_[Index(i)];
    if (curvature > 0) {
      for (std::size_t k = 0; k < alpha.size(); ++k) gradient[k] -= curvature * alpha[k];
      SolveRow(gradient, rows_.label[Index(i)], rows_.cost[Index(i)], curvature, sorted, next);
    } else {  // a row of zeros: any other class is as good
      const std::size_t own = Index(rows_.label[Index(i)]);
      std::ranges::fill(next, 0.0);
      next[own] = rows_.cost[Index(i)];
      next[own == 0 ? 1 : 0] = -rows_.cost[Index(i)];
    }
    for (std::size_t k = 0; k < alpha.size(); ++k) {
      gradient[k] = overlap * (next[k] - alpha[k]);
      alpha[k] = next[k];
    }
    AddRow(x, row, gradient, v);
  }
  active_.resize(kept);
  bound_ = largest > 0 ? largest : kInfinity;
  return largest;
}

Step CrammerSingerSolver::Solve(std::span<const double> w, const Effort& effort) {
  before_ = alpha_;
  Step step;
  step.change.assign(w.begin(), w.end());
  double* const v = step.change.data();
  rows_.x->With([&](const auto& x) {
    do {
      step.visits += std::ssize(active_);
      step.violation = Visit(x, effort.overlap, v);
      ++step.passes;
    } while (static_cast<double>(step.passes) < effort.passes && step.violation > effort.accuracy);
  });
  last_violation_ = step.violation;
  for (std::size_t j = 0; j < w.size(); ++j) v[j] = (v[j] - w[j]) / effort.overlap;
  for (int64_t i = 0; i < rows_.size(); ++i) {
    const std::size_t own = Index(i * num_classes_ + rows_.label[Index(i)]);
    step.gain += alpha_[own] - before_[own];
  }
  return step;
}

void CrammerSingerSolver::Shorten(double length) {
  for (std::size_t i = 0; i < alpha_.size(); ++i)
    alpha_[i] = before_[i] + length * (alpha_[i] - before_[i]);
}

Measurement CrammerSingerSolver::Measure(std::span<const double> w, ThreadPool& pool) {
  const int64_t count = rows_.size(), blocks = (count + kBlock - 1) / kBlock;
  std::vector<Measurement> sums(Index(blocks));
  rows_.x->With([&](const auto& x) {
    pool.ParallelFor(blocks, [&](int64_t begin, int64_t end) {
      std::vector<double> gradient(Index(num_classes_));
      for (int64_t i = begin * kBlock; i < std::min(count, end * kBlock); ++i) {
        Measurement& sum = sums[Index(i / kBlock)];
        const int32_t label = rows_.label[Index(i)];
        Scores(x, rows_.rows[Index(i)], w.data(), gradient.data());
        ViolationOf(i, gradient.data());
        AddLosses(i, gradient.data(), sum.losses);
        sum.dual += alpha_[Index(i * num_classes_ + label)];
        is_active_[Index(i)] = SurplusOf(i, gradient.data()) <= last_violation_;
      }
    });
  });
  active_.clear();
  for (int64_t i = 0; i < count; ++i) {
    if (is_active_[Index(i)] != 0) active_.push_back(static_cast<int32_t>(i));
  }
  bound_ = kInfinity;
  Measurement total;
  for (const Measurement& sum : sums) {
    Add(sum.losses, total.losses);
    total.dual += sum.dual;
  }
  return total;
}

}  // namespace strads::svm
