#include <strads/error.h>
#include <strads/number_file.h>
#include <strads/random.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "apps/lasso/logistic.h"
#include "apps/lasso/path.h"

namespace strads::lasso {
namespace {

// As many rows in each fold as can be, in an order drawn by the seed.
std::vector<int32_t> DrawFolds(int64_t rows, int folds, int64_t seed) {
  std::vector<int32_t> fold_of(static_cast<size_t>(rows));
  for (size_t i = 0; i < fold_of.size(); ++i)
    fold_of[i] = static_cast<int32_t>(i % static_cast<size_t>(folds)) + 1;
  Random random(static_cast<uint64_t>(seed));
  random.Shuffle(fold_of);
  return fold_of;
}

std::vector<int32_t> ReadFolds(const std::string& path, int64_t rows) {
  const Eigen::VectorXd numbers =
      ReadNumbers(path, {.name = "fold", .count = rows, .least = 1, .whole = true});
  std::vector<int32_t> fold_of;
  for (const double number : numbers) {
    if (number > static_cast<double>(rows))
      throw DataError(path + ": " + internal::FormatOption(number) +
                      " is no fold, expected at most one for each row");
    fold_of.push_back(static_cast<int32_t>(number));
  }
  const int32_t last = *std::ranges::max_element(fold_of);
  for (int32_t fold = 1; fold <= last; ++fold) {
    if (last < 2 || std::ranges::find(fold_of, fold) == fold_of.end())
      throw DataError(path + ": there are rows of fold " + std::to_string(last) +
                      (last < 2 ? " only, expected at least 2 folds"
                                : " but none of fold " + std::to_string(fold)));
  }
  return fold_of;
}

Dataset RowsOf(const Dataset& data, const std::vector<int32_t>& rows) {
  Dataset part{data.x.OfRows(rows), data.y(rows), {}};
  if (data.weights.size() > 0) part.weights = data.weights(rows);
  return part;
}

// The sum over rows of weight times squared error or deviance, twice the logistic loss.
double ErrorOf(const Model& model, const Dataset& data) {
  const Eigen::VectorXd fitted = model.Fitted(data.x);
  double error = 0;
  for (Eigen::Index i = 0; i < fitted.size(); ++i) {
    const double weight = data.weights.size() > 0 ? data.weights[i] : 1;
    const double residual = data.y[i] - fitted[i];
    error += model.loss() == "logistic" ? 2 * LogisticAt(data.y[i] > 0, weight, fitted[i]).loss
                                        : weight * residual * residual;
  }
  return error;
}

double WeightOf(const Dataset& data) {
  return data.weights.size() > 0 ? data.weights.sum() : static_cast<double>(data.y.size());
}

}  // namespace

PathWorker::PathWorker(const PathOptions& options, Shard shard)
    : options_(options), shard_(shard), data_(ReadData(options, Shard{0, 1, shard.threads})) {
  const int64_t rows = data_.x.num_rows();
  if (!options.folds_file.empty()) {
    fold_of_ = ReadFolds(options.folds_file, rows);
  } else if (options.folds > 0) {
    if (options.folds > rows)
      throw UsageError("--folds=" + std::to_string(options.folds) + " of " + std::to_string(rows) +
                       " rows, expected no more folds than rows");
    fold_of_ = DrawFolds(rows, options.folds, options.seed);
  }
  if (!fold_of_.empty()) num_folds_ = *std::ranges::max_element(fold_of_);
}

PathPartial PathWorker::Push(const PathPlan& plan) {
  PathPartial partial;
  if (plan.look) {
    Look(partial);
  } else if (fit_) {
    GoOn(partial);
  }
  return partial;
}

void PathWorker::Sync(const PathUpdate& update) {
  if (!update.lambdas.empty()) {
    lambdas_ = update.lambdas;
    weight_ = update.weight;
    num_segments_ = update.num_segments;
  }
  if (shard_.rank >= std::ssize(update.to_be_done)) return;
  const int32_t fit = update.to_be_done[static_cast<size_t>(shard_.rank)];
  if (fit >= 0) Begin(fit);
}

void PathWorker::Look(PathPartial& partial) {
  partial.rows = data_.x.num_rows();
  partial.variables = data_.x.num_cols();
  partial.weight = WeightOf(data_);
  partial.folds = num_folds_;
  if (!options_.IsLogistic() && options_.schedule == "working_set" && SumsPay(data_, num_folds_))
    SumRows();
  if (shard_.rank != 0) return;  // one is enough
  const std::unique_ptr<SerialRun> run = RunWithout(0);
  run->Follow(
      [&](const Model& model) {
        partial.lambda_max = model.lambda_max();
        return std::vector<double>{model.lambda_max()};
      },
      options_.tolerance, [](const Model&) {});
  while (run->GoOn()) {
  }
}

std::vector<int32_t> PathWorker::RowsOfFold(int32_t fold, bool is_in) const {
  std::vector<int32_t> rows;
  for (size_t i = 0; i < static_cast<size_t>(data_.y.size()); ++i) {
    const bool is_of_fold = fold > 0 && fold_of_[i] == fold;
    if (is_of_fold == is_in) rows.push_back(static_cast<int32_t>(i));
  }
  return rows;
}

void PathWorker::SumRows() {
  if (options_.intercept) {
    shifts_ = ShiftsFor(data_);
    if (!shifts_.of_columns.empty()) data_.x.Shift(shifts_.of_columns);
    data_.y.array() -= shifts_.of_target;
  }
  ThreadPool pool(shard_.threads);
  if (num_folds_ == 0) products_ = {ProductsOf(data_, pool)};
  for (int32_t fold = 1; fold <= num_folds_; ++fold)
    products_.push_back(ProductsOf(RowsOf(data_, RowsOfFold(fold, true)), pool));
  is_combination_ = Combinations(data_, ProductsWithout(0));
}

// Added up: taken out of those of all rows a fold would leave rounding of columns that only it has.
Eigen::MatrixXd PathWorker::ProductsWithout(int32_t fold) const {
  const int64_t size = data_.x.num_cols() + 2;
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(size, size);
  for (int32_t other = 1; other <= std::ssize(products_); ++other) {
    if (other != fold) sum += products_[static_cast<size_t>(other - 1)];
  }
  return sum;
}

std::unique_ptr<SerialRun> PathWorker::RunWithout(int32_t fold) {
  if (is_combination_) {
    if (std::optional<SummedRows> rows = RowsWith(ProductsWithout(fold), *is_combination_))
      return std::make_unique<SerialRun>(options_, std::move(*rows), shard_.threads);
  }
  Dataset part = fold == 0 ? data_ : RowsOf(data_, RowsOfFold(fold, false));
  return std::make_unique<SerialRun>(options_, std::move(part), shard_.threads);
}

// Of rows that make no problem the data are not to blame, but what was left out.
double PathWorker::WeightWithout(int32_t fold) const {
  double positive = 0, weight = 0;
  for (const int32_t i : RowsOfFold(fold, false)) {
    const double own = data_.weights.size() > 0 ? data_.weights[i] : 1;
    weight += own;
    positive += data_.y[i] > 0 ? own : 0;
  }
  if (fold == 0) return weight;
  const std::string rest = options_.data + ": the rows that are not of fold " +
                           std::to_string(fold) + " of cross-validation ";
  const std::string expected = ", expected fewer --folds, or another --folds_file or --seed";
  if (!(weight > 0)) throw DataError(rest + "have no weight" + expected);
  if (options_.IsLogistic() && options_.intercept && (positive == 0 || positive == weight))
    throw DataError(rest + "are all of one class" + expected);
  return weight;
}

// Fit f * num_segments + s is that of segment s of the grid where fold f is left out.
void PathWorker::Begin(int32_t number) {
  const auto segment = static_cast<size_t>(number % num_segments_);
  const auto segments = static_cast<size_t>(num_segments_);
  const size_t first = lambdas_.size() * segment / segments;
  const size_t last = lambdas_.size() * (segment + 1) / segments;
  const int32_t fold = number / num_segments_;
  const double share = WeightWithout(fold) / weight_;
  fit_ = std::make_unique<Fit>(Fit{.number = number, .fold = fold, .at = first});
  fit_->left_out = RowsOf(data_, RowsOfFold(fold, true));
  fit_->run = RunWithout(fold);
  fit_->run->Follow(
      [this, first, last, share](const Model&) {
        std::vector<double> lambdas;
        for (size_t k = first; k < last; ++k) lambdas.push_back(share * lambdas_[k]);
        return lambdas;
      },
      options_.tolerance,
      [this](const Model& model) {
        fit_->gaps.push_back(model.gap());
        if (fit_->fold == 0) {
          fit_->points.push_back(PointOf(model, lambdas_[fit_->at + fit_->points.size()]));
        } else {
          fit_->errors.push_back(ErrorOf(model, fit_->left_out));
        }
      });
}

PathPoint PathWorker::PointOf(const Model& model, double lambda) const {
  PathPoint point;
  point.lambda = lambda;
  point.intercept = model.intercept() + shifts_.of_target;
  for (size_t j = 0; j < model.coefficients().size(); ++j) {
    if (model.coefficients()[j] == 0) continue;
    point.columns.push_back(static_cast<int32_t>(j) + 1);
    point.values.push_back(model.coefficients()[j]);
    if (!shifts_.of_columns.empty())
      point.intercept -= shifts_.of_columns[j] * model.coefficients()[j];
  }
  point.nonzeros = std::ssize(point.columns);
  point.objective = model.objective();
  point.gap = model.gap();
  if (model.null_objective() > 0) point.explained = 1 - model.loss_value() / model.null_objective();
  return point;
}

// For a while, so that the run can end, and people see how far it is.
void PathWorker::GoOn(PathPartial& partial) {
  constexpr std::chrono::milliseconds kWhile{100};
  const auto end = std::chrono::steady_clock::now() + kWhile;
  bool goes_on = true;
  while ((goes_on = fit_->run->GoOn()) && std::chrono::steady_clock::now() < end) {
  }
  partial.fit = fit_->number;
  partial.fold = fit_->fold;
  partial.done = !goes_on;
  partial.first = static_cast<int32_t>(fit_->at);
  partial.gaps = std::exchange(fit_->gaps, {});
  partial.points = std::exchange(fit_->points, {});
  partial.errors = std::exchange(fit_->errors, {});
  fit_->at += partial.gaps.size();
  partial.weight_left_out = WeightOf(fit_->left_out);
  const int64_t updates = fit_->run->model().Report().updates;
  partial.updates = updates - std::exchange(fit_->updates, updates);
  if (partial.done) fit_ = nullptr;
}

}  // namespace strads::lasso
