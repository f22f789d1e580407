#include "apps/lasso/shard_loss.h"

#include "apps/lasso/logistic.h"

namespace strads::lasso {

SquaredShardLoss::SquaredShardLoss(const Eigen::VectorXd& y,
                                   const Eigen::VectorXd& ones,
                                   const std::vector<double>& xe)
    : y_(y), ones_(ones), xe_(xe) {
  Reset();
}

void SquaredShardLoss::Reset() {
  r_ = y_;
  Sum();
}

void SquaredShardLoss::Sum() {
  loss_ = 0.5 * r_.squaredNorm();
  er_ = ones_.size() > 0 ? ones_.dot(r_) : 0;
}

void SquaredShardLoss::Add(const ColumnMatrix& x,
                           std::span<const int32_t> columns,
                           std::span<const double> changes,
                           double intercept_change,
                           ThreadPool& pool) {
  std::vector<double> scales(changes.begin(), changes.end());
  for (double& scale : scales) scale = -scale;
  loss_ += x.AddColumnsTracked(columns, scales, r_.data(), pool);
  if (ones_.size() == 0) return;
  for (size_t c = 0; c < columns.size(); ++c)
    er_ += scales[c] * xe_[static_cast<size_t>(columns[c])];
  if (intercept_change == 0) return;
  r_ -= intercept_change * ones_;
  Sum();
}

void SquaredShardLoss::Measure(Partial& partial) {
  Sum();
  partial.yr = y_.dot(r_);
  partial.yy = y_.squaredNorm();
  partial.ey = ones_.size() > 0 ? ones_.dot(y_) : 0;
}

LogisticShardLoss::LogisticShardLoss(const Eigen::VectorXd& y, const Eigen::VectorXd& weights)
    : y_(y), weights_(weights), losses_(static_cast<size_t>(y.size())) {
  r_ = Eigen::VectorXd::Zero(y.size());
  Reset();
}

void LogisticShardLoss::Reset() {
  eta_ = Eigen::VectorXd::Zero(y_.size());
  EvaluateAll();
}

void LogisticShardLoss::Evaluate(Eigen::Index row) {
  const double weight = weights_.size() > 0 ? weights_[row] : 1;
  const LogisticRow now = LogisticAt(y_[row] > 0, weight, eta_[row]);
  double& loss = losses_[static_cast<size_t>(row)];
  loss_ += now.loss - loss;
  er_ += now.r - r_[row];
  loss = now.loss;
  r_[row] = now.r;
}

// Returns the sums of what is not kept.
LogisticRow LogisticShardLoss::EvaluateAll() {
  LogisticRow sums;
  ForEachLogistic(y_, weights_, eta_, [&](Eigen::Index i, const LogisticRow& row) {
    losses_[static_cast<size_t>(i)] = row.loss;
    r_[i] = row.r;
    sums.loss += row.loss;
    sums.curvature += row.curvature;
    sums.entropy += row.entropy;
  });
  loss_ = sums.loss;
  er_ = r_.sum();
  return sums;
}

void LogisticShardLoss::Add(const ColumnMatrix& x,
                            std::span<const int32_t> columns,
                            std::span<const double> changes,
                            double intercept_change,
                            ThreadPool& /*pool*/) {
  int64_t entries = 0;
  for (size_t c = 0; c < columns.size(); ++c) {
    x.AddColumn(columns[c], changes[c], eta_);
    entries += x.is_dense() ? x.num_rows() : std::ssize(x.Rows(columns[c]));
  }
  if (intercept_change != 0) eta_.array() += intercept_change;
  if (intercept_change != 0 || entries >= x.num_rows()) {
    EvaluateAll();
    return;
  }
  for (const int32_t column : columns) {
    for (const int32_t row : x.Rows(column)) Evaluate(row);  // again changes nothing
  }
}

void LogisticShardLoss::Measure(Partial& partial) {
  const LogisticRow sums = EvaluateAll();
  for (Eigen::Index i = 0; i < y_.size(); ++i) {
    const bool counts = weights_.size() == 0 || weights_[i] > 0;
    partial.misplaced += counts && !((y_[i] > 0 ? eta_[i] : -eta_[i]) > 0) ? 1 : 0;
  }
  partial.entropy = sums.entropy;
  partial.curvature = sums.curvature;
}

}  // namespace strads::lasso
