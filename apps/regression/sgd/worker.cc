#include "apps/regression/sgd/worker.h"

#include <strads/error.h>
#include <strads/feature_stats.h>
#include <strads/index.h>
#include <strads/linear_decision.h>
#include <strads/output_losses.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace strads::regression::sgd {

Worker::Worker(const Options& options, Shard shard)
    : options_(options),
      shard_(shard),
      pool_(shard.threads),
      data_(ReadLabelledRows(
          options.data,
          shard,
          options.problem().reading(),
          options.problem().IsLogistic() ? TargetKind::kLabel : TargetKind::kNumber)) {
  rows_.x = &data_.x;
  for (int64_t i = 0; i < data_.x.num_rows(); ++i) rows_.cost.push_back(data_.WeightOf(i));
  RowSplit split = SplitRows(data_, options.problem().hold_out(), options.seed, data_.first_row);
  rows_.rows = std::move(split.training);
  validation_ = std::move(split.held_out);
}

Partial Worker::Describe() const {
  Partial start;
  start.heading = {.labels = data_.labels,
                   .label_rows = {},
                   .rows = data_.x.num_rows(),
                   .num_features = data_.x.num_cols(),
                   .features = data_.features,
                   .target = data_.target};
  start.sums.trained_rows = rows_.size();
  std::vector<double> weights;
  for (const int64_t i : rows_.rows) weights.push_back(rows_.cost[Index(i)]);
  start.sums.class_weight.resize(Index(data_.labels.size()), 0.0);
  for (const int64_t i : rows_.rows) {
    if (!data_.label.empty())
      start.sums.class_weight[Index(data_.label[Index(i)])] += rows_.cost[Index(i)];
  }
  start.sums.features = FeatureSumsOf(data_.x, rows_.rows, weights);
  return start;
}

void Worker::SetUp(const Parameters& parameters) {
  if (options_.problem().IsLogistic()) {
    data_.label = ClassesOf(data_, parameters.labels);
    rows_.TakeClasses(data_.label, std::ssize(parameters.labels));
  } else {
    rows_.y.assign(data_.y.begin(), data_.y.end());
  }
  data_.x.Resize(parameters.weights.w.size() / rows_.outputs, pool_);
  if (!parameters.inverses.empty()) data_.x.ScaleColumns(parameters.inverses);
  rows_.has_constant = options_.intercept;
  rows_.centre =
      Eigen::Map<const Eigen::VectorXd>(parameters.centre.data(), std::ssize(parameters.centre));
  steps_ = {.loss = rows_.outputs > 1 ? "softmax" : options_.loss,
            .delta = options_.delta,
            .batch = options_.batch,
            .lambda = parameters.lambda,
            .step = options_.step};
  const double largest = options_.step == 0 ? rows_.LargestSquare() : 0;
  if (largest > 0) steps_.step = 1 / (CurvatureOf(steps_.loss, rows_.outputs) * largest);
  if (steps_.step == 0) steps_.step = 1;
  sgd_.emplace(rows_, static_cast<uint64_t>(options_.seed), shard_.rank);
}

const LocalSteps& Worker::Push(const Parameters& parameters, int64_t clock, const OwnClocks& own) {
  if (!sgd_) SetUp(parameters);
  const double rows = options_.local_epochs * static_cast<double>(rows_.size());
  const auto count = std::max<int64_t>(1, std::llround(rows / static_cast<double>(options_.batch)));
  return sgd_->Push(parameters.weights, clock, own, count, steps_,
                    options_.hogwild ? &pool_ : nullptr);
}

double Worker::Loss(const Parameters& parameters) {
  if (!sgd_) SetUp(parameters);
  return sgd_->Loss(steps_, parameters.weights, pool_);
}

std::vector<double> Worker::Measures(const Parameters& parameters) {
  if (!sgd_) SetUp(parameters);
  const LinearDecision decision;
  std::vector<double> fitted = sgd_->Fitted(validation_, parameters.weights);
  const auto outputs = Index(rows_.outputs);
  double losses = 0, errors = 0;
  output_loss::With(steps_.loss, steps_.delta, rows_.outputs, [&](const auto& loss) {
    for (size_t n = 0; n < validation_.size(); ++n) {
      const size_t i = Index(validation_[n]);
      const std::span<double> f = std::span(fitted).subspan(n * outputs, outputs);
      if (data_.label.empty())
        errors += (rows_.y[i] - f[0]) * (rows_.y[i] - f[0]);
      else
        errors += decision.ClassOf(f) != data_.label[i] ? 1 : 0;
      losses += loss.Value(rows_.y[i], f.data());
    }
  });
  return {sgd_->EmptyLoss(steps_), static_cast<double>(validation_.size()), losses, errors};
}

}  // namespace strads::regression::sgd
