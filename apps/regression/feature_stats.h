#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/regression/messages.h"
#include "apps/regression/training_rows.h"

namespace strads::regression {

// Where the features of the rows that are trained on lie, and how far they spread.
struct FeatureStats {
  double weight = 0;            // sum of c_i
  std::vector<double> means;    // of each feature
  std::vector<double> spreads;  // sum of c_i (x_ij - mean)^2
  std::vector<double> largest;  // |x_ij|
};

// Adds what a shard's rows say of their features to sums of zero: weight, y, x, spreads, largest.
void AddFeatures(const TrainingRows& rows, Sums& sums);

// Of all rows, from the sums of their shards; features that a shard has no sums of are zero there.
FeatureStats StatsOf(std::span<const Partial> shards);

}  // namespace strads::regression
