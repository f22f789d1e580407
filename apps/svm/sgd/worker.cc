#include "apps/svm/sgd/worker.h"

#include <strads/error.h>
#include <strads/feature_stats.h>
#include <strads/index.h>
#include <strads/linear_decision.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace strads::sgd {

Worker::Worker(const Options& options, Shard shard)
    : options_(options),
      shard_(shard),
      pool_(shard.threads),
      data_(ReadLabelledRows(options.data, shard, options.reading())) {
  rows_.x = &data_.x;
  rows_.bias = options.bias ? 1 : 0;
  RowSplit split = SplitRows(data_, options.hold_out(), options.seed, data_.first_row);
  rows_.rows = std::move(split.training);
  validation_ = std::move(split.held_out);
}

Start Worker::Describe() const {
  Start start;
  start.labels = data_.labels;
  start.label_rows.resize(Index(data_.labels.size()));
  for (const int64_t i : rows_.rows) ++start.label_rows[Index(data_.label[Index(i)])];
  start.rows = rows_.size();
  start.num_features = data_.x.num_cols();
  start.features = data_.features;
  start.target = data_.target;
  if (options_.scale != "none") {
    std::vector<double> weights;
    for (const int64_t i : rows_.rows) weights.push_back(data_.WeightOf(i));
    start.feature_sums = FeatureSumsOf(data_.x, rows_.rows, weights);
    return start;
  }
  data_.x.With([&](const auto& x) {
    for (const int64_t i : rows_.rows)
      x.ForEach(i, [&](int32_t, double value) { start.squared_norms += value * value; });
  });
  return start;
}

void Worker::SetUp(const Parameters& parameters) {
  const auto num_classes = std::ssize(parameters.labels);
  data_.label = ClassesOf(data_, parameters.labels);
  rows_.TakeClasses(data_.label, num_classes);
  data_.x.Resize(parameters.weights.w.size() / rows_.outputs - (options_.bias ? 1 : 0), pool_);
  if (!parameters.scales.empty()) data_.x.ScaleColumns(parameters.scales);
  for (int64_t i = 0; i < data_.x.num_rows(); ++i)
    rows_.cost.push_back(parameters.class_weights.at(Index(data_.label[Index(i)])) *
                         data_.WeightOf(i));
  step_ = parameters.step;
  // The slope of a squared hinge has no bound: a longer step could lead a row ever farther away.
  if (options_.step == 0 && options_.loss == "squared_hinge") {
    const double largest = rows_.LargestSquare();
    if (largest > 0) step_ = 1 / (CurvatureOf(options_.loss, rows_.outputs) * largest);
  }
  sgd_.emplace(rows_, static_cast<uint64_t>(options_.seed), shard_.rank);
}

SgdSteps Worker::StepsOf(const Parameters& parameters) const {
  return {.loss = options_.loss, .lambda = parameters.lambda, .step = step_};
}

const LocalSteps& Worker::Push(const Parameters& parameters, int64_t clock, const OwnClocks& own) {
  if (!sgd_) SetUp(parameters);
  const auto count =
      std::max<int64_t>(1, std::llround(options_.local_epochs * static_cast<double>(rows_.size())));
  return sgd_->Push(parameters.weights, clock, own, count, StepsOf(parameters),
                    options_.hogwild ? &pool_ : nullptr);
}

double Worker::Loss(const Parameters& parameters) {
  if (!sgd_) SetUp(parameters);
  return options_.C * sgd_->Loss(StepsOf(parameters), parameters.weights, pool_);
}

std::vector<double> Worker::Measures(const Parameters& parameters) {
  if (!sgd_) SetUp(parameters);
  const LinearDecision decision;
  const std::vector<double> fitted = sgd_->Fitted(validation_, parameters.weights);
  const auto outputs = Index(rows_.outputs);
  double right = 0;
  for (size_t n = 0; n < validation_.size(); ++n) {
    const int32_t found = decision.ClassOf(std::span(fitted).subspan(n * outputs, outputs));
    right += found == data_.label[Index(validation_[n])] ? 1 : 0;
  }
  return {options_.C * sgd_->EmptyLoss(StepsOf(parameters)),
          static_cast<double>(validation_.size()), right};
}

}  // namespace strads::sgd
