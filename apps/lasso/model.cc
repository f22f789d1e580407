#include "apps/lasso/model.h"

#include <strads/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "apps/lasso/dual_bound.h"

namespace strads::lasso {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// The relative gap of the model from which lambda_max follows; and the one that will do if it does
// not become smaller any more.
constexpr double kNullGap = 1e-11;
constexpr double kRoughNullGap = 1e-6;
constexpr int kNullLooksInVain = 10;
// A variance that is this share of the mean square is what rounding has left of zero.
constexpr double kRounding = 1e-14;
constexpr double kLogisticCurvature = 0.25;  // of the loss by the fitted value, at most
constexpr double kLongestInterceptStep = 4;

size_t Index(int64_t i) { return static_cast<size_t>(i); }

void AddTo(std::vector<double>& sum, const std::vector<double>& term) {
  for (size_t i = 0; i < term.size(); ++i) sum[i] += term[i];
}

}  // namespace

Model::Model(const Options& options)
    : loss_(options.loss), lambda_(options.lambda), l1_ratio_(options.l1_ratio), options_(options) {
  Validate(options);
}

// What came over the wire is not trusted to fit.
void Model::Check(const Plan& plan, std::span<const Partial> partials) const {
  const auto known = static_cast<int32_t>(coefficients_.size());
  const auto is_known = [&](int32_t j) { return j >= 0 && j < known; };
  if (!std::ranges::all_of(plan.columns, is_known) || !std::ranges::all_of(plan.probe, is_known) ||
      !std::ranges::all_of(plan.joining, is_known)) {
    throw ProtocolError("a plan names a variable that does not exist");
  }
  const auto num_probed = static_cast<int64_t>(plan.probe.size());
  const int64_t num_known = plan.probe_known;
  if (num_known < 0 || num_known > num_probed) throw ProtocolError("a plan's probe does not fit");
  const auto pairs_of = [](int64_t n) { return n * (n - 1) / 2; };
  const int64_t block = block_ ? block_->size() : 0;
  const int64_t joined = plan.gather ? block : block + std::ssize(plan.joining);
  const auto num_pairs = static_cast<size_t>(pairs_of(num_probed) - pairs_of(num_known) +
                                             pairs_of(joined) - pairs_of(block));
  const size_t num_couplings = plan.seed >= 0 ? coefficients_.size() : 0;
  const int64_t in_blocks = std::accumulate(plan.blocks.begin(), plan.blocks.end(), int64_t{0});
  const bool has_empty_block = std::ranges::any_of(plan.blocks, [](int32_t n) { return n < 1; });
  if (!plan.blocks.empty() && (in_blocks != std::ssize(plan.columns) || has_empty_block))
    throw ProtocolError("a plan's blocks are not its columns");
  for (const Partial& partial : partials) {
    const bool fits = plan.measure ? partial.xx.size() <= partial.xr.size() &&
                                         partial.xe.size() <= partial.xr.size()
                                   : partial.xr.size() == plan.columns.size();
    const bool states_match =
        partial.updates_seen == partials.front().updates_seen &&
        partial.updates_seen >= first_offset_ &&
        partial.updates_seen < first_offset_ + static_cast<int64_t>(offsets_.size());
    if (!fits || !states_match || partial.gram.size() != num_pairs ||
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
    const Penalty::Unit& unit = penalty_.unit(units.back());
    for (int32_t k = unit.first; k < unit.first + unit.count; ++k, ++i) {
      if (i == columns.size() || columns[i] != penalty_.Variable(k))
        throw ProtocolError("a plan has a part of a group");
    }
  }
  return units;
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  Check(plan, partials);
  Update update;
  update.scheduler = plan.scheduler;
  // The workers' losses belong to the model of some updates ago.
  const int64_t seen = partials.front().updates_seen;
  for (; first_offset_ < seen; ++first_offset_) offsets_.pop_front();
  double loss = 0;
  for (const Partial& partial : partials) loss += partial.loss;
  update.objective = loss + offsets_.front();
  parallelism_ = plan.parallelism;
  if (plan.measure) {
    Measure(plan, partials, update);
  } else if (plan.solve) {
    SolveBlock(plan, partials, update);
  } else {
    UpdateColumns(plan, partials, update);
  }
  offsets_.push_back(Offset());
  if (plan.seed >= 0) {
    update.couplings.resize(coefficients_.size(), 0.0);
    for (const Partial& partial : partials) AddTo(update.couplings, partial.couplings);
    if (projects_) Project(columns_->xe[Index(plan.seed)], update.couplings);
    for (size_t j = 0; j < update.couplings.size(); ++j) {
      const double norm = std::sqrt(columns_->norms[j]);
      update.couplings[j] = norm > 0 ? update.couplings[j] / norm : 0;
    }
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
    const Penalty::Unit& unit = penalty_.unit(u);
    const double* const b = coefficients_.values().data();
    const size_t at = update.changes.size();
    update.changes.resize(at + Index(unit.count));
    (void)penalty_.Change(unit, b, scratch_.data(), curvatures_.data(), &update.changes[at]);
    penalty_sum_ -= penalty_.Value(unit, b);
    double scaled = 0;
    for (int32_t k = 0; k < unit.count; ++k) {
      const size_t j = Index(penalty_.Variable(unit.first + k));
      const double change = update.changes[at + Index(k)], before = coefficients_[j];
      coefficients_[j] += change;
      nonzeros_ += (coefficients_[j] != 0) - (before != 0);
      if (projects_) moved += change * columns_->xe[j];
      scaled += change * change * columns_->norms[j];
      expected += 0.5 * change * change * curvatures_[j];
    }
    penalty_sum_ += penalty_.Value(unit, b);
    update.scaled.push_back(std::sqrt(scaled));
    if (has_groups) update.units.push_back(u);
  }
  updates_ += std::ssize(update.columns);
  if (!columns_->is_logistic) {
    er_ -= moved;
  } else if (columns_->has_intercept) {
    UpdateIntercept(er, moved, expected, update);
  }
}

// In each block the variable whose change would be largest, in units of the fitted values.
std::vector<int32_t> Model::BestOf(const Plan& plan) const {
  std::vector<int32_t> best;
  const int32_t* column = plan.columns.data();
  for (const int32_t size : plan.blocks) {
    double most = -1;
    best.push_back(*column);
    for (const int32_t* const end = column + size; column < end; ++column) {
      double change = 0;
      (void)penalty_.Change(penalty_.unit(*column), coefficients_.values().data(), scratch_.data(),
                            curvatures_.data(), &change);
      const double moved = std::abs(change) * std::sqrt(columns_->norms[Index(*column)]);
      if (moved <= most) continue;
      most = moved;
      best.back() = *column;
    }
  }
  return best;
}

// Of the logistic loss. Where it costs the workers a pass over their rows, it is done once it gains
// as much as the variables of a round. Updates on their way will have taken their share of it.
void Model::UpdateIntercept(double er, double moved, double expected, Update& update) {
  const double curvature = kLogisticCurvature * columns_->weight;
  if (!projects_ && er * er / (2 * curvature) <= expected) return;
  const auto under_way = static_cast<double>(offsets_.size());
  update.intercept_change = er / (curvature * under_way) - moved / columns_->weight;
  intercept_ += update.intercept_change;
}

Model::Slopes Model::SlopesOf(std::span<const Partial> partials) const {
  Slopes sum;
  sum.xr.resize(coefficients_.size(), 0.0);
  double ey = 0;
  for (const Partial& partial : partials) {
    AddTo(sum.xr, partial.xr);
    sum.loss += partial.loss;
    sum.er += partial.er;
    sum.yr += partial.yr;
    sum.entropy += partial.entropy;
    sum.curvature += partial.curvature;
    ey += partial.ey;
  }
  if (!columns_->is_logistic && projects_) {
    Project(sum.er, sum.xr);
    sum.loss -= 0.5 * sum.er * sum.er / columns_->weight;
    sum.yr -= ey * sum.er / columns_->weight;
  }
  sum.rr = 2 * sum.loss;
  return sum;
}

void Model::Project(double er, std::vector<double>& xr) const {
  for (size_t j = 0; j < xr.size(); ++j) xr[j] -= columns_->xe[j] * er / columns_->weight;
}

// The first measurement.
void Model::Look(std::span<const Partial> partials, Update& update) {
  const size_t p = coefficients_.size();
  columns_ = std::make_shared<Columns>();
  columns_->is_logistic = options_.IsLogistic();
  columns_->has_intercept = options_.intercept;
  columns_->norms.resize(p, 0.0);
  if (options_.intercept || options_.standardize) columns_->xe.resize(p, 0.0);
  for (const Partial& partial : partials) {
    columns_->weight += partial.weight;
    AddTo(columns_->norms, partial.xx);
    AddTo(columns_->xe, partial.xe);
    update.counts.resize(std::max(update.counts.size(), partial.counts.size()), 0);
    for (size_t j = 0; j < partial.counts.size(); ++j) update.counts[j] += partial.counts[j];
    update.mean_entries += static_cast<double>(partial.entries);
  }
  if (options_.schedule == "block_greedy") update.counts.resize(p, 0);
  if (p > 0) update.mean_entries /= static_cast<double>(p);
  // A round changes the fitted values of all rows anyway if its columns have that many entries.
  const double entries_of_round = update.mean_entries * options_.parallelism;
  projects_ = options_.intercept &&
              (!options_.IsLogistic() ||
               (options_.schedule != "working_set" && entries_of_round >= columns_->weight));
  if (!(columns_->weight > 0)) throw DataError(options_.data + ": all rows have weight 0");

  std::vector<double> deviations;
  for (size_t j = 0; j < columns_->xe.size(); ++j) {
    double& norm = columns_->norms[j];
    const double mean_part = columns_->xe[j] * columns_->xe[j] / columns_->weight;
    const double varying = norm - mean_part > kRounding * norm ? norm - mean_part : 0;
    if (options_.standardize) deviations.push_back(std::sqrt(varying / columns_->weight));
    if (projects_) norm = varying;
  }
  curvatures_ = columns_->norms;
  if (columns_->is_logistic) {
    for (double& curvature : curvatures_) curvature *= kLogisticCurvature;
  }
  scratch_.resize(p);
  terms_ = std::make_shared<PenaltyTerms>(options_, static_cast<int64_t>(p), std::move(deviations));
  penalty_ = terms_->OfFreeUnits();
  update.group_of = terms_->group_of();
}

void Model::Measure(const Plan& plan, std::span<const Partial> partials, Update& update) {
  size_t num_variables = coefficients_.size();
  for (const Partial& partial : partials)
    num_variables = std::max(num_variables, partial.xr.size());
  if (plan.restart) {
    coefficients_ = SparseVector();
    intercept_ = 0;
  }
  coefficients_.resize(num_variables);
  const bool is_first = terms_ == nullptr;
  if (is_first) Look(partials, update);
  Slopes slopes = SlopesOf(partials);
  if (is_first) {
    null_objective_ = slopes.loss;
    columns_->xy = slopes.xr;
  }
  // Exact again.
  const double* const b = coefficients_.values().data();
  nonzeros_ = coefficients_.CountNonzeros();
  penalty_sum_ = penalty_.Value(b);
  er_ = projects_ && !columns_->is_logistic ? slopes.er : 0;
  offsets_.back() = Offset();
  update.objective = slopes.loss + penalty_sum_;

  double gap = GapAt(slopes);
  if (is_null_ && IsNullModel(gap)) {
    StartFrom(slopes);
    gap = GapAt(slopes);
  }
  gap_ = null_objective_ > 0 ? gap / null_objective_ : 0;
  loss_value_ = slopes.loss;
  objective_ = slopes.loss + penalty_sum_;
  if (projects_ && !columns_->is_logistic) {
    update.intercept_change = slopes.er / columns_->weight;
    intercept_ += update.intercept_change;
    er_ = 0;
  }
  if (!is_null_) FollowPath(slopes);

  const bool solves_blocks = options_.schedule == "working_set";
  if (projects_ && columns_->is_logistic) Project(slopes.er, slopes.xr);
  if (columns_->is_logistic && columns_->has_intercept && !solves_blocks && slopes.curvature > 0) {
    update.intercept_change =
        std::clamp(slopes.er / slopes.curvature, -kLongestInterceptStep, kLongestInterceptStep);
    intercept_ += update.intercept_change;
  }
  if (solves_blocks) {
    if (!block_) block_.emplace(*columns_);
    block_->Measured(slopes.xr, slopes.rr, slopes.yr);
    update.block_size = block_->size();
  }

  update.measured = true;
  update.measure_again = is_null_ && !terms_->has_free_units() && !solves_blocks;
  update.nonzeros = nonzeros_;
  update.num_variables = static_cast<int64_t>(num_variables);
  std::vector<double> change;
  for (int u = 0; u < penalty_.num_units(); ++u) {
    const Penalty::Unit& unit = penalty_.unit(u);
    change.resize(std::max(change.size(), Index(unit.count)));
    if (!penalty_.Change(unit, b, slopes.xr.data(), curvatures_.data(), change.data())) continue;
    double scaled = 0;
    for (int32_t k = 0; k < unit.count; ++k) {
      const double c = change[Index(k)];
      scaled += c * c * columns_->norms[Index(penalty_.Variable(unit.first + k))];
    }
    update.units.push_back(u);
    update.scaled.push_back(std::sqrt(scaled));
  }
}

// How far the objective is from its least value, at most.
double Model::GapAt(const Slopes& slopes) {
  const double* const b = coefficients_.values().data();
  const bool is_logistic = columns_->is_logistic;
  double dual = BestDualBound(penalty_, b, slopes.xr.data(), curvatures_.data(),
                              is_logistic ? slopes.entropy : slopes.yr, is_logistic ? 0 : slopes.rr,
                              is_logistic ? 1 : kInfinity)
                    .value;
  const bool is_estimate = terms_->has_free_units() || (is_logistic && columns_->has_intercept);
  if (is_logistic && columns_->has_intercept) {
    // The intercept is a variable that is not penalised: see BestDualBound.
    const double reach =
        std::abs(intercept_) + (slopes.curvature > 0 ? std::abs(slopes.er) / slopes.curvature : 0);
    dual -= 2 * std::abs(slopes.er) * reach;
  }
  // What was a bound stays one.
  best_dual_ = is_estimate ? dual : std::max(best_dual_, dual);
  return std::max(0.0, slopes.loss + penalty_sum_ - best_dual_);
}

bool Model::IsNullModel(double gap) {
  if (!terms_->has_free_units() && !(columns_->has_intercept && columns_->is_logistic)) return true;
  const double relative = null_objective_ > 0 ? gap / null_objective_ : 0;
  null_looks_in_vain_ = relative < null_gap_ ? 0 : null_looks_in_vain_ + 1;
  null_gap_ = std::min(null_gap_, relative);
  return relative <= kNullGap ||
         (relative <= kRoughNullGap && null_looks_in_vain_ >= kNullLooksInVain);
}

void Model::StartFrom(const Slopes& null_model) {
  is_null_ = false;
  null_objective_ = null_model.loss;
  lambda_max_ = terms_->LambdaMax(null_model.xr.data());
  if (path_.start) {
    const std::vector<double> lambdas = path_.start(*this);
    next_lambdas_.assign(lambdas.begin() + 1, lambdas.end());
    lambda_ = lambdas.front();
  } else if (lambda_ == 0) {
    lambda_ = options_.lambda_ratio * lambda_max_;
  }
  StartAt(lambda_);
}

void Model::StartAt(double lambda) {
  lambda_ = lambda;
  if (lambda > 0) penalty_ = terms_->At(lambda);  // else the null model is best at any lambda
  best_dual_ = -kInfinity;
  penalty_sum_ = penalty_.Value(coefficients_.values().data());
}

// What was measured at one lambda says what matters at the next.
void Model::FollowPath(const Slopes& slopes) {
  while (path_.on_point && (gap_ <= path_.tolerance || goes_on_)) {
    goes_on_ = false;
    path_.on_point(*this);
    if (next_lambdas_.empty()) return;
    StartAt(next_lambdas_.front());
    next_lambdas_.pop_front();
    objective_ = slopes.loss + penalty_sum_;
    gap_ = null_objective_ > 0 ? GapAt(slopes) / null_objective_ : 0;
  }
}

void Model::SolveBlock(const Plan& plan, std::span<const Partial> partials, Update& update) {
  constexpr double kShare = 0.3;  // of the gap over all variables: the block may be too small yet
  if (!block_) throw ProtocolError("a block is to be solved before anything was measured");
  const Block::Change change = block_->Solve(plan, UnitsOf(plan.joining), partials, coefficients_,
                                             intercept_, penalty_, kShare * gap_ * null_objective_);
  updates_ += change.updates;
  update.solved = true;
  update.block_grew = !plan.joining.empty();
  update.intercept_change = change.intercept;
  intercept_ += change.intercept;
  for (const auto& [j, b] : change.values) {
    const size_t at = Index(j);
    double& old = coefficients_[at];
    update.columns.push_back(j);
    update.changes.push_back(b - old);
    update.scaled.push_back((b - old) * std::sqrt(columns_->norms[at]));
    if (projects_) er_ -= (b - old) * columns_->xe[at];
    nonzeros_ += (b != 0) - (old != 0);
    old = b;
  }
  penalty_sum_ = penalty_.Value(coefficients_.values().data());
}

// Tells schedulers which pairs of the probe are coupled, |x_j'x_k| >= max_coupling |x_j| |x_k|: far
// fewer bytes than all couplings.
void Model::FindCoupled(std::span<const Partial> partials, Update& update) const {
  const auto& columns = update.probe;
  size_t pair = 0;
  for (size_t b = Index(update.probe_known); b < columns.size(); ++b) {
    for (size_t a = 0; a < b; ++a, ++pair) {
      const size_t j = Index(columns[a]), k = Index(columns[b]);
      double xx = 0;
      for (const Partial& partial : partials) xx += partial.gram[pair];
      if (projects_) xx -= columns_->xe[j] * columns_->xe[k] / columns_->weight;
      const double norms = columns_->norms[j] * columns_->norms[k];
      if (xx * xx >= options_.max_coupling * options_.max_coupling * norms && norms > 0)
        update.coupled.push_back(static_cast<int32_t>(pair));
    }
  }
}

strads::Report Model::Report() const {
  strads::Report report;
  report.penalty = offsets_.back();
  report.gap = is_null_ || !next_lambdas_.empty() ? kInfinity : gap_;
  report.nonzeros = nonzeros_;
  report.updates = updates_;
  report.extra = {{"lambda", lambda_}, {"lambda_max", lambda_max_}};
  if (options_.intercept) report.extra["intercept"] = intercept_;
  if (block_ && block_->size() > 0) {
    report.extra["block"] = static_cast<double>(block_->size());
  } else {
    report.extra["parallelism"] = parallelism_;
  }
  return report;
}

}  // namespace strads::lasso
