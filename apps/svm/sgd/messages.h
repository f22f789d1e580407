#pragma once

#include <strads/feature_stats.h>
#include <strads/fields.h>
#include <strads/id_table.h>
#include <strads/local_sgd.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace strads::sgd {

// What a worker tells of its shard.
struct Start {
  IdTable labels;
  std::vector<int64_t> label_rows;  // of each label, to learn from, as all that follow
  int64_t rows = 0;
  int64_t num_features = 0;
  double squared_norms = 0;           // sum of |x_i|^2
  FeatureSums feature_sums;           // if they are scaled
  std::vector<std::string> features;  // their names, if the file has a header
  std::string target;
  STRADS_FIELDS(
      labels, label_rows, rows, num_features, squared_norms, feature_sums, features, target)
};

// What workers read: the weights, one for each feature and one for the bias, if there is one.
struct Parameters {
  SharedWeights weights;
  std::string positive;                             // the label of y = 1
  double positive_weight = 1, negative_weight = 1;  // of the losses of rows of that class, and not
  double lambda = 1;                                // 1 / (C rows): minimised is P / (C rows)
  double step = 1;                                  // of the first rows
  // For workers that have not pushed yet: what weights' features are multiplied by, if not all
  // by 1.
  std::vector<double> scales;

  // Of holders: all but the weights is the same.
  static Parameters Join(std::span<const Parameters> parts);

  STRADS_FIELDS(weights, positive, positive_weight, negative_weight, lambda, step, scales)
};

}  // namespace strads::sgd
