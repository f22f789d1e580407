#pragma once

#include <strads/column_matrix.h>
#include <strads/parallel.h>
#include <strads/report.h>
#include <strads/sparse_vector.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/lasso/block.h"
#include "apps/lasso/block_choice.h"
#include "apps/lasso/dual_bound.h"
#include "apps/lasso/free_columns.h"
#include "apps/lasso/messages.h"
#include "apps/lasso/options.h"
#include "apps/lasso/penalty.h"
#include "apps/lasso/penalty_terms.h"
#include "apps/lasso/unit_search.h"

namespace strads::lasso {

// Owns the coefficients, and decides what they become. First only what is not penalised changes:
// from the best such model, lambda_max and the objective that gaps are relative to follow.
class Model {
 public:
  Model() = default;
  explicit Model(const Options& options);
  Update Pull(const Plan& plan, std::span<const Partial> partials);
  strads::Report Report() const;

  // Once the gap is at most `tolerance`: calls `on_point`, goes on at the next of `lambdas`, which
  // may be decided as late as when `start` is called, the null model and lambda_max being known.
  // Report has a gap for the last of them only.
  struct Path {
    std::function<std::vector<double>(const Model&)> start;
    double tolerance = 0;
    std::function<void(const Model&)> on_point;
  };
  void Follow(Path path) { path_ = std::move(path); }
  // Has the next measurement take the gap for small enough.
  void GoOn() { goes_on_ = true; }
  // Rounding allows no smaller gap.
  bool IsInVain() const { return looks_in_vain_ >= kMostLooksInVain; }

  const std::string& loss() const { return loss_; }
  double lambda() const { return lambda_; }
  double lambda_max() const { return lambda_max_; }
  double intercept() const { return intercept_; }
  const SparseVector& coefficients() const { return coefficients_; }
  // b0 + X b. Columns that the model does not know are left out.
  Eigen::VectorXd Fitted(const ColumnMatrix& x) const;
  double objective() const { return objective_; }    // when last measured
  double loss_value() const { return loss_value_; }  // likewise
  double null_objective() const { return null_objective_; }
  double gap() const { return gap_; }

 private:
  static constexpr int kMostLooksInVain = 200;

  struct Slopes {  // of what was measured, e projected out
    std::vector<double> xr;
    double loss = 0, er = 0;
    double yr = 0, rr = 0;              // squared loss
    double entropy = 0, curvature = 0;  // logistic loss
    int64_t misplaced = 0;              // likewise
    // Beside free columns, as the partials':
    std::vector<double> free_products, dual_slopes;
    DualSums dual;
  };

  void Check(const Plan& plan, const BlockStep& step, std::span<const Partial> partials) const;
  // That bound the loss along each variable.
  const std::vector<double>& Curvatures() const {
    return columns_->is_logistic ? curvatures_ : columns_->norms;
  }
  std::vector<int> UnitsOf(std::span<const int32_t> columns) const;
  void Measure(const Plan& plan, std::span<const Partial> partials, Update& update);
  void Look(std::span<const Partial> partials, Update& update);
  void ShiftColumns(const std::vector<double>& means,
                    const std::vector<double>& varying,
                    Update& update);
  void ShiftTarget(std::span<const Partial> partials, Update& update);
  void MoveMean(double change);
  void MoveIntercept(double change, Update& update);
  Slopes SlopesOf(std::span<const Partial> partials) const;
  void FindLengths();
  void Screen(const Slopes& slopes, Update& update);
  double GapAt(const Slopes& slopes);
  double DualAt(const Slopes& slopes);
  void FindFree(Update& update);
  size_t NumFree() const;
  void SumUpFree(std::span<const Partial> partials, Slopes& sum) const;
  double BoundBesideFree(const Slopes& slopes) const;
  void AskForBound(const Slopes& slopes, Update& update);
  std::vector<int32_t> UnitsOfFree() const;
  void FitFree(const Slopes& slopes, Update& update);
  bool BoundIsEstimate() const;
  bool IsNullModel(double gap, double objective);
  void StartFrom(const Slopes& null_model);
  void StartAt(double lambda);
  void StartWarm(Update& update);
  void StartCold(Update& update);
  void MoveTo(Update& update);
  bool FollowPath(const Slopes& slopes);
  void BeginBlock();
  void ChooseBlock(const Violators& violators, Update& update);
  void SolveBlock(const BlockStep& step, std::span<const Partial> partials, Update& update);
  void UpdateColumns(const Plan& plan, std::span<const Partial> partials, Update& update);
  std::vector<int32_t> BestOf(const Plan& plan) const;
  void UpdateIntercept(double er, double moved, double expected, Update& update);
  double InterceptOf(double shifted) const;
  void Project(double er, std::vector<double>& xr) const;
  std::vector<double> CouplingsOf(const Plan& plan, std::span<const Partial> partials) const;
  void FindCoupled(std::span<const Partial> partials, Update& update) const;
  double Offset() const;

  std::string loss_ = "squared";
  double lambda_ = 0;
  double l1_ratio_ = 1;
  double intercept_ = 0;
  SparseVector coefficients_;

 public:
  STRADS_FIELDS(loss_, lambda_, l1_ratio_, intercept_, coefficients_)

 private:
  Options options_;
  std::shared_ptr<const Model> start_;   // of which coefficients are taken; null: none, any more
  std::shared_ptr<PenaltyTerms> terms_;  // once the variables are known
  Penalty penalty_;
  std::shared_ptr<Columns> columns_;
  std::vector<double> shifts_;          // taken from the workers' columns; empty: none
  double target_shift_ = 0;             // taken from y, of the squared loss
  double shifted_intercept_ = 0;        // the workers': intercept_ + shifts'b - target_shift_, but
                                        // for what er_ adds to intercept_
  std::vector<double> curvatures_;      // of the logistic loss: see Curvatures
  std::vector<int32_t> measured_;       // columns, ascending: all until some are screened
  std::vector<int32_t> free_;           // variables beside which bounds need a point of their own
  std::vector<double> free_moved_;      // by the last step of FitFree
  double free_objective_ = 0;           // before it
  int free_halvings_ = 0;               // of it, since
  std::vector<bool> is_screened_;       // units; empty: none
  double largest_radius_ = 0;           // about the dual point at which any could be
  int64_t num_rows_ = 0;                // of X
  double mean_entries_ = 0;             // non-zeros of X in a column
  std::vector<double> lengths_;         // of units, once it is known
  std::vector<double> scratch_;         // a slope for each variable, once any is updated by itself
  std::shared_ptr<ThreadPool> pool_;    // of working_set
  std::optional<Block> block_;          // likewise
  std::optional<BlockChoice> choice_;   // likewise, until the block is given up
  BlockStep next_{.measure = true};     // of plans that follow
  std::optional<Update> warm_start_;    // what has just been done
  bool projects_ = false;               // e out of all columns
  bool solved_since_measured_ = false;  // a block
  bool block_moved_ = false;            // then, or grew
  bool has_begun_ = false;              // to measure slopes
  bool is_null_ = true;                 // only what is not penalised changes
  double null_gap_ = std::numeric_limits<double>::infinity();  // the least so far, relative
  double null_least_objective_ = std::numeric_limits<double>::infinity();
  int null_looks_in_vain_ = 0;  // measurements since
  double lambda_max_ = 0;
  double null_objective_ = 0;
  double objective_ = 0;
  double loss_value_ = 0;
  Path path_;
  std::deque<double> next_lambdas_;  // of the path
  bool goes_on_ = false;
  DualBound bound_;  // of the last measurement
  double best_dual_ = -std::numeric_limits<double>::infinity();
  double gap_ = std::numeric_limits<double>::infinity();
  // Measurements since either has become smaller.
  double least_gap_ = std::numeric_limits<double>::infinity();
  double least_objective_ = std::numeric_limits<double>::infinity();
  int looks_in_vain_ = 0;
  double er_ = 0;  // e'r of the model, if e is projected out
  double penalty_sum_ = 0;
  // After n updates, from n = first_recent_, those that workers have seen.
  struct Recent {
    double offset = 0;          // Offset()
    std::vector<int32_t> best;  // that the last of them changed, if of blocks the best
  };
  std::deque<Recent> recent_{Recent{}};
  int64_t first_recent_ = 0;
  int64_t nonzeros_ = 0;
  int64_t updates_ = 0;
  int32_t parallelism_ = 0;
};

// The trained model in the file. Throws kData if it is damaged.
Model LoadLasso(const std::string& path);

}  // namespace strads::lasso
