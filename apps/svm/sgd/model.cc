#include "apps/svm/sgd/model.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/labelled_rows.h>
#include <strads/local_sgd.h>

#include <algorithm>
#include <cmath>
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
  for (const Start& start : starts) {
    for (int32_t k = 0; k < start.labels.size(); ++k) labels.emplace_back(start.labels.Name(k));
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
  RequireClasses(options_.data, labels);
  std::vector<int64_t> class_rows;
  for (const Start& start : starts) AddByLabel(start.labels, start.label_rows, labels, class_rows);
  RequireRowsOfEach(options_.data, labels, class_rows, options_.hold_out());
  const auto rows = static_cast<double>(rows_);
  const FeatureStats stats = FeatureStatsOf(feature_sums);
  for (size_t j = 0; j < stats.means.size(); ++j) {
    scales.push_back(1 / DivisorOf(options_.scale, stats, j));
    const double mean = stats.means[j] * scales.back();
    const double variance = stats.spreads[j] / stats.weight * scales.back() * scales.back();
    squared_norms += rows * (mean * mean + variance);
  }
  if (has_bias) squared_norms += rows;
  parameters_.weights =
      SharedWeights::Zeros(slice_, num_features + (has_bias ? 1 : 0), outputs(), options_.data);
  parameters_.labels = labels;
  parameters_.class_weights = class_weights_.Of(labels, class_rows);
  parameters_.lambda = 1 / (C * rows);
  parameters_.step = options_.step;
  if (options_.step == 0)
    parameters_.step =
        squared_norms > 0 ? rows / (CurvatureOf(options_.loss, outputs()) * squared_norms) : 1;
  const auto [first, last] = slice_.RangeOf(std::ssize(scales));
  parameters_.scales.assign(scales.begin() + first, scales.begin() + last);
  workers_ = std::ssize(starts);
  average_ = WeightAverage(rows_, options_.average);
}

void Model::Pull(std::span<const LocalSteps> gradients) {
  average_.Pull(gradients, parameters_.weights);
  if (average_.workers_heard() < workers_) return;
  parameters_.labels = {};
  parameters_.class_weights = parameters_.scales = {};
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
  const auto count = Index(outputs());
  const std::span<const double> w(weights().data(), Index(weights().size()));
  for (size_t k = 0; k < count; ++k)
    classes.push_back(MakeClass(count == 1 ? labels.back() : labels[k], w, count, k));
}

strads::Report Model::Report() const {
  strads::Report report;
  report.penalty = 0.5 * weights().squaredNorm();
  report.nonzeros = (weights().array() != 0).count();
  report.empty_objective = empty_objective_;
  average_.Tell(options_.epochs, report);
  if (validation_accuracy_ >= 0) report.extra["validation_accuracy"] = validation_accuracy_;
  return report;
}

}  // namespace strads::sgd
