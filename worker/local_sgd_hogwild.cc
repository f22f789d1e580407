#include <algorithm>
#include <atomic>

#include "strads/index.h"
#include "strads/local_sgd.h"
#include "strads/output_losses.h"
#include "worker/output_weights.h"

namespace strads {
namespace {

double Load(double& value) {
  return std::atomic_ref<double>(value).load(std::memory_order_relaxed);
}

// Of two threads at once one addition may be lost.
void AddRelaxed(double& value, double change) {
  std::atomic_ref<double>(value).store(Load(value) + change, std::memory_order_relaxed);
}

// None is lost.
void AddAll(double& value, double change) {
  std::atomic_ref<double>(value).fetch_add(change, std::memory_order_relaxed);
}

// The features of a row that go into a step. All here is taken by value: what others might point to
// would have to be read anew after each store to a weight.
template <class Rows>
struct CentredRow {
  Rows x;
  int64_t i;
  std::span<const int32_t> common;
  const double* centre;

  // visit(j, x_ij - centre_j) of the features `common`, and visit(j, x_ij) of the row's others.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    if (common.empty()) return x.ForEach(i, visit);
    auto next = common.begin();
    x.ForEach(i, [&](int32_t j, double value) {
      for (; next != common.end() && *next < j; ++next) visit(*next, -centre[*next]);
      const bool is_common = next != common.end() && *next == j;
      if (is_common) ++next;
      visit(j, is_common ? value - centre[j] : value);
    });
    for (; next != common.end(); ++next) visit(*next, -centre[*next]);
  }
};

// f_k += the row times w_k
template <class Outputs, class Rows>
void AddFitted(const Outputs& outputs,
               const CentredRow<Rows> row,
               double* w,
               double* __restrict f) {
  if constexpr (Outputs::kIsOne) {
    double sum = 0;
    row.ForEach([&sum, w](int32_t j, double value) { sum += value * Load(w[j]); });
    f[0] += sum;
  } else {
    row.ForEach([&outputs, w, f](int32_t j, double value) {
      double* const own = w + j * outputs.count();
      for (int64_t k = 0; k < outputs.count(); ++k) f[k] += value * Load(own[k]);
    });
  }
}

// w_k += by_k times the row
template <class Outputs, class Rows>
void AddRowRelaxed(const Outputs& outputs,
                   const CentredRow<Rows> row,
                   const double* __restrict by,
                   double* w) {
  if constexpr (Outputs::kIsOne) {
    row.ForEach([own = by[0], w](int32_t j, double value) { AddRelaxed(w[j], own * value); });
  } else {
    row.ForEach([&outputs, w, by](int32_t j, double value) {
      double* const own = w + j * outputs.count();
      for (int64_t k = 0; k < outputs.count(); ++k) AddRelaxed(own[k], by[k] * value);
    });
  }
}

}  // namespace

LocalSgd::SplitCentre LocalSgd::Split() const {
  SplitCentre split;
  split.rest = rows_.centre;
  if (split.rest.size() == 0) return split;
  std::vector<int64_t> having(Index(split.rest.size()), 0);
  rows_.x->With([&](const auto& x) {
    for (const int64_t i : rows_.rows) x.ForEach(i, [&](int32_t j, double) { ++having[Index(j)]; });
  });
  for (int32_t j = 0; j < split.rest.size(); ++j) {
    if (2 * having[Index(j)] <= rows_.size()) continue;
    split.common.push_back(j);
    split.rest[j] = 0;
  }
  if ((split.rest.array() != 0).any()) split.rest_dots = DotsWith(split.rest);
  return split;
}

void LocalSgd::RunHogwild(
    int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights, ThreadPool& pool) {
  std::vector<int32_t> visited(Index(count));
  for (int64_t t = 0; t < count; ++t) visited[Index(t)] = RowOf(first + t);
  if (!split_) split_ = Split();
  weights.TouchAll();
  output_loss::With(steps.loss, steps.delta, rows_.outputs, [&](const auto& loss) {
    rows_.x->With(
        [&](const auto& x) { DescendHogwild(loss, x, first, visited, steps, weights, pool); });
  });
  if (split_->rest.size() > 0) weights.FoldShifts(split_->rest);
  const double rate = steps.lambda * steps.step;
  weights.Shrink((1 + rate * static_cast<double>(first)) /
                 (1 + rate * static_cast<double>(first + count)));
}

template <class LossOfRow, class Rows>
void LocalSgd::DescendHogwild(const LossOfRow& loss,
                              const Rows& x,
                              int64_t first,
                              std::span<const int32_t> visited,
                              const SgdSteps& steps,
                              LocalWeights& weights,
                              ThreadPool& pool) const {
  const int64_t outputs = loss.count();
  const double rate = steps.lambda * steps.step;
  const double begin = 1 + rate * static_cast<double>(first);
  const double begin_scale = weights.scale();
  const double eta = steps.step / (begin_scale * begin);
  double* const v = weights.v();
  double* const constants = weights.constants();
  double* const shifts = weights.shifts().data();
  double* const bias = rows_.bias != 0 ? v + (weights.features() - 1) * outputs : nullptr;
  const std::span<const int32_t> common = split_->common;
  const bool has_rest = !split_->rest_dots.empty();
  const double rest_square = split_->rest.squaredNorm();
  Eigen::VectorXd rest_products = Eigen::VectorXd::Zero(outputs);
  if (has_rest) rest_products = ProductsOf(split_->rest, v, outputs);
  const int64_t threads = pool.threads(), count = std::ssize(visited);
  const auto visit = [&](int64_t t, double* f) {
    const int32_t i = visited[Index(t)];
    const CentredRow<Rows> row = {x, i, common, rows_.centre.data()};
    const double rest_dot = has_rest ? split_->rest_dots[Index(i)] : 0;
    for (int64_t k = 0; k < outputs; ++k) {
      f[k] = bias != nullptr ? rows_.bias * Load(bias[k]) : 0;
      if (has_rest) f[k] -= Load(rest_products[k]) + Load(shifts[k]) * (rest_dot - rest_square);
    }
    AddFitted(loss, row, v, f);
    const auto scale_at = [&](int64_t step) {
      return begin_scale * (begin / (1 + rate * static_cast<double>(first + step)));
    };
    const double scale = scale_at(t);
    for (int64_t k = 0; k < outputs; ++k) f[k] = scale * f[k] + Load(constants[k]);
    loss.ToSlopes(rows_.y[Index(i)], f);
    for (int64_t k = 0; k < outputs; ++k) f[k] *= -eta * rows_.cost[Index(i)];
    if (std::all_of(f, f + outputs, [](double by) { return by == 0; })) return;
    AddRowRelaxed(loss, row, f, v);
    for (int64_t k = 0; k < outputs; ++k) {
      if (bias != nullptr) AddRelaxed(bias[k], f[k] * rows_.bias);
      if (has_rest) {
        AddAll(rest_products[k], f[k] * rest_dot);
        AddAll(shifts[k], f[k]);
      }
      if (rows_.has_constant) AddRelaxed(constants[k], f[k] * scale_at(t + 1));
    }
  };
  pool.ParallelFor(threads, [&](int64_t begin_thread, int64_t end_thread) {
    auto values = loss.Zeros();
    for (int64_t thread = begin_thread; thread < end_thread; ++thread) {
      for (int64_t t = thread; t < count; t += threads) visit(t, values.data());
    }
  });
}

}  // namespace strads
