#include "strads/local_sgd.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "strads/error.h"
#include "strads/index.h"
#include "strads/random.h"
#include "strads/row_losses.h"

namespace strads {
namespace {

constexpr int64_t kGrain = 1024;  // rows

double Load(double& value) {
  return std::atomic_ref<double>(value).load(std::memory_order_relaxed);
}

// Of two threads at once one addition may be lost.
void AddRelaxed(double& value, double change) {
  std::atomic_ref<double>(value).store(Load(value) + change, std::memory_order_relaxed);
}

}  // namespace

double CurvatureOf(const std::string& loss) {
  return row_loss::With(loss, 1, [](auto own) { return decltype(own)::kCurvature; });
}

LocalSteps LocalSteps::PartOf(Slice slice) const {
  return {rank, shard_rows, visits, shrink, constant_change, centre_change, change.PartOf(slice)};
}

LocalSgd::LocalSgd(const SgdRows& rows, uint64_t seed, int rank)
    : rows_(rows), seed_(seed), rank_(rank) {
  if (rows.centre.size() == 0) return;
  rows.x->With([&](const auto& x) {
    for (int64_t i = 0; i < rows.x->num_rows(); ++i)
      centre_dots_.push_back(x.Dot(i, rows.centre.data()));
  });
}

int32_t LocalSgd::RowOf(int64_t t) {
  const int64_t pass = t / rows_.size();
  if (pass != pass_) {
    pass_ = pass;
    order_.assign(rows_.rows.begin(), rows_.rows.end());
    Random random(seed_ + static_cast<uint64_t>(pass), static_cast<uint64_t>(rank_));
    random.Shuffle(order_);
  }
  return order_[Index(t % rows_.size())];
}

void LocalSgd::Run(int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights) {
  const double rate = steps.lambda * steps.step;
  const double begin = 1 + rate * static_cast<double>(first);
  const double begin_scale = weights.scale();
  // eta_t in units of v: the same for all steps, as v's scale falls as eta_t does.
  const double eta = steps.step / (begin_scale * begin) / static_cast<double>(steps.batch);
  const int64_t bias = weights.size() - 1;
  double* const v = weights.v();
  const bool is_centred = !centre_dots_.empty();
  const double centre_square = rows_.centre.squaredNorm();
  double centre_product =
      is_centred ? rows_.centre.dot(Eigen::Map<Eigen::VectorXd>(v, weights.size())) : 0;
  struct Visit {
    int32_t row;
    double by;
  };
  std::vector<Visit> batch(Index(steps.batch));
  row_loss::With(steps.loss, steps.delta, [&](auto loss) {
    rows_.x->With([&](const auto& x) {
      double scale = begin_scale;
      for (int64_t t = first; t < first + count; ++t) {
        for (size_t k = 0; k < batch.size(); ++k) {
          const int32_t i = RowOf(t * steps.batch + static_cast<int64_t>(k));
          double product = x.Dot(i, v);
          if (rows_.bias != 0) product += rows_.bias * v[bias];
          if (is_centred)
            product -= centre_product + weights.shift() * (centre_dots_[Index(i)] - centre_square);
          const double slope = loss.Slope(rows_.y[Index(i)], scale * product + weights.constant());
          batch[k] = {i, -eta * rows_.cost[Index(i)] * slope};
        }
        // With it `by` is of a step of length eta_t.
        const double next_scale = begin_scale * (begin / (1 + rate * static_cast<double>(t + 1)));
        for (const auto& [i, by] : batch) {
          if (by == 0) continue;
          x.ForEach(i, [&, by = by](int32_t j, double value) {
            weights.Touch(j);
            v[j] += by * value;
          });
          if (rows_.bias != 0) {
            weights.Touch(static_cast<int32_t>(bias));
            v[bias] += by * rows_.bias;
          }
          if (is_centred) {
            centre_product += by * centre_dots_[Index(i)];
            weights.shift() += by;
          }
          if (rows_.has_constant) weights.constant() += by * next_scale;
        }
        scale = next_scale;
      }
    });
  });
  weights.Shrink(begin / (1 + rate * static_cast<double>(first + count)));
}

void LocalSgd::RunHogwild(
    int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights, ThreadPool& pool) {
  std::vector<int32_t> visited(Index(count));
  for (int64_t t = 0; t < count; ++t) visited[Index(t)] = RowOf(first + t);
  weights.TouchAll();
  const double rate = steps.lambda * steps.step;
  const double begin = 1 + rate * static_cast<double>(first);
  const double begin_scale = weights.scale();
  const double eta = steps.step / (begin_scale * begin);
  const int64_t bias = weights.size() - 1;
  double* const v = weights.v();
  const int64_t threads = pool.threads();
  row_loss::With(steps.loss, steps.delta, [&](auto loss) {
    rows_.x->With([&](const auto& x) {
      pool.ParallelFor(threads, [&](int64_t begin_thread, int64_t end_thread) {
        for (int64_t thread = begin_thread; thread < end_thread; ++thread) {
          for (int64_t t = thread; t < count; t += threads) {
            const int32_t i = visited[Index(t)];
            double product = rows_.bias != 0 ? rows_.bias * Load(v[bias]) : 0;
            x.ForEach(i, [&](int32_t j, double value) { product += value * Load(v[j]); });
            const double scale =
                begin_scale * (begin / (1 + rate * static_cast<double>(first + t)));
            const double slope = loss.Slope(rows_.y[Index(i)], scale * product);
            const double by = -eta * rows_.cost[Index(i)] * slope;
            if (by == 0) continue;
            x.ForEach(i, [&](int32_t j, double value) { AddRelaxed(v[j], by * value); });
            if (rows_.bias != 0) AddRelaxed(v[bias], by * rows_.bias);
          }
        }
      });
    });
  });
  weights.Shrink(begin / (1 + rate * static_cast<double>(first + count)));
}

// Its own steps count in full here, as it took them, and not by its share of the rows: those that
// are under way lead no further than to its own optimum, however many they are.
void LocalSgd::Restart(const SharedWeights& shared, const OwnClocks& own) {
  Eigen::VectorXd w = shared.w;
  double constant = shared.constant;
  const int parts = static_cast<int>(own.settled.size());
  for (const auto& [clock, steps] : made_) {
    for (int i = 0; i < parts; ++i) {
      if (clock < own.settled[Index(i)]) continue;
      const Slice slice{i, parts};
      const auto [first, last] = slice.RangeOf(w.size());
      auto part = w.segment(first, last - first);
      part *= steps.shrink;
      steps.change.PartOf(slice).AddTo({part.data(), Index(part.size())});
      if (rows_.centre.size() > 0)
        part -= steps.centre_change * rows_.centre.segment(first, last - first);
      if (i == 0) constant += steps.constant_change;
    }
  }
  weights_.Reset(w, constant);
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
  if (rows_.size() == 0) return made;
  weights_.Begin();
  if (hogwild != nullptr)
    RunHogwild(clock * count, count, steps, weights_, *hogwild);
  else
    Run(clock * count, count, steps, weights_);
  made.visits = count * steps.batch;
  made.shrink = weights_.shrink();
  made.constant_change = weights_.constant_change();
  made.change = weights_.Change();
  made.centre_change = weights_.scale() * weights_.shift();
  if (!centre_dots_.empty()) weights_.FoldShift(rows_.centre);
  return made;
}

double LocalSgd::ConstantOf(const SharedWeights& shared) const {
  return shared.constant - (rows_.centre.size() > 0 ? rows_.centre.dot(shared.w) : 0);
}

double LocalSgd::Loss(const SgdSteps& steps, const SharedWeights& shared, ThreadPool& pool) const {
  const int64_t blocks = (rows_.size() + kGrain - 1) / kGrain;
  const Eigen::VectorXd& w = shared.w;
  const double constant = ConstantOf(shared);
  std::vector<double> sums(Index(blocks), 0.0);
  row_loss::With(steps.loss, steps.delta, [&](auto loss) {
    rows_.x->With([&](const auto& x) {
      pool.ParallelFor(blocks, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b) {
          const int64_t last = std::min((b + 1) * kGrain, rows_.size());
          for (int64_t t = b * kGrain; t < last; ++t) {
            const int64_t i = rows_.rows[Index(t)];
            double f = x.Dot(i, w.data()) + constant;
            if (rows_.bias != 0) f += rows_.bias * w[w.size() - 1];
            sums[Index(b)] += rows_.cost[Index(i)] * loss.Value(rows_.y[Index(i)], f);
          }
        }
      });
    });
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

std::vector<double> LocalSgd::Fitted(std::span<const int64_t> rows,
                                     const SharedWeights& shared) const {
  const Eigen::VectorXd& w = shared.w;
  double constant = ConstantOf(shared);
  if (rows_.bias != 0) constant += rows_.bias * w[w.size() - 1];
  std::vector<double> fitted;
  rows_.x->With([&](const auto& x) {
    for (const int64_t i : rows) fitted.push_back(x.Dot(i, w.data()) + constant);
  });
  return fitted;
}

void WeightAverage::Pull(std::span<const LocalSteps> steps, SharedWeights& weights) {
  const std::span<double> w(weights.w.data(), Index(weights.w.size()));
  double factor = 1;
  std::vector<double> shares;
  for (const LocalSteps& own : steps) {
    if (!own.change.Fits(w.size())) throw ProtocolError("a gradient does not fit the weights");
    shares.push_back(static_cast<double>(own.shard_rows) / static_cast<double>(rows_));
    factor += shares.back() * (own.shrink - 1);
    visits_ += own.visits;
    heard_.insert(own.rank);
  }
  weights.w *= factor;
  for (size_t p = 0; p < steps.size(); ++p) {
    steps[p].change.AddTo(w, shares[p]);
    weights.constant += shares[p] * steps[p].constant_change;
    if (centre_.size() > 0) weights.w -= shares[p] * steps[p].centre_change * centre_;
  }
  weights.pulls += std::ssize(steps);
  if (!averages_) return;
  if (average_.pulls == 0) average_.w.setZero(weights.w.size());
  const double by = 2 / static_cast<double>(++average_.pulls + 1);
  average_.w += by * (weights.w - average_.w);
  average_.constant += by * (weights.constant - average_.constant);
}

void WeightAverage::Tell(int epochs, Report& report) const {
  report.updates = visits_;
  const double made = static_cast<double>(visits_) / static_cast<double>(rows_);
  report.extra["epochs"] = made;
  if (epochs == 0 || !(made >= epochs)) return;
  report.done = "made the " + std::to_string(epochs) + " passes of --epochs";
  report.converged = false;
}

}  // namespace strads
