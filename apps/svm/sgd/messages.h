#pragma once

#include <strads/feature_stats.h>
#include <strads/fields.h>
#include <strads/id_table.h>
#include <strads/local_steps.h>

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
  bool IsEmpty() const { return rows == 0; }
  STRADS_FIELDS(
      labels, label_rows, rows, num_features, squared_norms, feature_sums, features, target)
};

// What workers read: the weights of each feature and of the bias, if there is one; one output of
// two classes, else one for each.
struct Parameters {
  SharedWeights weights;
  double lambda = 1;  // 1 / (C rows): minimised is P / (C rows)
  double step = 1;    // of the first rows
  // For workers that have not pushed yet: all labels, in order; what the losses of their rows are
  // multiplied by; and what features are multiplied by, if not all by 1.
  std::vector<std::string> labels;
  std::vector<double> class_weights;
  std::vector<double> scales;

  // Of holders: scales are divided by themselves; all but these and the weights is the same.
  static Parameters Join(std::span<const Parameters> parts);

  STRADS_FIELDS(weights, lambda, step, labels, class_weights, scales)
};

}  // namespace strads::sgd
