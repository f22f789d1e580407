#include "apps/regression/sgd/model.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/labelled_rows.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "apps/regression/variables.h"

namespace strads::regression::sgd {

Parameters Parameters::Join(std::span<const Parameters> parts) {
  Parameters whole = parts.front();
  whole.weights = SharedWeights::Join(parts);
  whole.inverses = JoinParts(parts, &Parameters::inverses);
  whole.centre = JoinParts(parts, &Parameters::centre);
  return whole;
}

Model::Model(const Options& options, Slice slice) : options_(options), slice_(slice) {
  options.Validate();
  loss = options.loss;
  solver = options.solver;
  reason = "as --solver says";
}

void Model::Begin(std::span<const Partial> starts) {
  int64_t width = 0;
  for (const Partial& start : starts) {
    rows_ += start.sums.trained_rows;
    width = std::max(width, start.heading.num_features);
  }
  TakeNames(starts);
  const FeatureStats stats = FeatureStatsOf(starts);
  if (!(stats.weight > 0))
    throw DataError(options_.data +
                    ": has no row to train on, expected at least one with a weight above 0");
  if (options_.problem().IsLogistic()) {
    RequireClasses(options_.data, labels);
    std::vector<double> class_weights;
    for (const auto& [heading, sums] : starts)
      AddByLabel(heading.labels, sums.class_weight, labels, class_weights);
    RequireRowsOfEach(options_.data, labels, class_weights, options_.problem().hold_out());
  }
  parameters_.weights = SharedWeights::Zeros(slice_, width, num_outputs(), options_.data);
  parameters_.lambda = options_.lambda / static_cast<double>(rows_);
  parameters_.labels = labels;
  const auto [first, last] = slice_.RangeOf(width);
  const Variables variables(options_.problem(), stats, 1, false);
  if (options_.scale != "none")
    inverses_.assign(variables.inverses().begin() + first, variables.inverses().begin() + last);
  if (options_.intercept) {
    centre_.resize(last - first);
    for (int64_t j = first; j < last; ++j)
      centre_[j - first] = variables.means()[Index(j)] * variables.inverses()[Index(j)];
  }
  parameters_.inverses = inverses_;
  parameters_.centre = {centre_.begin(), centre_.end()};
  workers_ = std::ssize(starts);
  average_ = WeightAverage(rows_, options_.average, centre_);
}

void Model::Pull(std::span<const LocalSteps> gradients) {
  average_.Pull(gradients, parameters_.weights);
  if (average_.workers_heard() < workers_) return;
  parameters_.inverses = parameters_.centre = {};
  parameters_.labels = {};
}

Parameters Model::Answer() const {
  Parameters answer = parameters_;
  answer.weights = average_.Answer(parameters_.weights);
  return answer;
}

void Model::Measured(std::span<const double> sums) { measures_.assign(sums.begin(), sums.end()); }

void Model::Finish() {
  const SharedWeights& weights = average_.Answer(parameters_.weights);
  const Eigen::VectorXd constants = weights.ConstantsWithout(centre_);
  const int64_t count = num_outputs(), width = weights.w.size() / count;
  outputs.resize(Index(count));
  for (int64_t k = 0; k < count; ++k) {
    Output& output = outputs[Index(k)];
    if (!labels.empty()) output.label = count > 1 ? labels[Index(k)] : labels.back();
    output.intercept = constants[k];
    output.coefficients.resize(Index(width));
    for (int64_t j = 0; j < width; ++j) {
      const double inverse = inverses_.empty() ? 1 : inverses_[Index(j)];
      output.coefficients[Index(j)] = weights.w[j * count + k] * inverse;
    }
  }
}

strads::Report Model::Report() const {
  strads::Report report;
  const SharedWeights& weights = average_.Answer(parameters_.weights);
  report.penalty = 0.5 * options_.lambda * weights.w.squaredNorm();
  report.nonzeros = (weights.w.array() != 0).count();
  average_.Tell(options_.epochs, report);
  if (measures_.size() != 4) return report;
  report.empty_objective = measures_[0];
  if (const double rows = measures_[1]; rows > 0) {
    report.extra["validation_loss"] = measures_[2] / rows;
    if (options_.problem().IsLogistic())
      report.extra["validation_accuracy"] = 1 - measures_[3] / rows;
    else
      report.extra["validation_rmse"] = std::sqrt(measures_[3] / rows);
  }
  return report;
}

}  // namespace strads::regression::sgd
