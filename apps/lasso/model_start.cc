#include <strads/error.h>
#include <strads/index.h>
#include <strads/model_file.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "apps/lasso/model.h"

// Starting from another model.
namespace strads::lasso {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

// Takes over the coefficients of another model, which are then measured.
void Model::StartWarm(Update& update) {
  const std::shared_ptr<const Model> from = std::exchange(start_, nullptr);
  const SparseVector& given = from->coefficients_;
  if (given.size() > coefficients_.size())
    throw DataError(options_.warm_start + ": the model has " + std::to_string(given.size()) +
                    " variables, expected at most the " + std::to_string(coefficients_.size()) +
                    " of the data");
  for (int u = 0; u < penalty_.num_units(); ++u) {
    const Penalty::Unit unit = penalty_.unit(u);
    double scaled = 0;
    const size_t before = update.columns.size();
    for (int32_t k = unit.first; k < unit.first + unit.count; ++k) {
      const int32_t j = penalty_.Variable(k);
      const size_t at = Index(j);
      double b = at < given.size() && unit.l1 < kInfinity ? given[at] : 0;
      if (options_.nonnegative) b = std::max(b, 0.0);
      const double change = b - coefficients_[at];
      if (change == 0) continue;
      update.columns.push_back(j);
      update.changes.push_back(change);
      scaled += change * change * columns_->norms[at];
    }
    if (update.columns.size() == before) continue;
    update.scaled.push_back(std::sqrt(scaled));
    if (!terms_->group_of().empty()) update.units.push_back(u);
  }
  if (options_.intercept) {
    update.intercept_change = from->intercept_ - target_shift_ - shifted_intercept_;
    for (size_t j = 0; j < std::min(shifts_.size(), given.size()); ++j)
      update.intercept_change += shifts_[j] * given[j];
  }
  MoveTo(update);
  warm_start_ = update;
}

// Zero is better than what was taken over.
void Model::StartCold(Update& update) {
  const Update warm = *std::exchange(warm_start_, std::nullopt);
  update.columns = warm.columns;
  for (const double change : warm.changes) update.changes.push_back(-change);
  update.units = warm.units;
  update.scaled = warm.scaled;
  update.intercept_change = -warm.intercept_change;
  MoveTo(update);
}

// Does what the update says, which is to be measured.
void Model::MoveTo(Update& update) {
  double moved = update.intercept_change * columns_->weight;
  for (size_t i = 0; i < update.columns.size(); ++i) {
    const size_t j = Index(update.columns[i]);
    coefficients_[j] += update.changes[i];
    if (projects_) moved += update.changes[i] * columns_->xe[j];
  }
  shifted_intercept_ += update.intercept_change;
  intercept_ = InterceptOf(shifted_intercept_);
  if (projects_ && !columns_->is_logistic) {
    intercept_ += er_ / columns_->weight;
    MoveMean(-moved);
  }
  nonzeros_ = coefficients_.CountNonzeros();
  penalty_sum_ = penalty_.Value(coefficients_.values().data());
  update.measure_again = true;
  solved_since_measured_ = choice_.has_value();
  gap_ = kInfinity;
}

Model LoadLasso(const std::string& path) {
  auto model = LoadModel<Model>(path, "lasso", {"loss", "intercept", "coefficients"});
  if (model.loss() != "squared" && model.loss() != "logistic")
    throw DataError(path + ": its loss is '" + model.loss() + "', expected squared or logistic");
  if (!std::isfinite(model.intercept()) ||
      !std::ranges::all_of(model.coefficients().values(),
                           [](double value) { return std::isfinite(value); }))
    throw DataError(path + ": has coefficients that are not finite");
  return model;
}

}  // namespace strads::lasso
