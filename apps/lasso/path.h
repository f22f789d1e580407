#pragma once

#include <strads/strads.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/lasso/options.h"
#include "apps/lasso/serial_run.h"
#include "apps/lasso/summed_rows.h"
#include "strads/dataset.h"

namespace strads::lasso {

// The regularisation path: the family's models at a grid of lambdas, each found from the one
// before, and which of them predicts best, by cross-validation (Friedman, Hastie and Tibshirani,
// 2010). Each worker holds all data and fits by itself: the model to all rows, and to all but those
// of a fold, whose error it then measures. Where a fold is left out lambda is as much smaller as
// the weights of the rows are.
struct PathOptions : Options {
  int num_lambdas = 100;
  double lambda_min_ratio = 0;
  int folds = 10;
  std::string folds_file;
  std::string select = "min";
  double tolerance = 1e-4;
  STRADS_MORE_FIELDS(Options, num_lambdas, lambda_min_ratio, folds, folds_file, select, tolerance)
  STRADS_HELP(
      "num_lambdas: values of lambda, from lambda_max down, evenly spaced in the logarithm",
      "lambda_min_ratio: the least lambda as a share of lambda_max; 0: 0.01 if there are fewer "
      "rows "
      "than variables, else 0.0001",
      "folds: of cross-validation, drawn by --seed; 0: no cross-validation",
      "folds_file: file of the number of the fold of each row, from 1, instead of --folds",
      "select: model that is written: min: of the least error of cross-validation (without, of the "
      "least lambda), or 1se: of the largest lambda whose error is within one standard error of it")
};

// What workers do in a round: `look` for lambda_max, or go on with what they fit.
struct PathPlan {
  bool look = false;
  STRADS_FIELDS(look)
};

// The model at one lambda.
struct PathPoint {
  double lambda = 0;  // as for all rows
  double intercept = 0;
  std::vector<int32_t> columns;  // numbered from 1
  std::vector<double> values;    // of their coefficients
  int64_t nonzeros = 0;
  double objective = 0;
  double gap = 0;
  double explained = 0;  // share of the null model's loss
  double error = 0;      // of cross-validation: mean over rows of squared errors or deviances
  double standard_error = 0;
  bool IsFitted() const { return gap < std::numeric_limits<double>::infinity(); }
  STRADS_FIELDS(lambda,
                intercept,
                columns,
                values,
                nonzeros,
                objective,
                gap,
                explained,
                error,
                standard_error)
};

struct PathPartial {
  double lambda_max = 0;  // of a look
  double weight = 0;      // of all rows
  int64_t rows = 0;
  int64_t variables = 0;
  int32_t folds = 0;
  int32_t fit = -1;   // that went on; -1: none
  bool done = false;  // with it
  int32_t fold = 0;   // that is left out; 0: none
  int32_t first = 0;  // of the grid, of what is new:
  std::vector<double> gaps;
  std::vector<PathPoint> points;  // if no fold is left out
  std::vector<double> errors;     // of the rows left out, at each lambda, times their weights
  double weight_left_out = 0;
  int64_t updates = 0;  // of variables, new
  STRADS_FIELDS(lambda_max,
                weight,
                rows,
                variables,
                folds,
                fit,
                done,
                fold,
                first,
                gaps,
                points,
                errors,
                weight_left_out,
                updates)
};

struct PathUpdate {
  std::vector<double> lambdas;  // the grid, from the first round
  double weight = 0;
  int32_t num_segments = 1;         // of the grid, fitted apart from each other
  std::vector<int32_t> to_be_done;  // the fit that each worker begins with now; -1: none
  STRADS_FIELDS(lambdas, weight, num_segments, to_be_done)
};

class PathScheduler {
 public:
  static constexpr bool kPlansAhead = false;  // workers have work for many rounds

  PathScheduler(const PathOptions& /*options*/, Slice slice) : looks_(slice.index == 0) {}
  PathPlan Schedule() { return {std::exchange(looks_, false)}; }
  void Feedback(const PathUpdate& /*update*/) {}

 private:
  bool looks_;  // in the first round
};

class PathWorker {
 public:
  PathWorker(const PathOptions& options, Shard shard);
  PathPartial Push(const PathPlan& plan);
  void Sync(const PathUpdate& update);
  double Loss() const { return 0; }

 private:
  // A part of the grid, all rows or those of a fold left out.
  struct Fit {
    int32_t number = 0;
    int32_t fold = 0;
    size_t at = 0;  // the grid
    Dataset left_out = {};
    std::unique_ptr<SerialRun> run = {};
    int64_t updates = 0;                 // told
    std::vector<double> gaps = {};       // not told yet
    std::vector<PathPoint> points = {};  // not told yet
    std::vector<double> errors = {};
  };

  void Look(PathPartial& partial);
  void Begin(int32_t fit);
  // On all rows but those of the fold; with fold 0 on all.
  std::unique_ptr<SerialRun> RunWithout(int32_t fold);
  std::vector<int32_t> RowsOfFold(int32_t fold, bool is_in) const;
  void SumRows();
  Eigen::MatrixXd ProductsWithout(int32_t fold) const;
  PathPoint PointOf(const Model& model, double lambda) const;
  void GoOn(PathPartial& partial);
  // Of the rows that are not of the fold. Throws DataError if they make no problem.
  double WeightWithout(int32_t fold) const;

  const PathOptions options_;
  const Shard shard_;
  Dataset data_;
  std::vector<int32_t> fold_of_;  // each row, from 1
  int32_t num_folds_ = 0;
  std::vector<double> lambdas_;
  double weight_ = 0;
  int32_t num_segments_ = 1;
  std::unique_ptr<Fit> fit_;
  // If fits are to summed rows where that is possible:
  Shifts shifts_;                          // that data_ are without
  std::vector<Eigen::MatrixXd> products_;  // of the rows of each fold, or of all if there is none
  std::optional<std::vector<bool>> is_combination_;  // variables
};

// Its first fields are those of lasso::Model, so that a file of it is one of that.
class PathModel {
 public:
  PathModel() = default;
  explicit PathModel(const PathOptions& options);
  PathUpdate Pull(const PathPlan& plan, std::span<const PathPartial> partials);
  strads::Report Report() const;

  const std::vector<PathPoint>& path() const { return path_; }
  int64_t lambda_min() const { return lambda_min_; }
  int64_t lambda_1se() const { return lambda_1se_; }
  double intercept() const { return intercept_; }
  const SparseVector& coefficients() const { return coefficients_; }
  // The path as a table.
  std::string Table() const;

 private:
  PathUpdate Begin(std::span<const PathPartial> partials);
  void Note(const PathPartial& partial);
  void HandOut(PathUpdate& update);
  void CrossValidate();
  void Select();
  bool IsDone() const { return fits_left_ == 0; }

  std::string loss_ = "squared";
  double lambda_ = 0;
  double l1_ratio_ = 1;
  double intercept_ = 0;
  SparseVector coefficients_;
  std::vector<PathPoint> path_;
  int32_t num_folds_ = 0;    // in the end, those that have weight
  int64_t lambda_min_ = -1;  // positions in path_; -1: no cross-validation
  int64_t lambda_1se_ = -1;
  int64_t selected_ = -1;  // the model written; -1: none yet
  double weight_ = 0;      // of all rows

 public:
  STRADS_FIELDS(loss_,
                lambda_,
                l1_ratio_,
                intercept_,
                coefficients_,
                path_,
                num_folds_,
                lambda_min_,
                lambda_1se_,
                selected_,
                weight_)

 private:
  PathOptions options_;
  int64_t variables_ = 0;
  int32_t fits_begun_ = 0;
  int32_t fits_left_ = -1;
  int32_t num_fits_ = 0;
  std::vector<bool> is_free_;  // workers
  int64_t updates_ = 0;
  std::vector<double> gaps_;                 // at each lambda, the largest of all fits
  std::vector<std::vector<double>> errors_;  // of each fold, at each lambda
  std::vector<double> fold_weights_;
};

struct LassoPath {
  using Options = PathOptions;
  using Plan = PathPlan;
  using Partial = PathPartial;
  using Update = PathUpdate;
  using Scheduler = PathScheduler;
  using Worker = PathWorker;
  using Model = PathModel;
};

Program MakeLassoPath();

}  // namespace strads::lasso
