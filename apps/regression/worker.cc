#include "apps/regression/worker.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/linear_decision.h>
#include <strads/output_losses.h>
#include <strads/random.h>
#include <strads/row_gram.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/regression/losses.h"

namespace strads::regression {

Worker::Worker(const Options& options, Shard shard)
    : options_(options),
      shard_(shard),
      pool_(shard.threads),
      data_(ReadLabelledRows(options.data,
                             shard,
                             options.reading(),
                             options.IsLogistic() ? TargetKind::kLabel : TargetKind::kNumber)) {}

Partial Worker::Push(const Plan& plan) {
  switch (static_cast<Phase>(plan.phase)) {
    case Phase::kRows:
      return CountRows();
    case Phase::kLook:
      return Look();
    case Phase::kGram:
      return Gram(rows_.weighted());
    case Phase::kBend: {
      if (!evaluator_) throw ProtocolError("an update does not fit the features");
      const std::vector<double> ones(Index(rows_.size()), 1.0);
      WeightedRows bends = rows_.weighted();
      bends.y = ones;
      bends.weights = evaluator_->Bends();
      return Gram(bends);
    }
    case Phase::kEvaluate:
      return Evaluate();
    case Phase::kProduct: {
      CheckWeights();
      Evaluation product = evaluator_->Product(next_.weights, pool_);
      Partial partial;
      partial.sums.loss = product.loss;
      partial.sums.slopes = std::move(product.slopes);
      return partial;
    }
  }
  throw ProtocolError("a plan of an unknown phase");
}

Partial Worker::Gram(const WeightedRows& rows) {
  if (std::ssize(next_.centre) != rows_.x.num_cols() + 1)
    throw ProtocolError("an update does not fit the features");
  Partial partial;
  partial.sums.gram = RowGram(rows, next_.centre, pool_);
  return partial;
}

Partial Worker::CountRows() const {
  Partial partial;
  partial.heading.labels = data_.labels;
  partial.heading.label_rows = RowsOfEachLabel(data_);
  partial.heading.rows = data_.x.num_rows();
  partial.heading.num_features = data_.x.num_cols();
  partial.heading.features = data_.features;
  partial.heading.target = data_.target;
  return partial;
}

// Which rows are held out does not depend on how they are divided.
void Worker::SplitRows(const Update& update) {
  IdTable labels = update.labels;
  labels.BuildIndex();
  num_classes_ = labels.size();
  const std::vector<int32_t> class_of = data_.labels.IndicesIn(labels);
  for (int32_t& label : data_.label) label = class_of.at(Index(label));
  data_.x.Resize(update.num_features, pool_);
  const auto target = [&](int64_t i) {
    return options_.IsLogistic() ? static_cast<double>(data_.label[Index(i)]) : data_.y[i];
  };
  const HoldOut hold_out = options_.hold_out();
  RowSplit split =
      options_.IsLogistic()
          ? strads::SplitRows(data_, hold_out, options_.seed, update.class_rows, shard_.rank)
          : strads::SplitRows(data_, hold_out, options_.seed,
                              update.first_row.at(Index(shard_.rank)));
  validation_ = std::move(split.held_out);
  rows_.rows = std::move(split.training);
  for (const int64_t i : validation_) validation_y_.push_back(target(i));
  for (const int64_t i : rows_.rows) {
    rows_.y.push_back(target(i));
    rows_.weight.push_back(data_.WeightOf(i));
  }
  rows_.x = std::move(data_.x);
  data_ = {};
}

Partial Worker::Look() {
  Partial partial;
  Sums& sums = partial.sums;
  sums.trained_rows = rows_.size();
  sums.validation_rows = std::ssize(validation_);
  sums.entries = rows_.x.num_nonzeros();
  sums.class_weight.resize(Index(num_classes_), 0.0);
  sums.features = FeatureSumsOf(rows_.x, rows_.rows, rows_.weight);
  for (size_t t = 0; t < rows_.rows.size(); ++t) sums.y += rows_.weight[t] * rows_.y[t];
  for (size_t t = 0; t < rows_.rows.size() && num_classes_ > 0; ++t)
    sums.class_weight.at(Index(std::lround(rows_.y[t]))) += rows_.weight[t];
  return partial;
}

void Worker::CheckWeights() const {
  const int64_t outputs = std::max(1, num_classes_ > 2 ? num_classes_ : 1);
  if (!evaluator_ || std::ssize(next_.weights) != (rows_.x.num_cols() + 1) * outputs)
    throw ProtocolError("an update does not fit the features");
}

Partial Worker::Evaluate() {
  CheckWeights();
  Evaluation evaluation = evaluator_->Evaluate(next_.weights, next_.ahead, pool_);
  Partial partial;
  partial.sums.loss = evaluation.loss;
  partial.sums.loss_ahead = evaluation.loss_ahead;
  partial.sums.slopes = std::move(evaluation.slopes);
  if (!validation_.empty()) Validate(partial.sums);
  return partial;
}

// At the point, each row counted once.
void Worker::Validate(Sums& sums) const {
  const int64_t outputs = num_classes_ > 2 ? num_classes_ : 1;
  const LinearDecision decision = {.weights = {next_.weights.data()},
                                   .num_classes = static_cast<int32_t>(outputs),
                                   .is_joint = true,
                                   .num_features = rows_.x.num_cols(),
                                   .bias = 1};
  std::vector<double> f(Index(outputs));
  for (size_t t = 0; t < validation_.size(); ++t) {
    const double y = validation_y_[t];
    decision.Values(rows_.x, validation_[t], f);
    if (options_.IsLogistic()) {
      sums.validation_error += decision.ClassOf(f) != std::lround(y);
      sums.validation_loss += outputs > 1 ? SoftmaxLoss(static_cast<int32_t>(y), f.data(), outputs)
                                          : LogisticLoss{}(y, f[0]).loss;
    } else {
      sums.validation_error += (f[0] - y) * (f[0] - y);
      sums.validation_loss += options_.loss == "huber" ? HuberLoss{options_.delta}(y, f[0]).loss
                                                       : SquaredLoss{}(y, f[0]).loss;
    }
  }
}

void Worker::Sync(const Update& update) {
  const auto phase = static_cast<Phase>(update.phase);
  if (phase == Phase::kRows) SplitRows(update);
  if (phase == Phase::kLook)
    evaluator_.emplace(options_, rows_, num_classes_ > 2 ? num_classes_ : 1, update.keeps);
  if (phase == Phase::kEvaluate && update.accepted) evaluator_->Accept();
  if (phase == Phase::kProduct && update.step != 0) evaluator_->Step(update.step);
  next_ = update;
}

}  // namespace strads::regression
