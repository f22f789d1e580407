#include "strads/local_sgd.h"

#include <algorithm>
#include <numeric>

#include "strads/error.h"
#include "strads/index.h"
#include "strads/output_losses.h"
#include "strads/random.h"
#include "worker/output_weights.h"

namespace strads {
namespace {

constexpr int64_t kGrain = 1024;  // rows

// Of the feature that follows those of the rows, if there is one.
const double* BiasWeights(const SgdRows& rows, const double* w, int64_t weights) {
  return rows.bias != 0 ? w + weights - rows.outputs : nullptr;
}

}  // namespace

double CurvatureOf(const std::string& loss, int64_t outputs) {
  return output_loss::With(loss, 1, outputs, [](auto own) { return decltype(own)::kCurvature; });
}

void SgdRows::TakeClasses(std::span<const int32_t> classes, int64_t num_classes) {
  outputs = num_classes > 2 ? num_classes : 1;
  y.clear();
  for (const int32_t of : classes) {
    if (of < 0 || of >= num_classes) throw ProtocolError("a row is of a class that does not exist");
    y.push_back(outputs > 1 ? of : (of == 1 ? 1 : -1));
  }
}

double SgdRows::LargestSquare() const {
  const double constant = has_constant ? 1 + centre.squaredNorm() : 0;
  double largest = 0;
  x->With([&](const auto& own) {
    for (const int64_t i : rows) {
      double square = bias * bias + constant;
      own.ForEach(i, [&](int32_t j, double value) {
        const double mean = centre.size() > 0 ? centre[j] : 0;
        square += value * (value - 2 * mean);
      });
      largest = std::max(largest, cost[Index(i)] * square);
    }
  });
  return largest;
}

LocalSgd::LocalSgd(const SgdRows& rows, uint64_t seed, int rank)
    : rows_(rows), seed_(seed), rank_(rank) {
  if (rows.centre.size() > 0) centre_dots_ = DotsWith(rows.centre);
}

std::vector<double> LocalSgd::DotsWith(const Eigen::VectorXd& centre) const {
  std::vector<double> dots;
  rows_.x->With([&](const auto& x) {
    for (int64_t i = 0; i < rows_.x->num_rows(); ++i) dots.push_back(x.Dot(i, centre.data()));
  });
  return dots;
}

int32_t LocalSgd::RowOf(int64_t t) {
  const int64_t pass = t / rows_.size();
  if (pass != pass_) {
    pass_ = pass;
    order_.assign(rows_.rows.begin(), rows_.rows.end());
    auto random = Random::OfPass(seed_, static_cast<uint64_t>(pass), static_cast<uint64_t>(rank_));
    random.Shuffle(order_);
  }
  return order_[Index(t % rows_.size())];
}

void LocalSgd::Run(int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights) {
  output_loss::With(steps.loss, steps.delta, rows_.outputs, [&](const auto& loss) {
    rows_.x->With([&](const auto& x) { Descend(loss, x, first, count, steps, weights); });
  });
  const double rate = steps.lambda * steps.step;
  weights.Shrink((1 + rate * static_cast<double>(first)) /
                 (1 + rate * static_cast<double>(first + count)));
}

template <class LossOfRow, class Rows>
void LocalSgd::Descend(const LossOfRow& loss,
                       const Rows& x,
                       int64_t first,
                       int64_t count,
                       const SgdSteps& steps,
                       LocalWeights& weights) {
  const int64_t outputs = loss.count();
  const double rate = steps.lambda * steps.step;
  const double begin = 1 + rate * static_cast<double>(first);
  const double begin_scale = weights.scale();
  // eta_t in units of v: the same for all steps, as v's scale falls as eta_t does.
  const double eta = steps.step / (begin_scale * begin) / static_cast<double>(steps.batch);
  double* const v = weights.v();
  double* const constants = weights.constants();
  double* const shifts = weights.shifts().data();
  const auto bias = static_cast<int32_t>(weights.features() - 1);
  const double* const bias_weights = BiasWeights(rows_, v, weights.features() * outputs);
  const bool is_centred = !centre_dots_.empty();
  const double centre_square = rows_.centre.squaredNorm();
  Eigen::VectorXd centre_products = Eigen::VectorXd::Zero(outputs);
  if (is_centred) centre_products = ProductsOf(rows_.centre, v, outputs);
  struct Visit {
    int32_t row;
    typename LossOfRow::Values by;
  };
  std::vector<Visit> batch(Index(steps.batch), {0, loss.Zeros()});
  auto values = loss.Zeros();
  double* const f = values.data();
  double scale = begin_scale;
  for (int64_t t = first; t < first + count; ++t) {
    for (size_t b = 0; b < batch.size(); ++b) {
      const int32_t i = RowOf(t * steps.batch + static_cast<int64_t>(b));
      FittedOf(loss, x, i, v, rows_.bias, bias_weights, f);
      for (int64_t k = 0; k < outputs; ++k) {
        if (is_centred)
          f[k] -= centre_products[k] + shifts[k] * (centre_dots_[Index(i)] - centre_square);
        f[k] = scale * f[k] + constants[k];
      }
      loss.ToSlopes(rows_.y[Index(i)], f);
      batch[b].row = i;
      for (int64_t k = 0; k < outputs; ++k)
        batch[b].by[Index(k)] = -eta * rows_.cost[Index(i)] * f[k];
    }
    // With it `by` is of a step of length eta_t.
    const double next_scale = begin_scale * (begin / (1 + rate * static_cast<double>(t + 1)));
    for (const auto& [i, by] : batch) {
      if (std::ranges::all_of(by, [](double of_output) { return of_output == 0; })) continue;
      AddRow(loss, x, i, by.data(), v, [&](int32_t j) { weights.Touch(loss, j); });
      if (rows_.bias != 0) weights.Touch(loss, bias);
      for (int64_t k = 0; k < outputs; ++k) {
        const double own = by[Index(k)];
        if (rows_.bias != 0) v[bias * outputs + k] += own * rows_.bias;
        if (is_centred) {
          centre_products[k] += own * centre_dots_[Index(i)];
          shifts[k] += own;
        }
        if (rows_.has_constant) constants[k] += own * next_scale;
      }
    }
    scale = next_scale;
  }
}

// Its own steps count in full here, as it took them, and not by its share of the rows: those that
// are under way lead no further than to its own optimum, however many they are.
void LocalSgd::Restart(const SharedWeights& shared, const OwnClocks& own) {
  const int64_t features = rows_.x->num_cols() + (rows_.bias != 0 ? 1 : 0);
  if (shared.outputs() != rows_.outputs || shared.w.size() != features * rows_.outputs)
    throw ProtocolError("weights do not fit the rows");
  Eigen::VectorXd w = shared.w;
  Eigen::VectorXd constants = shared.constants;
  const int parts = static_cast<int>(own.settled.size());
  for (const auto& [clock, steps] : made_) {
    for (int i = 0; i < parts; ++i) {
      if (clock < own.settled[Index(i)]) continue;
      const auto [first, last] = RangeOfWeights({i, parts}, w.size(), rows_.outputs);
      auto part = w.segment(first, last - first);
      part *= steps.shrink;
      steps.change.PartOf(first, last).AddTo({part.data(), Index(part.size())});
      if (steps.centre_changes.size() > 0) {
        const int64_t feature = first / rows_.outputs;
        AddToEach(-steps.centre_changes,
                  rows_.centre.segment(feature, last / rows_.outputs - feature), part.data());
      }
      if (i == 0) constants += steps.constant_changes;
    }
  }
  weights_.Reset(w, constants);
  read_ = shared.pulls;
}

const LocalSteps& LocalSgd::Push(const SharedWeights& shared,
                                 int64_t clock,
                                 const OwnClocks& own,
                                 int64_t count,
                                 const SgdSteps& steps,
                                 ThreadPool* hogwild) {
  std::erase_if(made_, [&](const Made& made) {
    return !own.may_lack ||
           std::ranges::all_of(own.settled, [&](int64_t settled) { return made.clock < settled; });
  });
  if (rows_.size() > 0 && shared.pulls != read_) Restart(shared, own);
  LocalSteps& made = made_.emplace_back(Made{clock, {}}).steps;
  made.rank = rank_;
  made.shard_rows = rows_.size();
  made.constant_changes.setZero(rows_.outputs);
  if (rows_.size() == 0) return made;
  weights_.Begin();
  if (hogwild != nullptr)
    RunHogwild(clock * count, count, steps, weights_, *hogwild);
  else
    Run(clock * count, count, steps, weights_);
  made.visits = count * steps.batch;
  made.shrink = weights_.shrink();
  made.constant_changes = weights_.constant_changes();
  made.change = weights_.Change();
  if (centre_dots_.empty()) return made;
  made.centre_changes = weights_.scale() * weights_.shifts();
  weights_.FoldShifts(rows_.centre);
  return made;
}

double LocalSgd::Loss(const SgdSteps& steps, const SharedWeights& shared, ThreadPool& pool) const {
  const int64_t blocks = (rows_.size() + kGrain - 1) / kGrain;
  const double* const w = shared.w.data();
  const double* const bias_weights = BiasWeights(rows_, w, shared.w.size());
  const Eigen::VectorXd constants = shared.ConstantsWithout(rows_.centre);
  std::vector<double> sums(Index(blocks), 0.0);
  output_loss::With(steps.loss, steps.delta, rows_.outputs, [&](const auto& loss) {
    rows_.x->With([&](const auto& x) {
      pool.ParallelFor(blocks, [&](int64_t begin, int64_t end) {
        auto f = loss.Zeros();
        for (int64_t b = begin; b < end; ++b) {
          const int64_t last = std::min((b + 1) * kGrain, rows_.size());
          for (int64_t t = b * kGrain; t < last; ++t) {
            const int64_t i = rows_.rows[Index(t)];
            FittedOf(loss, x, i, w, rows_.bias, bias_weights, f.data());
            for (int64_t k = 0; k < loss.count(); ++k) f[Index(k)] += constants[k];
            sums[Index(b)] += rows_.cost[Index(i)] * loss.Value(rows_.y[Index(i)], f.data());
          }
        }
      });
    });
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double LocalSgd::EmptyLoss(const SgdSteps& steps) const {
  double sum = 0;
  output_loss::With(steps.loss, steps.delta, rows_.outputs, [&](const auto& loss) {
    for (const int64_t i : rows_.rows) {
      auto f = loss.Zeros();
      sum += rows_.cost[Index(i)] * loss.Value(rows_.y[Index(i)], f.data());
    }
  });
  return sum;
}

std::vector<double> LocalSgd::Fitted(std::span<const int64_t> rows,
                                     const SharedWeights& shared) const {
  const double* const w = shared.w.data();
  const double* const bias_weights = BiasWeights(rows_, w, shared.w.size());
  const Eigen::VectorXd constants = shared.ConstantsWithout(rows_.centre);
  std::vector<double> fitted(rows.size() * Index(rows_.outputs));
  double* f = fitted.data();
  WithOutputs(rows_.outputs, [&](const auto& outputs) {
    rows_.x->With([&](const auto& x) {
      for (const int64_t i : rows) {
        FittedOf(outputs, x, i, w, rows_.bias, bias_weights, f);
        for (int64_t k = 0; k < outputs.count(); ++k) *f++ += constants[k];
      }
    });
  });
  return fitted;
}

}  // namespace strads
