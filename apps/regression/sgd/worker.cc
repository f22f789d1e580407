#include "apps/regression/sgd/worker.h"

#include <strads/error.h>
#include <strads/feature_stats.h>
#include <strads/index.h>
#include <strads/row_losses.h>

#include <algorithm>
#include <cmath>
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
                   .rows = data_.x.num_rows(),
                   .num_features = data_.x.num_cols(),
                   .features = data_.features,
                   .target = data_.target};
  start.sums.trained_rows = rows_.size();
  std::vector<double> weights;
  for (const int64_t i : rows_.rows) weights.push_back(rows_.cost[Index(i)]);
  start.sums.features = FeatureSumsOf(data_.x, rows_.rows, weights);
  return start;
}

void Worker::SetUp(const Parameters& parameters) {
  data_.x.Resize(parameters.weights.w.size(), pool_);
  if (!parameters.inverses.empty()) data_.x.ScaleColumns(parameters.inverses);
  rows_.has_constant = options_.intercept;
  rows_.centre =
      Eigen::Map<const Eigen::VectorXd>(parameters.centre.data(), std::ssize(parameters.centre));
  const bool has_numbers = data_.label.empty();
  for (int64_t i = 0; i < data_.x.num_rows(); ++i) {
    rows_.y.push_back(has_numbers ? data_.y[i]
                      : data_.labels.Name(data_.label.at(Index(i))) == parameters.positive ? 1
                                                                                           : -1);
  }
  double largest = 0;
  data_.x.With([&](const auto& x) {
    for (const int64_t i : rows_.rows) {
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

std::vector<double> Worker::Measures(const Parameters& parameters) {
  if (!sgd_) SetUp(parameters);
  const std::vector<double> fitted = sgd_->Fitted(validation_, parameters.weights);
  double empty = 0, losses = 0, errors = 0;
  row_loss::With(options_.loss, options_.delta, [&](auto loss) {
    for (const int64_t i : rows_.rows)
      empty += rows_.cost[Index(i)] * loss.Value(rows_.y[Index(i)], 0);
    for (size_t k = 0; k < fitted.size(); ++k) {
      const double y = rows_.y[Index(validation_[k])], f = fitted[k];
      losses += loss.Value(y, f);
      errors += data_.label.empty() ? (y - f) * (y - f) : ((f > 0) != (y > 0) ? 1 : 0);
    }
  });
  return {empty, static_cast<double>(fitted.size()), losses, errors};
}

}  // namespace strads::regression::sgd
