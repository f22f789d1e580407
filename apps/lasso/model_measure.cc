#include <strads/error.h>
#include <strads/index.h>
#include <strads/options.h>
#include <strads/spread.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>
#include <utility>

#include "apps/lasso/dual_bound.h"
#include "apps/lasso/logistic.h"
#include "apps/lasso/model.h"
#include "apps/lasso/projected_columns.h"
#include "apps/lasso/unit_search.h"

// What the model makes of a measurement.
namespace strads::lasso {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// A share of a sum that rounding hides.
constexpr double kRounding = 1e-14;
// Of the loss of zero coefficients: all that is left is rounding.
constexpr double kPerfect = 1e-24;
constexpr double kLongestInterceptStep = 4;
constexpr double kLeastShift = 10;  // mean of a column, in its deviations
constexpr int64_t kGrain = 16384;   // slopes that a thread adds up

void AddTo(std::vector<double>& sum, const std::vector<double>& term) {
  for (size_t i = 0; i < term.size(); ++i) sum[i] += term[i];
}

// While a block is solved the workers wait: their threads are free, if they are of this machine.
int ThreadsFor(std::span<const Partial> partials) {
  int64_t threads = 0;
  for (const Partial& partial : partials) threads += partial.threads;
  const int64_t most = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<int>(std::clamp<int64_t>(threads, 1, most));
}

}  // namespace

Model::Slopes Model::SlopesOf(std::span<const Partial> partials) const {
  Slopes sum;
  double ey = 0;
  for (const Partial& partial : partials) {
    sum.loss += partial.loss;
    sum.er += partial.er;
    sum.yr += partial.yr;
    sum.entropy += partial.entropy;
    sum.curvature += partial.curvature;
    sum.misplaced += partial.misplaced;
    ey += partial.ey;
  }
  const bool projects = !columns_->is_logistic && projects_;
  sum.xr.resize(coefficients_.size(), 0.0);
  const auto add_up = [&](int64_t begin, int64_t end) {
    for (auto i = Index(begin); i < Index(end); ++i) {
      const auto j = Index(measured_[i]);
      double xr = 0;
      for (const Partial& partial : partials) xr += i < partial.xr.size() ? partial.xr[i] : 0;
      sum.xr[j] = projects ? xr - columns_->xe[j] * sum.er / columns_->weight : xr;
    }
  };
  if (pool_)
    pool_->ParallelFor(std::ssize(measured_), add_up, kGrain);
  else
    add_up(0, std::ssize(measured_));
  if (projects) {
    sum.loss -= 0.5 * sum.er * sum.er / columns_->weight;
    sum.yr -= ey * sum.er / columns_->weight;
  }
  sum.rr = 2 * sum.loss;
  if (!free_.empty()) SumUpFree(partials, sum);
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
    num_rows_ += partial.num_rows;
    mean_entries_ += static_cast<double>(partial.entries);
  }
  if (options_.schedule == "block_greedy") update.counts.resize(p, 0);
  if (p > 0) mean_entries_ /= static_cast<double>(p);
  // A round changes the fitted values of all rows anyway if its columns have that many entries.
  const double entries_of_round = mean_entries_ * options_.parallelism;
  projects_ = options_.intercept &&
              (!options_.IsLogistic() ||
               (options_.schedule != "working_set" && entries_of_round >= columns_->weight));
  if (!(columns_->weight > 0)) throw DataError(options_.data + ": all rows have weight 0");

  std::vector<double> means, deviations, varying;
  for (const double xe : columns_->xe) means.push_back(xe / columns_->weight);
  std::vector<ShardSpread> shards;
  for (const Partial& partial : partials)
    shards.push_back({partial.weight, partial.xe, partial.spreads});
  const std::vector<double> spreads = SpreadsOf(shards, means);
  for (size_t j = 0; j < spreads.size(); ++j) {
    varying.push_back(LeftOf(spreads[j], means[j], columns_->weight));
    if (options_.standardize) deviations.push_back(std::sqrt(varying[j] / columns_->weight));
    // Of a constant column the intercept leaves nothing, whatever the loss.
    if (projects_ || (options_.intercept && varying[j] == 0)) columns_->norms[j] = varying[j];
  }
  if (options_.intercept) ShiftColumns(means, varying, update);
  if (options_.intercept && !options_.IsLogistic()) ShiftTarget(partials, update);
  if (columns_->is_logistic) {
    curvatures_ = columns_->norms;
    for (double& curvature : curvatures_) curvature *= kLogisticCurvature;
  }
  measured_.resize(p);
  std::iota(measured_.begin(), measured_.end(), 0);
  terms_ = std::make_shared<PenaltyTerms>(options_, static_cast<int64_t>(p), deviations);
  penalty_ = terms_->OfFreeUnits();
  update.group_of = terms_->group_of();
  FindFree(update);
  if (options_.schedule == "working_set") {
    pool_ = std::make_shared<ThreadPool>(ThreadsFor(partials));
    BeginBlock();
  }
}

// Columns that vary little beside their mean: what varies would drown in the rounding of inner
// products with the rest, which the intercept can stand for as well.
void Model::ShiftColumns(const std::vector<double>& means,
                         const std::vector<double>& varying,
                         Update& update) {
  const double weight = columns_->weight;
  for (size_t j = 0; j < means.size(); ++j) {
    const double mean = means[j];
    if (varying[j] == 0 || mean * mean * weight <= kLeastShift * kLeastShift * varying[j]) continue;
    shifts_.resize(means.size(), 0.0);
    shifts_[j] = mean;
    columns_->xe[j] = 0;
    columns_->norms[j] = varying[j];
  }
  update.shifts = shifts_;
}

// Likewise, of the squared loss.
void Model::ShiftTarget(std::span<const Partial> partials, Update& update) {
  double ey = 0, yy = 0;
  for (const Partial& partial : partials) {
    ey += partial.ey;
    yy += partial.yy;
  }
  const double mean = ey / columns_->weight, of_mean = mean * ey;
  if (of_mean > kLeastShift * kLeastShift * (yy - of_mean))
    update.target_shift = target_shift_ = mean;
}

// Of the data as they are, if the workers' is `shifted`.
double Model::InterceptOf(double shifted) const {
  double intercept = shifted + target_shift_;
  for (size_t j = 0; j < shifts_.size(); ++j) intercept -= shifts_[j] * coefficients_[j];
  return intercept;
}

void Model::Measure(const Plan& plan, std::span<const Partial> partials, Update& update) {
  size_t num_variables = coefficients_.size();
  for (const Partial& partial : partials)
    num_variables = std::max(num_variables, partial.xr.size());
  if (plan.restart) {
    coefficients_ = SparseVector();
    intercept_ = shifted_intercept_ = 0;
    free_moved_.clear();
  }
  coefficients_.resize(num_variables);
  update.measured = true;
  update.num_variables = static_cast<int64_t>(num_variables);
  if (terms_ == nullptr) Look(partials, update);
  // What was measured is of other data then, or lacks what bounds need.
  update.measure_again = !update.shifts.empty() || update.target_shift != 0 || !update.free.empty();
  if (update.measure_again) return;
  const bool is_first = !std::exchange(has_begun_, true);
  Slopes slopes = SlopesOf(partials);
  if (is_first) {
    // Probabilities are a half.
    if (columns_->is_logistic && columns_->has_intercept &&
        std::abs(slopes.er) >= (1 - kRounding) * columns_->weight / 2) {
      throw DataError(options_.data +
                      ": all targets are of one class, expected both, or no --intercept");
    }
    null_objective_ = slopes.loss;
    columns_->xy = slopes.xr;
  }
  // Twice the coefficients would be better still.
  if (is_null_ && columns_->is_logistic && slopes.misplaced == 0) {
    throw DataError(options_.data +
                    ": variables that are not penalised tell the classes apart without an error, "
                    "so that no coefficients are the best; expected a penalty factor above 0");
  }
  // Exact again.
  const double* const b = coefficients_.values().data();
  intercept_ = InterceptOf(shifted_intercept_);
  nonzeros_ = coefficients_.CountNonzeros();
  penalty_sum_ = penalty_.Value(b);
  er_ = projects_ && !columns_->is_logistic ? slopes.er : 0;
  recent_.back().offset = Offset();
  update.objective = slopes.loss + penalty_sum_;

  if (warm_start_ && !(update.objective <= null_objective_)) return StartCold(update);
  const bool fits_free = is_null_ && !penalty_.nonnegative();
  if (!slopes.free_products.empty() && !fits_free) {
    block_moved_ = block_moved_ || is_first;  // no block was found to be at its best
    return AskForBound(slopes, update);
  }
  double gap = GapAt(slopes);
  // lambda_max goes by slopes, whose errors are of first order in what the bound hardly shows.
  const double of_slopes = is_null_ && !free_.empty() ? update.objective - DualAt(slopes) : 0;
  const bool is_best = is_null_ && IsNullModel(std::max(gap, of_slopes), update.objective);
  if (fits_free && !is_best && !slopes.free_products.empty()) return FitFree(slopes, update);
  if (is_best) {
    StartFrom(slopes);
    update.begins = true;
    if (choice_) choice_->Unstick();
    if (start_) return StartWarm(update);
    gap = GapAt(slopes);
  }
  gap_ = null_objective_ > 0 ? gap / null_objective_ : 0;
  loss_value_ = slopes.loss;
  objective_ = slopes.loss + penalty_sum_;
  const bool is_better = gap_ < least_gap_ || objective_ < (1 - kRounding) * least_objective_;
  looks_in_vain_ = is_null_ || is_better ? 0 : looks_in_vain_ + 1;
  least_gap_ = is_null_ ? kInfinity : std::min(least_gap_, gap_);
  least_objective_ = is_null_ ? kInfinity : std::min(least_objective_, objective_);
  if (projects_ && !columns_->is_logistic) {
    MoveIntercept(slopes.er / columns_->weight, update);
    er_ = 0;
  }
  if (!is_null_ && FollowPath(slopes) && options_.schedule == "working_set" && !choice_) {
    // What rounding kept from a block at one lambda need not be so at the next.
    update.begins_block = true;
    BeginBlock();
  }

  solved_since_measured_ = block_moved_ = false;
  if (projects_ && columns_->is_logistic) Project(slopes.er, slopes.xr);
  if (columns_->is_logistic && columns_->has_intercept && !choice_ && slopes.curvature > 0) {
    MoveIntercept(
        std::clamp(slopes.er / slopes.curvature, -kLongestInterceptStep, kLongestInterceptStep),
        update);
  }
  update.measure_again = is_null_ && !terms_->has_free_units() && !choice_;
  if (choice_ && !is_null_ && !path_.start) Screen(slopes, update);
  Violators violators = FindViolators(penalty_, coefficients_.values().data(), slopes.xr.data(),
                                      Curvatures().data(), columns_->norms.data(), pool_.get());
  if (choice_) {
    block_->Measured(std::move(slopes.xr), slopes.rr, slopes.yr);
    ChooseBlock(violators, update);
  }
  if (choice_) return;
  update.units = std::move(violators.units);
  update.scaled = std::move(violators.changes);
}

// |X_u D_u^-1| of all units, or more: the roots of the traces of its square.
void Model::FindLengths() {
  lengths_.clear();
  lengths_.reserve(Index(penalty_.num_units()));
  largest_radius_ = 0;
  for (const Penalty::Unit unit : penalty_.units()) {
    lengths_.push_back(std::sqrt(penalty_.Trace(unit, columns_->norms.data())));
    if (lengths_.back() > 0 && unit.l1 < kInfinity)
      largest_radius_ = std::max(largest_radius_, unit.l1 / lengths_.back());
  }
}

// Finds units that are zero in the best model (gap-safe rules: Ndiaye, Fercoq, Gramfort and Salmon,
// JMLR 2017): the best dual point is no farther from s r than sqrt(2 gap), or half of that for the
// logistic loss, whose derivative changes by a quarter of its argument at most.
void Model::Screen(const Slopes& slopes, Update& update) {
  if (BoundIsEstimate() || (columns_->is_logistic && !options_.weights.empty())) return;
  const double gap = std::max(0.0, slopes.loss + penalty_sum_ - bound_.value);
  const double radius = std::sqrt((columns_->is_logistic ? 0.5 : 2) * gap);
  if (largest_radius_ == kInfinity) FindLengths();
  if (radius >= largest_radius_) return;
  // What is in the block is measured with it.
  is_screened_.resize(Index(penalty_.num_units()), false);
  std::vector<bool> stays = is_screened_;
  for (const int u : block_->units()) stays[Index(u)] = true;
  for (const int32_t u :
       FindZeros(penalty_, slopes.xr.data(), bound_.scale, radius, lengths_.data(), pool_.get())) {
    if (stays[Index(u)]) continue;
    is_screened_[Index(u)] = true;
    const Penalty::Unit unit = penalty_.unit(u);
    for (int32_t k = unit.first; k < unit.first + unit.count; ++k)
      update.screened.push_back(penalty_.Variable(k));
  }
  std::ranges::sort(update.screened);
  RemoveSorted(measured_, update.screened);
}

// How far the objective is from its least value, at most.
double Model::GapAt(const Slopes& slopes) {
  // What was a bound stays one.
  best_dual_ = !free_.empty()      ? std::max(best_dual_, BoundBesideFree(slopes))
               : BoundIsEstimate() ? DualAt(slopes)
                                   : std::max(best_dual_, DualAt(slopes));
  return std::max(0.0, slopes.loss + penalty_sum_ - best_dual_);
}

double Model::DualAt(const Slopes& slopes) {
  const double* const b = coefficients_.values().data();
  const bool is_logistic = columns_->is_logistic;
  bound_ = BestDualBound(penalty_, b, slopes.xr.data(), Curvatures().data(),
                         is_logistic ? slopes.entropy : slopes.yr, is_logistic ? 0 : slopes.rr,
                         is_logistic ? 1 : kInfinity);
  if (!is_logistic || !columns_->has_intercept) return bound_.value;
  return bound_.value - SlackOf(shifted_intercept_, slopes.er, slopes.curvature);
}

void Model::StartFrom(const Slopes& null_model) {
  is_null_ = false;
  const bool is_perfect = null_model.loss <= kPerfect * null_objective_;
  null_objective_ = is_perfect ? 0 : null_model.loss;
  std::vector<double> slopes = null_model.xr;
  for (size_t j = 0; j < slopes.size(); ++j) {
    if (is_perfect || columns_->norms[j] == 0) slopes[j] = 0;  // but for rounding
  }
  lambda_max_ = terms_->LambdaMax(slopes.data());
  if (path_.start) {
    const std::vector<double> lambdas = path_.start(*this);
    next_lambdas_.assign(lambdas.begin() + 1, lambdas.end());
    StartAt(lambdas.front());
  } else {
    const double lambda = lambda_ > 0 ? lambda_ : options_.lambda_ratio * lambda_max_;
    if (!std::isfinite(lambda))
      throw UsageError("--lambda_ratio=" + internal::FormatOption(options_.lambda_ratio) +
                       " times lambda_max, which is " + internal::FormatOption(lambda_max_) +
                       ", is infinite, expected a finite lambda");
    StartAt(lambda);
  }
}

void Model::StartAt(double lambda) {
  lambda_ = lambda;
  largest_radius_ = kInfinity;
  if (lambda > 0) penalty_ = terms_->At(lambda);  // else the null model is best at any lambda
  best_dual_ = -kInfinity;
  least_gap_ = least_objective_ = kInfinity;
  looks_in_vain_ = 0;
  penalty_sum_ = penalty_.Value(coefficients_.values().data());
}

// Whether lambda is another one now: what was measured at one says what matters at the next.
bool Model::FollowPath(const Slopes& slopes) {
  const double lambda = lambda_;
  while (path_.on_point && (gap_ <= path_.tolerance || goes_on_)) {
    goes_on_ = false;
    path_.on_point(*this);
    if (next_lambdas_.empty()) break;
    StartAt(next_lambdas_.front());
    next_lambdas_.pop_front();
    objective_ = slopes.loss + penalty_sum_;
    gap_ = null_objective_ > 0 ? GapAt(slopes) / null_objective_ : 0;
  }
  return lambda_ != lambda;
}

// x_seed'x_j / |x_j| of all variables.
std::vector<double> Model::CouplingsOf(const Plan& plan, std::span<const Partial> partials) const {
  std::vector<double> couplings(coefficients_.size(), 0.0);
  for (const Partial& partial : partials) AddTo(couplings, partial.couplings);
  if (projects_) Project(columns_->xe[Index(plan.seed)], couplings);
  for (size_t j = 0; j < couplings.size(); ++j) {
    const double norm = std::sqrt(columns_->norms[j]);
    couplings[j] = norm > 0 ? couplings[j] / norm : 0;
  }
  return couplings;
}

}  // namespace strads::lasso
