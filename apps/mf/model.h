#pragma once

#include <strads/message.h>
#include <strads/report.h>
#include <strads/side_file.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/mf/ccd.h"
#include "apps/mf/factor_file.h"
#include "apps/mf/messages.h"
#include "apps/mf/options.h"
#include "apps/mf/sgd_worker.h"

namespace strads::mf {

// The model and what training says of it. The factors lie in two files of their own, row after row,
// and never here as a whole.
class Model {
 public:
  Model() = default;
  explicit Model(const Options& options);

  Update Pull(const Plan& plan, std::span<const Partial> partials);
  strads::Report Report() const {
    strads::Report report = report_;
    report.has_model = left_ == 0 && !users_.empty();
    return report;
  }
  // Throws kData if the files of factors cannot be written.
  void Collect(const Block& block);
  void Collect(const Share& share);
  // Of factors, once all are collected.
  SideFiles TakeFiles();

  const std::vector<std::string>& users() const { return users_; }
  const std::vector<std::string>& items() const { return items_; }
  int rank() const { return rank_; }
  double mean() const { return mean_; }
  bool is_implicit() const { return implicit_; }
  // One of each, or none.
  const std::vector<float>& user_biases() const { return user_biases_; }
  const std::vector<float>& item_biases() const { return item_biases_; }

 private:
  // Each throws ProtocolError if what workers sent has not the sizes that it must have.
  void Check(const Plan& plan, std::span<const Partial> partials) const;
  void Check(const Block& block) const;
  void Check(const Share& share) const;

  Update PullNames(std::span<const Partial> partials);
  // Throws kData for one that cannot be saved.
  void CheckNames(const char* role, const std::vector<std::string>& names) const;
  Update PullLoad(std::span<const Partial> partials);
  Update PullColumn(const Plan& plan, std::span<const Partial> partials);
  Update PullItemColumn(const Plan& plan, std::span<const Partial> partials);
  // Whether another inner iteration pays after one that lowered the objective by so much.
  bool Pays(const Plan& plan, double decrease);
  void PullSgd(const Plan& plan, std::span<const Partial> partials);
  void PullMeasure(const Plan& plan, std::span<const Partial> partials);
  // Whether training is over, by what this epoch's objective is.
  void DecideWhetherToStop(const Plan& plan, double objective);
  // And by its validation error, if it is not.
  void CompareValidation(int epoch);
  // Once training is over.
  void ReportBestEpoch(int last_epoch);
  void Write(Side side, int64_t row, std::span<const float> values, float bias);

  int rank_ = 0;
  double mean_ = 0;
  bool implicit_ = false;
  int64_t ratings_ = 0;
  double train_rmse_ = 0;
  double validation_rmse_ = 0;
  double validation_mae_ = 0;
  std::vector<std::string> users_, items_;
  std::vector<float> user_biases_, item_biases_;

 public:
  STRADS_FIELDS(rank_,
                mean_,
                implicit_,
                ratings_,
                train_rmse_,
                validation_rmse_,
                validation_mae_,
                user_biases_,
                item_biases_,
                users_,
                items_)

 private:
  Options options_;
  strads::Report report_;
  std::vector<int32_t> block_of_item_;
  std::vector<std::vector<int32_t>> items_of_block_;
  std::vector<float> item_penalties_, column_, next_;
  InnerStop inner_stop_;
  double users_decrease_ = 0;  // implicit feedback: by the first half of an inner iteration
  int64_t validation_ratings_ = 0;
  // Sums of the epoch so far.
  double loss_ = 0, validation_loss_ = 0, validation_absolute_ = 0, penalty_ = 0;
  double last_objective_ = 0;   // of the epoch before; 0: there is none
  double best_validation_ = 0;  // RMSE after best_epoch_
  int best_epoch_ = 0;          // counts from 1; 0: there is none
  int64_t extra_updates_ = 0;
  std::string why_stop_;  // not empty: training is over
  bool converged_ = true;
  int64_t left_ = 0;  // rows of users and items that have not been collected
  std::shared_ptr<FactorFile> user_file_, item_file_;  // since it is collected
};

}  // namespace strads::mf
