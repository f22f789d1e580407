#include "strads/feature_stats.h"

#include <algorithm>
#include <cmath>

#include "strads/index.h"
#include "strads/require.h"
#include "strads/spread.h"

namespace strads {

FeatureSums FeatureSumsOf(const RowMatrix& x,
                          std::span<const int64_t> rows,
                          std::span<const double> weights) {
  FeatureSums of;
  const auto width = Index(x.num_cols());
  of.sums.resize(width, 0.0);
  of.spreads.resize(width, 0.0);
  of.largest.resize(width, 0.0);
  for (const double weight : weights) of.weight += weight;
  std::vector<double> present(width, 0.0);  // the weight of rows where the feature is not zero
  x.With([&](const auto& matrix) {
    for (size_t t = 0; t < rows.size(); ++t) {
      matrix.ForEach(rows[t], [&](int32_t j, double value) {
        of.sums[Index(j)] += weights[t] * value;
        present[Index(j)] += weights[t];
        double& largest = of.largest[Index(j)];
        largest = std::max(largest, std::abs(value));
      });
    }
    if (of.weight == 0) return;
    for (size_t t = 0; t < rows.size(); ++t) {
      matrix.ForEach(rows[t], [&](int32_t j, double value) {
        const double from_mean = value - of.sums[Index(j)] / of.weight;
        of.spreads[Index(j)] += weights[t] * from_mean * from_mean;
      });
    }
  });
  for (size_t j = 0; j < width && of.weight > 0; ++j) {
    const double mean = of.sums[j] / of.weight;
    of.spreads[j] += std::max(0.0, of.weight - present[j]) * mean * mean;
  }
  return of;
}

FeatureStats FeatureStatsOf(std::span<const FeatureSums* const> shards) {
  FeatureStats stats;
  size_t width = 0;
  for (const FeatureSums* shard : shards) width = std::max(width, shard->sums.size());
  stats.means.resize(width, 0.0);
  stats.largest.resize(width, 0.0);
  std::vector<ShardSpread> known;
  for (const FeatureSums* shard : shards) {
    stats.weight += shard->weight;
    for (size_t j = 0; j < shard->sums.size(); ++j) {
      stats.means[j] += shard->sums[j];
      stats.largest[j] = std::max(stats.largest[j], shard->largest[j]);
    }
    known.push_back({shard->weight, shard->sums, shard->spreads});
  }
  if (stats.weight > 0) {
    for (double& mean : stats.means) mean /= stats.weight;
  }
  stats.spreads = SpreadsOf(known, stats.means);
  return stats;
}

void RequireScale(const std::string& scale) {
  Require(scale == "none" || scale == "max_abs" || scale == "standard", "scale", scale,
          "none, max_abs or standard");
}

double DivisorOf(const std::string& scale, const FeatureStats& stats, std::size_t j) {
  constexpr double kConstant = 1e-13;  // a share of the mean that is but rounding
  double divisor = 1;
  if (scale == "max_abs") divisor = stats.largest[j];
  if (scale == "standard") {
    divisor = std::sqrt(stats.spreads[j] / stats.weight);
    if (divisor <= kConstant * std::abs(stats.means[j])) divisor = 0;
  }
  return divisor > 0 ? divisor : 1;
}

}  // namespace strads
