#include "apps/svm/sgd/model.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/labelled_rows.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>

namespace strads::sgd {

Parameters Parameters::Join(std::span<const Parameters> parts) {
  Parameters whole = parts.front();
  whole.weights = SharedWeights::Join(parts);
  whole.scales = JoinParts(parts, &Parameters::scales);
  return whole;
}

Model::Model(const Options& options, Slice slice)
    : options_(options), slice_(slice), class_weights_(options.class_weights) {
  options.Validate();
  loss = options.loss;
  C = options.C;
  has_bias = options.bias;
}

void Model::Begin(std::span<const Start> starts) {
  int64_t num_features = 0;
  double squared_norms = 0;
  std::vector<const FeatureSums*> feature_sums;
  std::map<std::string, int64_t, std::less<>> label_rows;
  for (const Start& start : starts) {
    for (int32_t k = 0; k < start.labels.size(); ++k) {
      labels.emplace_back(start.labels.Name(k));
      label_rows[labels.back()] += start.label_rows.at(Index(k));
    }
    rows_ += start.rows;
    num_features = std::max(num_features, start.num_features);
    squared_norms += start.squared_norms;
    feature_sums.push_back(&start.feature_sums);
    if (!start.target.empty()) {
      features = start.features;
      target = start.target;
    }
  }
  labels = SortedLabels(std::move(labels));
  if (labels.size() != 2)
    throw DataError(options_.data + ": has " + std::to_string(labels.size()) +
                    " different labels, expected two");
  for (const std::string& label : labels) {
    if (label_rows[label] == 0)
      throw DataError(options_.data + ": no row with the label '" + label +
                      "' is left to train on, expected at least one with a weight above 0");
  }
  const std::vector<double> weights_of_classes =
      class_weights_.Of(labels, std::vector{label_rows[labels[0]], label_rows[labels[1]]});
  if (num_features >= std::numeric_limits<int32_t>::max())
    throw DataError(options_.data + ": has too many features, expected less than 2^31 - 1");
  const auto rows = static_cast<double>(rows_);
  const FeatureStats stats = FeatureStatsOf(feature_sums);
  for (size_t j = 0; j < stats.means.size(); ++j) {
    scales.push_back(1 / DivisorOf(options_.scale, stats, j));
    const double mean = stats.means[j] * scales.back();
    const double variance = stats.spreads[j] / stats.weight * scales.back() * scales.back();
    squared_norms += rows * (mean * mean + variance);
  }
  if (has_bias) squared_norms += rows;
  const auto [first, last] = slice_.RangeOf(num_features + (has_bias ? 1 : 0));
  parameters_.weights.w.setZero(last - first);
  parameters_.positive = labels.back();
  parameters_.negative_weight = weights_of_classes[0];
  parameters_.positive_weight = weights_of_classes[1];
  parameters_.lambda = 1 / (C * rows);
  parameters_.step = options_.step;
  if (options_.step == 0)
    parameters_.step = squared_norms > 0 ? rows / (CurvatureOf(options_.loss) * squared_norms) : 1;
  if (!scales.empty()) {
    std::vector<double> all = scales;
    if (has_bias) all.push_back(1);
    parameters_.scales.assign(all.begin() + first, all.begin() + last);
  }
  workers_ = std::ssize(starts);
  average_ = WeightAverage(rows_, options_.average);
}

void Model::Pull(std::span<const LocalSteps> gradients) {
  average_.Pull(gradients, parameters_.weights);
  if (average_.workers_heard() == workers_) parameters_.scales = {};
}

void Model::Measured(std::span<const double> sums) {
  if (sums.size() != 3) throw ProtocolError("the measures do not fit");
  empty_objective_ = sums[0];
  if (sums[1] > 0) validation_accuracy_ = sums[2] / sums[1];
}

Parameters Model::Answer() const {
  Parameters answer = parameters_;
  answer.weights = average_.Answer(parameters_.weights);
  return answer;
}

void Model::Finish() {
  classes.resize(1);
  svm::ClassModel& made = classes.front();
  made.label = labels.back();
  const int64_t features_count = weights().size() - (has_bias ? 1 : 0);
  made.weights.resize(static_cast<size_t>(features_count));
  for (int64_t j = 0; j < features_count; ++j) made.weights[static_cast<size_t>(j)] = weights()[j];
  made.bias = has_bias ? weights()[features_count] : 0;
}

strads::Report Model::Report() const {
  strads::Report report;
  report.penalty = 0.5 * weights().squaredNorm();
  report.empty_objective = empty_objective_;
  average_.Tell(options_.epochs, report);
  if (validation_accuracy_ >= 0) report.extra["validation_accuracy"] = validation_accuracy_;
  return report;
}

}  // namespace strads::sgd
