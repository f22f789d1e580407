#include "apps/regression/evaluator.h"

#include <strads/index.h>
#include <strads/output_losses.h>

#include <algorithm>
#include <cmath>

#include "apps/regression/losses.h"

namespace strads::regression {
namespace {

// As a target of zero, whatever the rows' own: of 1/2 f^2.
struct SquareOfFit {
  LossAt operator()(double, double f) const { return {0.5 * f * f, f}; }
};
struct Softmax {};

// Each block of rows has sums of its own, as long as all weights: so many of them that these cost
// little beside the rows, and never dependent on the number of threads.
int64_t NumBlocks(const TrainingRows& rows, std::size_t width) {
  constexpr int64_t kMost = 16;
  return std::clamp<int64_t>(rows.x.num_nonzeros() / (4 * static_cast<int64_t>(width)), 1, kMost);
}

}  // namespace

Evaluator::Evaluator(const Options& options, const TrainingRows& rows, int64_t outputs, bool keeps)
    : options_(options), rows_(rows), outputs_(outputs), keeps_(keeps) {
  if (!keeps) return;
  fitted_.resize(Index(rows.size() * outputs));
  newest_.resize(fitted_.size());
}

template <class Loss, class Rows>
void Evaluator::RunBlock(const Loss& loss,
                         const Rows& x,
                         std::span<const double> row_weights,
                         std::span<const double> weights,
                         double ahead,
                         int64_t begin,
                         int64_t end,
                         Evaluation& sum) {
  const double* const w = weights.data();
  double* const slopes = sum.slopes.data();
  double offset_slope = 0;
  RowBatch batch;
  for (int64_t first = begin; first < end; first += RowBatch::kRows) {
    const int64_t count = std::min<int64_t>(RowBatch::kRows, end - first);
    const auto at = Index(first);
    for (int64_t i = 0; i < count; ++i) {
      batch.y[i] = rows_.y[at + Index(i)];
      batch.f[i] = x.Dot(rows_.rows[at + Index(i)], w) + weights.back();
      if (keeps_) newest_[at + Index(i)] = batch.f[i];
    }
    TakeLosses(loss, batch);
    for (int64_t i = 0; i < count; ++i) sum.loss += row_weights[at + Index(i)] * batch.loss[i];
    if (ahead != 0) {
      for (int64_t i = 0; i < count; ++i)
        batch.f[i] += ahead * (batch.f[i] - fitted_[at + Index(i)]);
      TakeLosses(loss, batch);
    }
    for (int64_t i = 0; i < count; ++i) {
      const double c = row_weights[at + Index(i)];
      sum.loss_ahead += c * batch.loss[i];
      if (batch.slope[i] == 0) continue;
      x.Add(rows_.rows[at + Index(i)], c * batch.slope[i], slopes);
      offset_slope += c * batch.slope[i];
    }
  }
  sum.slopes.back() += offset_slope;
}

template <class Rows>
void Evaluator::RunSoftmax(const Rows& x,
                           std::span<const double> weights,
                           double ahead,
                           int64_t begin,
                           int64_t end,
                           Evaluation& sum) {
  const int64_t count = outputs_;
  std::vector<double> values(Index(count)), f(Index(count));
  const double* const offsets = &*weights.end() - count;
  double* const offset_slopes = sum.slopes.data() + sum.slopes.size() - count;
  for (int64_t t = begin; t < end; ++t) {
    const int64_t row = rows_.rows[Index(t)];
    const double c = rows_.weight[Index(t)];
    const auto y = static_cast<int32_t>(rows_.y[Index(t)]);
    std::copy_n(offsets, count, f.data());
    x.ForEach(row, [&](int32_t j, double value) {
      const double* const w = weights.data() + j * count;
      for (int64_t k = 0; k < count; ++k) f[Index(k)] += value * w[k];
    });
    values = f;
    double loss = SoftmaxLoss(y, f.data(), count);
    sum.loss += c * loss;
    if (ahead != 0) {
      for (int64_t k = 0; k < count; ++k)
        f[Index(k)] = values[Index(k)] + ahead * (values[Index(k)] - fitted_[Index(t * count + k)]);
      loss = SoftmaxLoss(y, f.data(), count);
    }
    sum.loss_ahead += c * loss;
    if (keeps_) std::ranges::copy(values, newest_.begin() + t * count);
    for (double& slope : f) slope *= c;
    x.ForEach(row, [&](int32_t j, double value) {
      double* const to = sum.slopes.data() + j * count;
      for (int64_t k = 0; k < count; ++k) to[k] += value * f[Index(k)];
    });
    for (int64_t k = 0; k < count; ++k) offset_slopes[k] += f[Index(k)];
  }
}

template <class Loss>
Evaluation Evaluator::Run(const Loss& loss,
                          std::span<const double> row_weights,
                          std::span<const double> weights,
                          double ahead,
                          ThreadPool& pool) {
  const int64_t blocks = NumBlocks(rows_, weights.size()), rows = rows_.size();
  std::vector<Evaluation> sums(Index(blocks));
  rows_.x.With([&](const auto& x) {
    pool.ParallelFor(blocks, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        Evaluation& sum = sums[Index(b)];
        sum.slopes.resize(weights.size(), 0.0);
        const int64_t first = rows * b / blocks, last = rows * (b + 1) / blocks;
        if constexpr (std::is_same_v<Loss, Softmax>)
          RunSoftmax(x, weights, ahead, first, last, sum);
        else
          RunBlock(loss, x, row_weights, weights, ahead, first, last, sum);
      }
    });
  });
  Evaluation total = std::move(sums.front());
  for (int64_t b = 1; b < blocks; ++b) {
    const Evaluation& sum = sums[Index(b)];
    total.loss += sum.loss;
    total.loss_ahead += sum.loss_ahead;
    for (size_t j = 0; j < weights.size(); ++j) total.slopes[j] += sum.slopes[j];
  }
  newest_loss_ = total.loss;
  return total;
}

Evaluation Evaluator::Evaluate(std::span<const double> weights, double ahead, ThreadPool& pool) {
  const auto run = [&](const auto& loss) { return Run(loss, rows_.weight, weights, ahead, pool); };
  if (outputs_ > 1) return run(Softmax{});
  if (options_.IsLogistic()) return run(LogisticLoss{});
  if (options_.loss == "huber") return run(HuberLoss{options_.delta});
  return run(SquaredLoss{});
}

Evaluation Evaluator::Product(std::span<const double> direction, ThreadPool& pool) {
  if (!options_.IsLogistic()) return Run(SquareOfFit{}, rows_.weight, direction, 0, pool);
  return Run(SquareOfFit{}, Bends(), direction, 0, pool);
}

void Evaluator::Accept() {
  fitted_.swap(newest_);
  loss_ = newest_loss_;
  bends_.clear();
}

std::span<const double> Evaluator::Bends() {
  if (!bends_.empty()) return bends_;
  bends_.resize(fitted_.size());
  for (size_t t = 0; t < bends_.size(); ++t) {
    const double e = std::exp(-std::abs(fitted_[t]));
    bends_[t] = rows_.weight[t] * e / ((1 + e) * (1 + e));
  }
  return bends_;
}

void Evaluator::Step(double step) {
  loss_ = 0;
  for (size_t t = 0; t < fitted_.size(); ++t) {
    fitted_[t] += step * newest_[t];
    loss_ += rows_.weight[t] * SquaredLoss{}(rows_.y[t], fitted_[t]).loss;
  }
}

}  // namespace strads::regression
