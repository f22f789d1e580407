#include <strads/index.h>

#include <algorithm>
#include <cmath>

#include "apps/lasso/free_columns.h"
#include "apps/lasso/model.h"

// Beside variables that are not penalised: bounds, and the null model.
namespace strads::lasso {
namespace {

// The relative gap of the model from which lambda_max follows. And the one that will do once
// neither it nor the objective become smaller any more, by so much: if columns that are not
// penalised are nearly collinear, what is known of the gap is far more than the gap.
constexpr double kNullGap = 1e-11;
constexpr double kSettledNullGap = 1e-3;
constexpr double kNullProgress = 0.5, kNullRounding = 1e-13;
constexpr int kNullLooksInVain = 10;
constexpr double kRounding = 1e-13;  // of the objective
constexpr int kMostHalvings = 40;

}  // namespace

bool Model::BoundIsEstimate() const {
  return terms_->has_free_units() || (columns_->is_logistic && columns_->has_intercept);
}

bool Model::IsNullModel(double gap, double objective) {
  if (!BoundIsEstimate()) return true;
  const double relative = null_objective_ > 0 ? gap / null_objective_ : 0;
  const bool is_better = relative < kNullProgress * null_gap_ ||
                         objective < (1 - kNullRounding) * null_least_objective_;
  null_looks_in_vain_ = is_better ? 0 : null_looks_in_vain_ + 1;
  null_gap_ = std::min(null_gap_, relative);
  null_least_objective_ = std::min(null_least_objective_, objective);
  const bool is_settled = (solved_since_measured_ && !block_moved_) ||  // rounding allows no more
                          null_looks_in_vain_ >= kNullLooksInVain;
  return relative <= kNullGap || (relative <= kSettledNullGap && is_settled);
}

// What the intercept can stand for alone stays zero.
void Model::FindFree(Update& update) {
  free_ = FreeOf(penalty_);
  std::erase_if(free_, [&](int32_t j) { return columns_->norms[Index(j)] == 0; });
  update.free = free_;
}

// And e.
size_t Model::NumFree() const { return free_.size() + (columns_->has_intercept ? 1 : 0); }

void Model::SumUpFree(std::span<const Partial> partials, Slopes& sum) const {
  sum.free_products.resize(partials.front().free_products.size(), 0.0);
  const size_t measured = partials.front().dual_slopes.size();
  if (measured > 0) sum.dual_slopes.resize(coefficients_.size(), 0.0);
  for (const Partial& partial : partials) {
    for (size_t i = 0; i < partial.free_products.size(); ++i)
      sum.free_products[i] += partial.free_products[i];
    for (size_t i = 0; i < measured; ++i)
      sum.dual_slopes[Index(measured_[i])] += partial.dual_slopes[i];
    sum.dual += partial.dual;
  }
}

double Model::BoundBesideFree(const Slopes& slopes) const {
  if (slopes.dual_slopes.empty()) return 0;
  const bool is_logistic = columns_->is_logistic;
  return BoundOf(penalty_, coefficients_.values().data(), slopes.dual_slopes.data(),
                 columns_->norms.data(), is_logistic ? columns_->weight : 2 * null_objective_,
                 columns_->weight, is_logistic, slopes.dual);
}

// Has workers make a point of the dual from r as it is, and measure again.
void Model::AskForBound(const Slopes& slopes, Update& update) {
  std::vector<double> of_free, b;
  for (const int32_t j : free_) {
    of_free.push_back(slopes.xr[Index(j)]);
    b.push_back(coefficients_[Index(j)]);
  }
  const double mean_r = er_ / columns_->weight;  // if e is projected out of the slopes, else 0
  if (columns_->has_intercept) {
    of_free.push_back(columns_->is_logistic ? slopes.er : 0);
    b.push_back(1);  // may have either sign
  }
  const Eigen::MatrixXd products = UnpackedProducts(slopes.free_products, std::ssize(of_free));
  update.free_step = FreeStep(products, of_free, b, penalty_.nonnegative());
  if (columns_->has_intercept) update.free_step.back() += mean_r;
  intercept_ += mean_r;
  update.measure_again = true;
  solved_since_measured_ = choice_.has_value();
}

// A step of Newton's method towards the null model, or back by half of the last one where that led
// up.
void Model::FitFree(const Slopes& slopes, Update& update) {
  AskForBound(slopes, update);
  const bool has_risen = !free_moved_.empty() && free_halvings_ < kMostHalvings &&
                         !(update.objective <= (1 + kRounding) * free_objective_);
  std::vector<double> changes = update.free_step;
  if (has_risen) {
    ++free_halvings_;
    for (double& change : free_moved_) change /= 2;
    for (size_t k = 0; k < changes.size(); ++k) changes[k] = -free_moved_[k];
  } else {
    free_halvings_ = 0;
    free_objective_ = update.objective;
    free_moved_ = changes;
  }
  const std::vector<int32_t>& group_of = terms_->group_of();
  if (columns_->has_intercept) update.intercept_change = changes.back();
  for (size_t k = 0; k < free_.size(); ++k) {
    const size_t j = Index(free_[k]);
    if (changes[k] == 0) continue;
    update.columns.push_back(free_[k]);
    update.changes.push_back(changes[k]);
    update.scaled.push_back(std::abs(changes[k]) * std::sqrt(columns_->norms[j]));
    if (!group_of.empty()) update.units.push_back(group_of[j]);
  }
  block_moved_ = true;
  updates_ += std::ssize(update.columns);
  MoveTo(update);
}

// In the block from the start, though at their best they have no slope that would have them join:
// whatever else moves, they go with it.
std::vector<int32_t> Model::UnitsOfFree() const {
  const std::vector<int32_t>& group_of = terms_->group_of();
  std::vector<int32_t> units;
  for (const int32_t j : free_) units.push_back(group_of.empty() ? j : group_of[Index(j)]);
  return units;
}

}  // namespace strads::lasso
