#pragma once

#include <strads/dataset.h>
#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "apps/lasso/free_columns.h"
#include "apps/lasso/messages.h"
#include "apps/lasso/options.h"
#include "apps/lasso/shard_loss.h"
#include "apps/lasso/summed_rows.h"

namespace strads::lasso {

// The shard's rows of the data that the options name.
Dataset ReadData(const Options& options, Shard shard);

// Owns a shard of the data, and what the loss makes of it.
class Worker {
 public:
  Worker(const Options& options, Shard shard);
  // Of data that were read already.
  Worker(const Options& options, Dataset data, int threads);
  Worker(const Options& options, SummedRows rows, int threads);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Partial Push(const Plan& plan);
  void Sync(const Update& update);
  double Loss() const { return loss_->loss(); }

 private:
  std::vector<double> SlopesOf(std::span<const int32_t> columns, const Eigen::VectorXd& of_rows);
  void Measure(Partial& partial);
  void Look(Partial& partial);
  Eigen::VectorXd RowWeights() const;
  void Shift(std::span<const double> shifts);
  void ShiftSummed(std::span<const double> shifts);
  void ShiftTarget(double shift);
  std::vector<double> ProductsOfFree();
  void MakeDualPoint(const Update& update);
  void Gather(Partial& partial);
  bool Has(int32_t column) const;

  const bool is_logistic_;
  const bool has_intercept_;
  const bool needs_sums_;
  const bool needs_counts_;
  const bool is_summed_;
  ThreadPool pool_;
  Dataset data_;
  Eigen::VectorXd raw_y_;  // before weights are in it, until it is known what to take from it
  // Of the squared loss: e, if needed (always of summed rows); and what rows are multiplied by,
  // roots of weights, once it is known what to take from their columns.
  Eigen::VectorXd ones_, row_scale_;
  const Eigen::VectorXd none_;
  std::vector<double> xe_;           // x_j'e of all columns, if needed, once they were measured
  std::vector<int32_t> measured_;    // columns, ascending: all until some are screened
  std::vector<int32_t> block_;       // in the order of joining
  size_t num_gathered_ = 0;          // of block_
  BlockStep next_{.measure = true};  // of plans that follow
  bool gathers_ = false;
  std::unique_ptr<ShardLoss> loss_;
  std::vector<int32_t> free_;
  std::vector<double> free_products_;  // of the squared loss, whose they stay
  std::optional<DualPoint> dual_;
  bool dual_is_fresh_ = false;  // made of r as it still is
  int64_t updates_seen_ = 0;
  bool has_looked_ = false;
};

}  // namespace strads::lasso
