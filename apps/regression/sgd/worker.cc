#include "apps/regression/sgd/worker.h"

#include <strads/error.h>
#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/regression/feature_stats.h"

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
  const bool has_numbers = data_.label.empty();
  for (int64_t i = 0; i < data_.x.num_rows(); ++i) {
    training_.rows.push_back(i);
    training_.y.push_back(has_numbers ? data_.y[i] : 0);
    training_.weight.push_back(data_.weights.size() == 0 ? 1 : data_.weights[i]);
  }
  training_.x = std::move(data_.x);
}

Partial Worker::Describe() const {
  Partial start;
  start.heading = {.labels = data_.labels,
                   .rows = training_.size(),
                   .num_features = training_.x.num_cols(),
                   .features = data_.features,
                   .target = data_.target};
  AddFeatures(training_, start.sums);
  return start;
}

void Worker::SetUp(const Parameters& parameters) {
  training_.x.Resize(parameters.weights.w.size(), pool_);
  if (!parameters.inverses.empty()) training_.x.ScaleColumns(parameters.inverses);
  rows_.x = &training_.x;
  rows_.has_constant = options_.intercept;
  rows_.centre =
      Eigen::Map<const Eigen::VectorXd>(parameters.centre.data(), std::ssize(parameters.centre));
  rows_.cost = training_.weight;
  rows_.y = training_.y;
  if (options_.problem().IsLogistic()) {
    for (size_t i = 0; i < rows_.y.size(); ++i)
      rows_.y[i] = data_.labels.Name(data_.label.at(i)) == parameters.positive ? 1 : -1;
  }
  double largest = 0;
  training_.x.With([&](const auto& x) {
    for (int64_t i = 0; i < training_.size(); ++i) {
      double square = options_.intercept ? 1 + rows_.centre.squaredNorm() : 0;
      x.ForEach(i, [&](int32_t j, double value) {
        const double centre = options_.intercept ? rows_.centre[j] : 0;
        square += value * (value - 2 * centre);
      });
      largest = std::max(largest, rows_.cost[Index(i)] * square);
    }
  });
  steps_ = {.loss = options_.loss,
            .delta = options_.delta,
            .batch = options_.batch,
            .lambda = parameters.lambda,
            .step = options_.step};
  if (options_.step == 0 && largest > 0) steps_.step = 1 / (CurvatureOf(options_.loss) * largest);
  if (steps_.step == 0) steps_.step = 1;
  sgd_.emplace(rows_, static_cast<uint64_t>(options_.seed), shard_.rank);
}

const LocalSteps& Worker::Push(const Parameters& parameters, int64_t clock, const OwnClocks& own) {
  if (!sgd_) SetUp(parameters);
  const double rows = options_.local_epochs * static_cast<double>(rows_.size());
  const auto count = std::max<int64_t>(1, std::llround(rows / static_cast<double>(options_.batch)));
  return sgd_->Push(parameters.weights, clock, own, count, steps_);
}

double Worker::Loss(const Parameters& parameters) {
  if (!sgd_) SetUp(parameters);
  return sgd_->Loss(steps_, parameters.weights, pool_);
}

}  // namespace strads::regression::sgd
