#include <strads/error.h>
#include <strads/options.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "apps/lasso/path.h"

namespace strads::lasso {

PathModel::PathModel(const PathOptions& options)
    : loss_(options.loss), l1_ratio_(options.l1_ratio), options_(options) {
  const auto expect = [](bool holds, const std::string& message) {
    if (!holds) throw UsageError(message);
  };
  expect(options.l1_ratio != 0, "--l1_ratio=0 has no lambda_max, expected more than 0");
  Validate(options);
  expect(options.lambda == 0 && options.lambda_ratio == Options().lambda_ratio,
         "--lambda and --lambda_ratio are of train, expected --num_lambdas and --lambda_min_ratio");
  expect(options.warm_start.empty(), "--warm_start is of train, a path starts at zero");
  expect(options.num_lambdas >= 1, "--num_lambdas=" + std::to_string(options.num_lambdas) +
                                       " is out of range, expected at least 1");
  expect(options.lambda_min_ratio >= 0 && options.lambda_min_ratio < 1,
         "--lambda_min_ratio=" + internal::FormatOption(options.lambda_min_ratio) +
             " is out of range, expected 0 to less than 1");
  expect(options.folds == 0 || options.folds >= 2,
         "--folds=" + std::to_string(options.folds) + " is out of range, expected 0 or 2 and more");
  expect(options.select == "min" || options.select == "1se",
         "--select=" + options.select + " is unknown, expected min or 1se");
  expect(options.select == "min" || options.folds > 0,
         "--select=1se goes by cross-validation, expected --folds of 2 and more");
}

PathUpdate PathModel::Begin(std::span<const PathPartial> partials) {
  PathUpdate update;
  const PathPartial& look = partials.front();
  variables_ = look.variables;
  weight_ = update.weight = look.weight;
  num_folds_ = look.folds;
  const auto workers = static_cast<int32_t>(partials.size());
  const int32_t models = num_folds_ + 1;
  // If there are more workers than models to fit, several of them share a grid.
  const int32_t segments = std::min((workers + models - 1) / models, options_.num_lambdas);
  update.num_segments = segments;
  num_fits_ = fits_left_ = models * segments;
  is_free_.assign(partials.size(), true);
  HandOut(update);
  const double least = options_.lambda_min_ratio > 0 ? options_.lambda_min_ratio
                       : look.rows < look.variables  ? 1e-2
                                                     : 1e-4;
  const auto steps = static_cast<double>(options_.num_lambdas - 1);
  for (int k = 0; k < options_.num_lambdas; ++k)
    update.lambdas.push_back(look.lambda_max * std::pow(least, steps > 0 ? k / steps : 0));
  for (const double lambda : update.lambdas) {
    path_.emplace_back().lambda = lambda;
    path_.back().gap = std::numeric_limits<double>::infinity();
  }
  gaps_.assign(path_.size(), 0.0);
  errors_.assign(static_cast<size_t>(num_folds_), std::vector<double>(path_.size(), 0.0));
  fold_weights_.resize(static_cast<size_t>(num_folds_), 0.0);
  return update;
}

// To workers that have nothing to do.
void PathModel::HandOut(PathUpdate& update) {
  update.to_be_done.assign(is_free_.size(), -1);
  for (size_t rank = 0; rank < is_free_.size() && fits_begun_ < num_fits_; ++rank) {
    if (!is_free_[rank]) continue;
    is_free_[rank] = false;
    update.to_be_done[rank] = fits_begun_++;
  }
}

PathUpdate PathModel::Pull(const PathPlan& plan, std::span<const PathPartial> partials) {
  if (plan.look) return Begin(partials);
  PathUpdate update;
  for (size_t rank = 0; rank < partials.size(); ++rank) {
    if (partials[rank].fit < 0) continue;
    Note(partials[rank]);
    if (partials[rank].done) is_free_[rank] = true;
  }
  if (IsDone() && num_folds_ > 0) CrossValidate();
  Select();
  HandOut(update);
  return update;
}

void PathModel::Note(const PathPartial& partial) {
  const auto first = static_cast<size_t>(partial.first);
  if (partial.first < 0 || partial.fold < 0 || partial.fold > num_folds_ || fits_left_ < 1 ||
      first + std::max({partial.gaps.size(), partial.points.size(), partial.errors.size()}) >
          path_.size())
    throw ProtocolError("a fit does not belong to the path");
  for (size_t k = 0; k < partial.gaps.size(); ++k)
    gaps_[first + k] = std::max(gaps_[first + k], partial.gaps[k]);
  std::ranges::copy(partial.points, path_.begin() + partial.first);
  if (partial.fold > 0) {
    const auto fold = static_cast<size_t>(partial.fold - 1);
    std::ranges::copy(partial.errors, errors_[fold].begin() + partial.first);
    fold_weights_[fold] = partial.weight_left_out;
  }
  updates_ += partial.updates;
  if (partial.done) --fits_left_;
}

// The mean over folds of their rows' mean error, by their weights, and its standard error. A fold
// of rows without weight is none.
void PathModel::CrossValidate() {
  num_folds_ = static_cast<int32_t>(
      std::ranges::count_if(fold_weights_, [](double weight) { return weight > 0; }));
  double total = 0;
  for (const double weight : fold_weights_) total += weight;
  for (size_t k = 0; k < path_.size(); ++k) {
    double mean = 0, variance = 0;
    for (const auto& errors : errors_) mean += errors[k] / total;
    for (size_t fold = 0; fold < errors_.size(); ++fold) {
      const double weight = fold_weights_[fold];
      if (weight > 0) variance += weight / total * std::pow(errors_[fold][k] / weight - mean, 2);
    }
    path_[k].error = mean;
    path_[k].standard_error = std::sqrt(variance / (num_folds_ - 1));
  }
  const auto least = std::ranges::min_element(path_, {}, &PathPoint::error);
  lambda_min_ = least - path_.begin();
  const double bound = least->error + least->standard_error;
  lambda_1se_ = std::ranges::find_if(path_, [&](const PathPoint& p) { return p.error <= bound; }) -
                path_.begin();
}

// Before the end, as without cross-validation: the model of the least lambda that is fitted.
void PathModel::Select() {
  int64_t at = std::ssize(path_) - 1;
  while (at >= 0 && !path_[static_cast<size_t>(at)].IsFitted()) --at;
  if (at < 0) return;
  if (lambda_min_ >= 0) at = options_.select == "min" ? lambda_min_ : lambda_1se_;
  const PathPoint& point = path_[static_cast<size_t>(at)];
  selected_ = at;
  lambda_ = point.lambda;
  intercept_ = point.intercept;
  coefficients_ = SparseVector(static_cast<size_t>(variables_));
  for (size_t i = 0; i < point.columns.size(); ++i)
    coefficients_[static_cast<size_t>(point.columns[i] - 1)] = point.values[i];
}

strads::Report PathModel::Report() const {
  strads::Report report;
  report.has_model = std::ranges::any_of(path_, &PathPoint::IsFitted);
  report.gap = std::numeric_limits<double>::infinity();
  if (IsDone()) report.gap = 0;
  int64_t exact = 0;
  for (const double gap : gaps_) {
    if (IsDone()) report.gap = std::max(report.gap, gap);
    exact += gap <= options_.tolerance ? 1 : 0;
  }
  for (const PathPoint& point : path_) {
    if (point.lambda == lambda_ && point.IsFitted()) report.penalty = point.objective;
  }
  if (IsDone()) {
    report.done = "all fits are done, " + std::to_string(std::ssize(path_) - exact) + " of " +
                  std::to_string(std::ssize(path_)) +
                  " lambdas to a larger gap than the tolerance" +
                  (num_folds_ > 0 ? " in at least one of them" : "");
    report.converged = false;
  }
  report.nonzeros = coefficients_.CountNonzeros();
  report.updates = updates_;
  report.extra = {
      {"lambda", lambda_}, {"fits", num_fits_}, {"fits_done", num_fits_ - std::max(fits_left_, 0)}};
  return report;
}

std::string PathModel::Table() const {
  std::string table;
  char line[256];
  const auto add = [&](auto... values) {
    std::snprintf(line, sizeof line, values...);
    table += line;
  };
  const bool validated = lambda_min_ >= 0;
  if (std::ranges::none_of(path_, &PathPoint::IsFitted))
    return "\nthe run ended before its first fit\n";
  add("\n%5s %12s %12s %10s %10s", "", "lambda", "lambda/n", "non-zeros", "explained");
  if (validated) add(" %12s %12s", loss_ == "logistic" ? "deviance" : "sq. error", "std. error");
  table += '\n';
  for (size_t k = 0; k < path_.size(); ++k) {
    const PathPoint& point = path_[k];
    if (!point.IsFitted()) continue;
    add("%5zu %12.6g %12.6g %10lld %9.2f%%", k + 1, point.lambda, point.lambda / weight_,
        static_cast<long long>(point.nonzeros), 100 * point.explained);
    if (validated) add(" %12.6g %12.3g", point.error, point.standard_error);
    if (static_cast<int64_t>(k) == lambda_1se_) table += "  lambda.1se";
    if (static_cast<int64_t>(k) == lambda_min_) table += "  lambda.min";
    if (static_cast<int64_t>(k) == selected_) table += "  *";
    table += '\n';
  }
  table += "* the model written by --model";
  if (validated) {
    table += "; errors by cross-validation in " + std::to_string(num_folds_) + " folds";
  } else if (num_folds_ > 0) {
    table += "; the run ended before its cross-validation did";
  }
  return table + '\n';
}

Program MakeLassoPath() {
  Program program = MakeProgram<LassoPath>(
      "lasso path", "fit the models of a grid of lambdas, and cross-validate them");
  program.family = "lasso";
  // The grid has the lambdas, and each model is the start of the next.
  std::erase_if(program.options, [](const OptionInfo& option) {
    return option.name == "lambda" || option.name == "lambda_ratio" || option.name == "warm_start";
  });
  program.describe = [](const Bytes& model) { return Unpack<PathModel>(model).Table(); };
  return program;
}

}  // namespace strads::lasso
