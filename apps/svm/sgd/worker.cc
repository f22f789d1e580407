#include "apps/svm/sgd/worker.h"

#include <strads/error.h>
#include <strads/index.h>

#include <algorithm>
#include <cmath>

namespace strads::sgd {

Worker::Worker(const Options& options, Shard shard)
    : options_(options),
      shard_(shard),
      pool_(shard.threads),
      data_(ReadLabelledRows(options.data, shard, options.reading())) {
  rows_.x = &data_.x;
  rows_.bias = options.bias ? 1 : 0;
}

Start Worker::Describe() const {
  Start start;
  start.labels = data_.labels;
  start.label_rows.resize(Index(data_.labels.size()));
  for (const int32_t label : data_.label) ++start.label_rows[Index(label)];
  start.rows = data_.x.num_rows();
  start.num_features = data_.x.num_cols();
  start.features = data_.features;
  start.target = data_.target;
  start.squared_norms = rows_.bias * rows_.bias * static_cast<double>(start.rows);
  data_.x.With([&](const auto& x) {
    for (int64_t i = 0; i < start.rows; ++i)
      x.ForEach(i, [&](int32_t, double value) { start.squared_norms += value * value; });
  });
  return start;
}

void Worker::SetUp(const Parameters& parameters) {
  data_.x.Resize(parameters.weights.w.size() - (options_.bias ? 1 : 0), pool_);
  for (int64_t i = 0; i < data_.x.num_rows(); ++i) {
    const bool is_positive = data_.labels.Name(data_.label.at(Index(i))) == parameters.positive;
    const double weight = is_positive ? parameters.positive_weight : parameters.negative_weight;
    rows_.y.push_back(is_positive ? 1 : -1);
    rows_.cost.push_back(weight * (data_.weights.size() > 0 ? data_.weights[i] : 1));
  }
  sgd_.emplace(rows_, static_cast<uint64_t>(options_.seed), shard_.rank);
}

SgdSteps Worker::StepsOf(const Parameters& parameters) const {
  return {.loss = options_.loss, .lambda = parameters.lambda, .step = parameters.step};
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

}  // namespace strads::sgd
