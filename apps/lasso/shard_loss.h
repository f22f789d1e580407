#pragma once

#include <strads/column_matrix.h>
#include <strads/parallel.h>

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "apps/lasso/logistic.h"
#include "apps/lasso/messages.h"

namespace strads::lasso {

// The loss over a shard's rows as the model changes, and r, minus its derivative by the fitted
// values.
class ShardLoss {
 public:
  virtual ~ShardLoss() = default;
  double loss() const { return loss_; }
  const Eigen::VectorXd& r() const { return r_; }
  double er() const { return er_; }  // e'r, if there is an intercept
  // Back to b = 0, b0 = 0.
  virtual void Reset() = 0;
  // b += changes over these columns of x; b0 += intercept_change.
  virtual void Add(const ColumnMatrix& x,
                   std::span<const int32_t> columns,
                   std::span<const double> changes,
                   double intercept_change,
                   ThreadPool& pool) = 0;
  // Rids the running sums of what rounding has added up, and fills in what a measurement says of
  // them.
  virtual void Measure(Partial& partial) = 0;

 protected:
  Eigen::VectorXd r_;
  double loss_ = 0;
  double er_ = 0;
};

// 1/2 |y - b0 e - X b|^2. `ones` is e, empty without an intercept. If it is not, xe holds x_j'e of
// every column of x. All three must outlive this.
class SquaredShardLoss final : public ShardLoss {
 public:
  SquaredShardLoss(const Eigen::VectorXd& y,
                   const Eigen::VectorXd& ones,
                   const std::vector<double>& xe);
  void Reset() override;
  void Add(const ColumnMatrix& x,
           std::span<const int32_t> columns,
           std::span<const double> changes,
           double intercept_change,
           ThreadPool& pool) override;
  void Measure(Partial& partial) override;

 private:
  void Sum();

  const Eigen::VectorXd& y_;
  const Eigen::VectorXd& ones_;
  const std::vector<double>& xe_;
};

// sum_i w_i log(1 + exp(-s_i (b0 + x_i b))), s_i = 1 if y_i > 0 and -1 if not. `weights` is w,
// empty if all are 1.
class LogisticShardLoss final : public ShardLoss {
 public:
  LogisticShardLoss(const Eigen::VectorXd& y, const Eigen::VectorXd& weights);
  void Reset() override;
  void Add(const ColumnMatrix& x,
           std::span<const int32_t> columns,
           std::span<const double> changes,
           double intercept_change,
           ThreadPool& pool) override;
  void Measure(Partial& partial) override;

 private:
  void Evaluate(Eigen::Index row);
  LogisticRow EvaluateAll();

  const Eigen::VectorXd& y_;
  const Eigen::VectorXd& weights_;
  Eigen::VectorXd eta_;         // b0 + X b
  std::vector<double> losses_;  // of the rows
};

}  // namespace strads::lasso
