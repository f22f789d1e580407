#include "apps/regression/feature_stats.h"

#include <strads/index.h>
#include <strads/spread.h>

#include <algorithm>
#include <cmath>

namespace strads::regression {

void AddFeatures(const TrainingRows& rows, Sums& sums) {
  const auto width = Index(rows.x.num_cols());
  sums.x.resize(width, 0.0);
  sums.spreads.resize(width, 0.0);
  sums.largest.resize(width, 0.0);
  for (size_t t = 0; t < rows.rows.size(); ++t) {
    sums.weight += rows.weight[t];
    sums.y += rows.weight[t] * rows.y[t];
  }
  std::vector<double> present(width, 0.0);  // the weight of rows where the feature is not zero
  rows.x.With([&](const auto& x) {
    for (size_t t = 0; t < rows.rows.size(); ++t) {
      x.ForEach(rows.rows[t], [&](int32_t j, double value) {
        sums.x[Index(j)] += rows.weight[t] * value;
        present[Index(j)] += rows.weight[t];
        double& largest = sums.largest[Index(j)];
        largest = std::max(largest, std::abs(value));
      });
    }
    if (sums.weight == 0) return;
    for (size_t t = 0; t < rows.rows.size(); ++t) {
      x.ForEach(rows.rows[t], [&](int32_t j, double value) {
        const double from_mean = value - sums.x[Index(j)] / sums.weight;
        sums.spreads[Index(j)] += rows.weight[t] * from_mean * from_mean;
      });
    }
    for (size_t j = 0; j < width; ++j) {
      const double mean = sums.x[j] / sums.weight;
      sums.spreads[j] += std::max(0.0, sums.weight - present[j]) * mean * mean;
    }
  });
}

FeatureStats StatsOf(std::span<const Partial> shards) {
  FeatureStats stats;
  size_t width = 0;
  for (const Partial& shard : shards) width = std::max(width, shard.sums.x.size());
  stats.means.resize(width, 0.0);
  stats.largest.resize(width, 0.0);
  for (const auto& [heading, own] : shards) {
    stats.weight += own.weight;
    for (size_t j = 0; j < own.x.size(); ++j) {
      stats.means[j] += own.x[j];
      stats.largest[j] = std::max(stats.largest[j], own.largest[j]);
    }
  }
  if (stats.weight > 0) {
    for (double& mean : stats.means) mean /= stats.weight;
  }
  std::vector<ShardSpread> known;
  for (const auto& [heading, own] : shards) known.push_back({own.weight, own.x, own.spreads});
  stats.spreads = SpreadsOf(known, stats.means);
  return stats;
}

}  // namespace strads::regression
