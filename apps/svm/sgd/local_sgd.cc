#include "apps/svm/sgd/local_sgd.h"

#include <strads/index.h>
#include <strads/random.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <utility>

#include "apps/svm/sgd/losses.h"

namespace strads::sgd {
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

LocalSgd::LocalSgd(const TrainingRows& rows, std::string loss, uint64_t seed, uint64_t stream)
    : rows_(rows), loss_(std::move(loss)), seed_(seed), stream_(stream) {}

int32_t LocalSgd::RowOf(int64_t t) {
  const int64_t pass = t / rows_.size();
  if (pass != pass_) {
    pass_ = pass;
    order_.resize(Index(rows_.size()));
    std::iota(order_.begin(), order_.end(), 0);
    Random random(seed_ + static_cast<uint64_t>(pass), stream_);
    random.Shuffle(order_);
  }
  return order_[Index(t % rows_.size())];
}

void LocalSgd::Run(
    int64_t first, int64_t count, double lambda, double step, LocalWeights& weights) {
  const double rate = lambda * step;
  const double begin = 1 + rate * static_cast<double>(first);
  const double begin_scale = weights.scale();
  // eta_t in units of v: the same for all steps, as v's scale falls as eta_t does.
  const double eta = step / (begin_scale * begin);
  const int64_t constant = weights.size() - 1;
  double* const v = weights.v();
  WithLoss(loss_, [&]<class Loss>(Loss) {
    rows_.x->With([&](const auto& x) {
      double scale = begin_scale;
      for (int64_t t = first; t < first + count; ++t) {
        const int32_t i = RowOf(t);
        double product = x.Dot(i, v);
        if (rows_.bias != 0) product += rows_.bias * v[constant];
        const double sign = rows_.sign[Index(i)];
        const double slope = Loss::Slope(sign * scale * product);
        if (const double by = -eta * rows_.cost[Index(i)] * slope * sign; by != 0) {
          x.ForEach(i, [&](int32_t j, double value) {
            weights.Touch(j);
            v[j] += by * value;
          });
          if (rows_.bias != 0) {
            weights.Touch(static_cast<int32_t>(constant));
            v[constant] += by * rows_.bias;
          }
        }
        scale = begin_scale * (begin / (1 + rate * static_cast<double>(t + 1)));
      }
    });
  });
  weights.Shrink(begin / (1 + rate * static_cast<double>(first + count)));
}

void LocalSgd::RunHogwild(int64_t first,
                          int64_t count,
                          double lambda,
                          double step,
                          LocalWeights& weights,
                          ThreadPool& pool) {
  std::vector<int32_t> visited(Index(count));
  for (int64_t t = 0; t < count; ++t) visited[Index(t)] = RowOf(first + t);
  weights.TouchAll();
  const double rate = lambda * step;
  const double begin = 1 + rate * static_cast<double>(first);
  const double begin_scale = weights.scale();
  const double eta = step / (begin_scale * begin);
  const int64_t constant = weights.size() - 1;
  double* const v = weights.v();
  const int64_t threads = pool.threads();
  WithLoss(loss_, [&]<class Loss>(Loss) {
    rows_.x->With([&](const auto& x) {
      pool.ParallelFor(threads, [&](int64_t begin_thread, int64_t end_thread) {
        for (int64_t thread = begin_thread; thread < end_thread; ++thread) {
          for (int64_t t = thread; t < count; t += threads) {
            const int32_t i = visited[Index(t)];
            double product = rows_.bias != 0 ? rows_.bias * Load(v[constant]) : 0;
            x.ForEach(i, [&](int32_t j, double value) { product += value * Load(v[j]); });
            const double scale =
                begin_scale * (begin / (1 + rate * static_cast<double>(first + t)));
            const double sign = rows_.sign[Index(i)];
            const double slope = Loss::Slope(sign * scale * product);
            const double by = -eta * rows_.cost[Index(i)] * slope * sign;
            if (by == 0) continue;
            x.ForEach(i, [&](int32_t j, double value) { AddRelaxed(v[j], by * value); });
            if (rows_.bias != 0) AddRelaxed(v[constant], by * rows_.bias);
          }
        }
      });
    });
  });
  weights.Shrink(begin / (1 + rate * static_cast<double>(first + count)));
}

double LocalSgd::Loss(const Eigen::VectorXd& w, ThreadPool& pool) const {
  const int64_t blocks = (rows_.size() + kGrain - 1) / kGrain;
  std::vector<double> sums(Index(blocks), 0.0);
  WithLoss(loss_, [&]<class Loss>(Loss) {
    rows_.x->With([&](const auto& x) {
      pool.ParallelFor(blocks, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b) {
          const int64_t last = std::min((b + 1) * kGrain, rows_.size());
          for (int64_t i = b * kGrain; i < last; ++i) {
            double product = x.Dot(i, w.data());
            if (rows_.bias != 0) product += rows_.bias * w[w.size() - 1];
            sums[Index(b)] += rows_.cost[Index(i)] * Loss::Value(rows_.sign[Index(i)] * product);
          }
        }
      });
    });
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace strads::sgd
