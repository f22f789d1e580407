#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace strads {

// What a shard knows of its columns: sum_i w_i, and of each column sum_i w_i x_ij and
// sum_i w_i (x_ij - its mean in the shard)^2. Columns that are missing at the end are zero.
struct ShardSpread {
  double weight = 0;
  std::span<const double> sums, spreads;
};

// sum_i w_i (x_ij - mean_j)^2 over all rows of all shards, of each column, whose `means` are of all
// rows: a sum of squares, whatever the means (Chan, Golub and LeVeque, "Algorithms for Computing
// the Sample Variance", 1983). O(shards times columns).
inline std::vector<double> SpreadsOf(std::span<const ShardSpread> shards,
                                     std::span<const double> means) {
  std::vector<double> spreads(means.size(), 0.0);
  for (const ShardSpread& shard : shards) {
    for (std::size_t j = 0; j < shard.spreads.size(); ++j) spreads[j] += shard.spreads[j];
  }
  for (const ShardSpread& shard : shards) {
    if (shard.weight == 0) continue;
    for (std::size_t j = 0; j < means.size(); ++j) {
      const double mean = j < shard.sums.size() ? shard.sums[j] / shard.weight : 0;
      const double apart = mean - means[j];
      spreads[j] += shard.weight * apart * apart;
    }
  }
  return spreads;
}

}  // namespace strads
