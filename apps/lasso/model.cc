#include "apps/lasso/model.h"

#include <strads/error.h>
#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "apps/lasso/free_columns.h"
#include "apps/lasso/logistic.h"

namespace strads::lasso {
Model::Model(const Options& options)
    : loss_(options.loss), lambda_(options.lambda), l1_ratio_(options.l1_ratio), options_(options) {
  Validate(options);
  if (!options.warm_start.empty())
    start_ = std::make_shared<const Model>(LoadLasso(options.warm_start));
}

// What came over the wire is not trusted to fit.
void Model::Check(const Plan& plan,
                  const BlockStep& step,
                  std::span<const Partial> partials) const {
  const auto known = static_cast<int32_t>(coefficients_.size());
  const auto is_known = [&](int32_t j) { return j >= 0 && j < known; };
  if (!std::ranges::all_of(plan.columns, is_known) || !std::ranges::all_of(plan.probe, is_known)) {
    throw ProtocolError("a plan names a variable that does not exist");
  }
  const auto num_probed = static_cast<int64_t>(plan.probe.size());
  const int64_t num_known = plan.probe_known;
  if (num_known < 0 || num_known > num_probed) throw ProtocolError("a plan's probe does not fit");
  const auto pairs_of = [](int64_t n) { return n * (n - 1) / 2; };
  const int64_t block = block_ ? block_->size() : 0;
  const int64_t joined = step.gather ? block : block + std::ssize(step.joining);
  const auto num_pairs = static_cast<size_t>(pairs_of(num_probed) - pairs_of(num_known) +
                                             pairs_of(joined) - pairs_of(block));
  const size_t num_couplings = plan.seed >= 0 ? coefficients_.size() : 0;
  const int64_t in_blocks = std::accumulate(plan.blocks.begin(), plan.blocks.end(), int64_t{0});
  const bool has_empty_block = std::ranges::any_of(plan.blocks, [](int32_t n) { return n < 1; });
  if (!plan.blocks.empty() && (in_blocks != std::ssize(plan.columns) || has_empty_block))
    throw ProtocolError("a plan's blocks are not its columns");
  for (const Partial& partial : partials) {
    const bool fits = !step.measure       ? partial.xr.size() == plan.columns.size()
                      : terms_ == nullptr ? partial.xx.size() == partial.xr.size() &&
                                                partial.xe.size() <= partial.xr.size() &&
                                                partial.spreads.size() == partial.xe.size()
                                          : partial.xr.size() == measured_.size();
    const bool states_match =
        partial.updates_seen == partials.front().updates_seen &&
        partial.updates_seen >= first_recent_ &&
        partial.updates_seen < first_recent_ + static_cast<int64_t>(recent_.size());
    const size_t products = partial.free_products.size(), dual = partial.dual_slopes.size();
    const bool free_fit = products == partials.front().free_products.size() &&
                          dual == partials.front().dual_slopes.size() &&
                          (products == 0 || products == NumFreeProducts(NumFree())) &&
                          (dual == 0 || (!free_.empty() && dual == measured_.size()));
    if (!fits || !states_match || !free_fit || partial.gram.size() != num_pairs ||
        partial.couplings.size() != num_couplings)
      throw ProtocolError("a partial does not fit its plan");
  }
}

// Of whole units, variable by variable in the penalty's order.
std::vector<int> Model::UnitsOf(std::span<const int32_t> columns) const {
  const std::vector<int32_t>& group_of = terms_->group_of();
  if (group_of.empty()) return {columns.begin(), columns.end()};
  std::vector<int> units;
  for (size_t i = 0; i < columns.size();) {
    units.push_back(group_of[Index(columns[i])]);
    const Penalty::Unit unit = penalty_.unit(units.back());
    for (int32_t k = unit.first; k < unit.first + unit.count; ++k, ++i) {
      if (i == columns.size() || columns[i] != penalty_.Variable(k))
        throw ProtocolError("a plan has a part of a group");
    }
  }
  return units;
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  const BlockStep step = StepOf(plan, next_);
  Check(plan, step, partials);
  Update update;
  update.scheduler = plan.scheduler;
  // The workers' losses belong to the model of some updates ago.
  const int64_t seen = partials.front().updates_seen;
  for (; first_recent_ < seen; ++first_recent_) recent_.pop_front();
  double loss = 0;
  for (const Partial& partial : partials) loss += partial.loss;
  update.objective = loss + recent_.front().offset;
  parallelism_ = plan.parallelism;
  if (step.measure) {
    Measure(plan, partials, update);
  } else if (step.solve) {
    SolveBlock(step, partials, update);
  } else {
    UpdateColumns(plan, partials, update);
  }
  if (choice_ && (step.solve || update.measure_again)) update.next.measure = true;
  next_ = update.next;
  recent_.push_back({Offset(), {}});
  if (!plan.blocks.empty()) recent_.back().best = update.columns;
  if (plan.seed >= 0) {
    update.couplings = CouplingsOf(plan, partials);
  }
  if (!plan.probe.empty()) {
    update.probe = plan.probe;
    update.probe_known = plan.probe_known;
    FindCoupled(partials, update);
  }
  return update;
}

// The objective less the workers' losses: the penalty, and what projecting e out takes off them.
double Model::Offset() const {
  return penalty_sum_ - (er_ != 0 ? er_ * er_ / (2 * columns_->weight) : 0);
}

void Model::UpdateColumns(const Plan& plan, std::span<const Partial> partials, Update& update) {
  if (plan.columns.empty()) return;
  double er = 0;
  for (const Partial& partial : partials) er += partial.er;
  scratch_.resize(coefficients_.size());
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    double xr = 0;
    for (const Partial& partial : partials) xr += partial.xr[i];
    const size_t j = Index(plan.columns[i]);
    scratch_[j] = projects_ ? xr - columns_->xe[j] * er / columns_->weight : xr;
  }
  update.columns = plan.blocks.empty() ? plan.columns : BestOf(plan);
  const std::vector<int> units = UnitsOf(update.columns);
  const bool has_groups = units.size() != update.columns.size();
  double expected = 0, moved = 0;  // by the columns' means
  for (const int u : units) {
    const Penalty::Unit unit = penalty_.unit(u);
    const double* const b = coefficients_.values().data();
    const size_t at = update.changes.size();
    update.changes.resize(at + Index(unit.count));
    (void)penalty_.Change(unit, b, scratch_.data(), Curvatures().data(), &update.changes[at]);
    penalty_sum_ -= penalty_.Value(unit, b);
    double scaled = 0;
    for (int32_t k = 0; k < unit.count; ++k) {
      const size_t j = Index(penalty_.Variable(unit.first + k));
      const double change = update.changes[at + Index(k)], before = coefficients_[j];
      coefficients_[j] += change;
      nonzeros_ += (coefficients_[j] != 0) - (before != 0);
      if (projects_) moved += change * columns_->xe[j];
      if (!shifts_.empty()) intercept_ -= change * shifts_[j];
      scaled += change * change * columns_->norms[j];
      expected += 0.5 * change * change * Curvatures()[j];
    }
    penalty_sum_ += penalty_.Value(unit, b);
    update.scaled.push_back(std::sqrt(scaled));
    if (has_groups) update.units.push_back(u);
  }
  updates_ += std::ssize(update.columns);
  if (!columns_->is_logistic) {
    MoveMean(-moved);
  } else if (columns_->has_intercept) {
    UpdateIntercept(er, moved, expected, update);
  }
}

// In each block the variable whose change would be largest, in units of the fitted values. Not of
// those changed since the workers' slopes: they would be moved twice.
std::vector<int32_t> Model::BestOf(const Plan& plan) const {
  std::vector<int32_t> changed;
  for (auto after = std::next(recent_.begin()); after != recent_.end(); ++after)
    changed.insert(changed.end(), after->best.begin(), after->best.end());
  std::ranges::sort(changed);
  std::vector<int32_t> best;
  const int32_t* column = plan.columns.data();
  for (const int32_t size : plan.blocks) {
    double most = -1;
    int32_t best_of_block = -1;
    for (const int32_t* const end = column + size; column < end; ++column) {
      double change = 0;
      (void)penalty_.Change(penalty_.unit(*column), coefficients_.values().data(), scratch_.data(),
                            Curvatures().data(), &change);
      const double moved = std::abs(change) * std::sqrt(columns_->norms[Index(*column)]);
      if (moved <= most || std::ranges::binary_search(changed, *column)) continue;
      most = moved;
      best_of_block = *column;
    }
    if (best_of_block >= 0) best.push_back(best_of_block);
  }
  return best;
}

// Of the logistic loss. Where it costs the workers a pass over their rows, it is done once it gains
// as much as the variables of a round. Updates on their way will have taken their share of it.
void Model::UpdateIntercept(double er, double moved, double expected, Update& update) {
  const double curvature = kLogisticCurvature * columns_->weight;
  if (!projects_ && er * er / (2 * curvature) <= expected) return;
  const auto under_way = static_cast<double>(recent_.size());
  MoveIntercept(er / (curvature * under_way) - moved / columns_->weight, update);
}

// e'r changes. Workers hear of the intercept that is best for it once it is measured.
void Model::MoveMean(double change) {
  er_ += change;
  intercept_ += change / columns_->weight;
}

void Model::MoveIntercept(double change, Update& update) {
  update.intercept_change = change;
  intercept_ += change;
  shifted_intercept_ += change;
}

// Tells schedulers which pairs of the probe are coupled, |x_j'x_k| >= max_coupling |x_j| |x_k|: far
// fewer bytes than all couplings.
void Model::FindCoupled(std::span<const Partial> partials, Update& update) const {
  const auto& columns = update.probe;
  // What |x_j'x_k|^2 is compared with is limit_j limit_k; nothing is coupled with a column of 0.
  std::vector<double> limits, means;
  for (const int32_t j : columns) {
    const double norm = columns_->norms[Index(j)];
    limits.push_back(norm > 0 ? options_.max_coupling * norm
                              : std::numeric_limits<double>::infinity());
    means.push_back(projects_ ? columns_->xe[Index(j)] / std::sqrt(columns_->weight) : 0);
  }
  size_t pair = 0;
  for (size_t b = Index(update.probe_known); b < columns.size(); ++b) {
    for (size_t a = 0; a < b; ++a, ++pair) {
      double xx = -means[a] * means[b];
      for (const Partial& partial : partials) xx += partial.gram[pair];
      if (xx * xx >= limits[a] * limits[b]) update.coupled.push_back(static_cast<int32_t>(pair));
    }
  }
}

Eigen::VectorXd Model::Fitted(const ColumnMatrix& x) const {
  Eigen::VectorXd fitted = Eigen::VectorXd::Constant(x.num_rows(), intercept_);
  const auto known = static_cast<int64_t>(coefficients_.size());
  for (int j = 0; j < std::min(known, x.num_cols()); ++j) {
    const double b = coefficients_[Index(j)];
    if (b != 0) x.AddColumn(j, b, fitted);
  }
  return fitted;
}

strads::Report Model::Report() const {
  strads::Report report;
  report.penalty = recent_.back().offset;
  if (!is_null_ && next_lambdas_.empty()) {
    report.gap = gap_;
    report.least_objective = best_dual_;
    report.gap_unit = null_objective_;
  }
  report.nonzeros = nonzeros_;
  report.updates = updates_;
  if (IsInVain()) {
    report.done =
        "rounding allows no smaller gap: are there columns that vary little beside their "
        "mean, or scales that differ by orders of magnitude?";
    report.converged = false;
  }
  report.extra = {{"lambda", lambda_}, {"lambda_max", lambda_max_}};
  if (options_.intercept) report.extra["intercept"] = intercept_;
  if (block_ && block_->size() > 0) {
    report.extra["block"] = static_cast<double>(block_->size());
    report.extra["screened"] = static_cast<double>(coefficients_.size() - measured_.size());
  } else {
    report.extra["parallelism"] = parallelism_;
  }
  return report;
}

}  // namespace strads::lasso
