#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "strads/fields.h"
#include "strads/row_matrix.h"

namespace strads {

// What some rows of a shard, of weights c_i, say of each of their features.
struct FeatureSums {
  double weight = 0;            // sum c_i
  std::vector<double> sums;     // sum c_i x_ij
  std::vector<double> spreads;  // sum c_i (x_ij - the mean of these rows)^2
  std::vector<double> largest;  // |x_ij|, at most
  STRADS_FIELDS(weight, sums, spreads, largest)
};

// Of these rows of x; `weights` are theirs, in the same order. O(their non-zeros + columns).
FeatureSums FeatureSumsOf(const RowMatrix& x,
                          std::span<const int64_t> rows,
                          std::span<const double> weights);

// Where the features of all rows lie, and how far they spread.
struct FeatureStats {
  double weight = 0;
  std::vector<double> means;
  std::vector<double> spreads;  // sum c_i (x_ij - mean)^2
  std::vector<double> largest;  // |x_ij|, at most
};

// Of all rows, from what their shards say; features that a shard has not are zero there.
FeatureStats FeatureStatsOf(std::span<const FeatureSums* const> shards);

// What --scale divides feature j by: max_abs: its largest absolute value, standard: its standard
// deviation; 1 if `scale` is none or that is zero, but for rounding.
double DivisorOf(const std::string& scale, const FeatureStats& stats, std::size_t j);
// Throws UsageError if --scale is none of these.
void RequireScale(const std::string& scale);

}  // namespace strads
