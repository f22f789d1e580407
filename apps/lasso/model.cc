#include <algorithm>
#include <cmath>

#include "apps/lasso/lasso.h"

namespace strads::lasso {

Model::Model(const Options& options)
    : lambda_(options.lambda),
      lambda_ratio_(options.lambda_ratio),
      max_coupling_(options.max_coupling),
      solves_blocks_(options.schedule == "working_set") {
  if (options.data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  if (options.num_features < 0 || options.num_features > std::numeric_limits<int32_t>::max())
    throw UsageError("--num_features is out of range, expected 0 to 2147483647");
  if (options.lambda < 0) throw UsageError("--lambda is out of range, expected more than 0");
  if (options.lambda == 0 && !(options.lambda_ratio > 0))
    throw UsageError("--lambda_ratio is out of range, expected more than 0");
  (void)Scheduler(options, Slice{});  // refuses its options before workers have read their data
}

// The b_j that minimises P with all others fixed, for x_j'r = xr:  S(xr + |x_j|^2 b_j, lambda) /
// |x_j|^2.
double Model::Minimiser(int32_t column, double xr) const {
  const auto j = static_cast<size_t>(column);
  const double xx = norms_[j];
  return xx > 0 ? SoftThreshold(xr + xx * coefficients_[j], lambda_) / xx : 0.0;
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
  for (const Partial& partial : partials) {
    const bool fits = plan.measure ? partial.xx.size() <= partial.xr.size()
                                   : partial.xr.size() == plan.columns.size();
    const bool states_match =
        partial.updates_seen == partials.front().updates_seen &&
        partial.updates_seen >= first_l1_norm_ &&
        partial.updates_seen < first_l1_norm_ + static_cast<int64_t>(l1_norms_.size());
    if (!fits || !states_match || partial.gram.size() != num_pairs)
      throw ProtocolError("a partial does not fit its plan");
  }
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  Check(plan, partials);
  Update update;
  update.scheduler = plan.scheduler;
  // The workers' losses belong to the model of some updates ago.
  const int64_t seen = partials.front().updates_seen;
  for (; first_l1_norm_ < seen; ++first_l1_norm_) l1_norms_.pop_front();
  double loss = 0;
  for (const Partial& partial : partials) loss += partial.loss;
  update.objective = loss + lambda_ * l1_norms_.front();
  parallelism_ = plan.parallelism;
  double l1_change = 0;
  if (plan.measure) {
    Measure(plan, partials, update);
  } else if (plan.solve) {
    SolveBlock(plan, partials, update);
    l1_change = coefficients_.L1Norm() - l1_norms_.back();
  } else {
    for (const int32_t j : plan.columns)
      l1_change -= std::abs(coefficients_[static_cast<size_t>(j)]);
    UpdateColumns(plan, partials, update);
    for (const int32_t j : plan.columns)
      l1_change += std::abs(coefficients_[static_cast<size_t>(j)]);
  }
  l1_norms_.push_back(l1_norms_.back() + l1_change);
  if (!plan.probe.empty()) {
    update.probe = plan.probe;
    update.probe_known = plan.probe_known;
    FindCoupled(partials, update);
  }
  return update;
}

void Model::UpdateColumns(const Plan& plan, std::span<const Partial> partials, Update& update) {
  update.columns = plan.columns;
  update.changes.resize(plan.columns.size());
  update.scaled.resize(plan.columns.size());
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    double xr = 0;
    for (const Partial& partial : partials) xr += partial.xr[i];
    const auto j = static_cast<size_t>(plan.columns[i]);
    const double before = coefficients_[j];
    const double after = Minimiser(plan.columns[i], xr);
    nonzeros_ += (after != 0) - (before != 0);
    coefficients_[j] = after;
    update.changes[i] = after - before;
    update.scaled[i] = update.changes[i] * std::sqrt(norms_[j]);
  }
  updates_ += static_cast<int64_t>(plan.columns.size());
}

void Model::Measure(const Plan& plan, std::span<const Partial> partials, Update& update) {
  size_t num_variables = coefficients_.size();
  for (const Partial& partial : partials)
    num_variables = std::max(num_variables, partial.xr.size());
  if (plan.restart) coefficients_ = SparseVector();
  coefficients_.resize(num_variables);
  norms_.resize(num_variables, 0.0);
  std::vector<double> xr(num_variables, 0.0);
  double rr = 0, yr = 0, yy = 0;
  for (const Partial& partial : partials) {
    for (size_t j = 0; j < partial.xr.size(); ++j) xr[j] += partial.xr[j];
    for (size_t j = 0; j < partial.xx.size(); ++j) norms_[j] += partial.xx[j];
    rr += 2 * partial.loss;
    yr += partial.yr;
    yy += partial.yy;
  }
  double steepest = 0;
  for (const double value : xr) steepest = std::max(steepest, std::abs(value));
  if (updates_ == 0) {
    null_objective_ = 0.5 * yy;
    lambda_max_ = steepest;
    for (const Partial& partial : partials)
      update.mean_entries += static_cast<double>(partial.entries);
    if (num_variables > 0) update.mean_entries /= static_cast<double>(num_variables);
    if (lambda_ == 0) lambda_ = lambda_ratio_ * lambda_max_;
  }

  const double l1_norm = coefficients_.L1Norm();  // exact again
  nonzeros_ = coefficients_.CountNonzeros();
  l1_norms_.back() = l1_norm;
  const double primal = 0.5 * rr + lambda_ * l1_norm;
  update.objective = primal;
  best_dual_ = std::max(best_dual_, LassoDual(yr, rr, steepest, lambda_));
  gap_ = null_objective_ > 0 ? std::max(0.0, primal - best_dual_) / null_objective_ : 0.0;

  if (solves_blocks_) {
    if (!block_) block_.emplace(norms_, xr);
    block_->Measured(xr, rr, yr);
    update.block_size = block_->size();
  }

  update.measured = true;
  update.nonzeros = nonzeros_;
  update.num_variables = static_cast<int64_t>(num_variables);
  for (size_t j = 0; j < num_variables; ++j) {
    const auto column = static_cast<int32_t>(j);
    const double change = Minimiser(column, xr[j]) - coefficients_[j];
    if (change == 0) continue;
    update.columns.push_back(column);
    update.scaled.push_back(change * std::sqrt(norms_[j]));
  }
}

void Model::SolveBlock(const Plan& plan, std::span<const Partial> partials, Update& update) {
  constexpr double kShare = 0.3;  // of the gap over all variables: the block may be too small yet
  if (!block_) throw ProtocolError("a block is to be solved before anything was measured");
  const Block::Change change =
      block_->Solve(plan, partials, coefficients_, lambda_, kShare * gap_ * null_objective_);
  updates_ += change.updates;
  update.solved = true;
  update.block_grew = !plan.joining.empty();
  for (const auto& [j, b] : change.values) {
    double& old = coefficients_[static_cast<size_t>(j)];
    update.columns.push_back(j);
    update.changes.push_back(b - old);
    update.scaled.push_back((b - old) * std::sqrt(norms_[static_cast<size_t>(j)]));
    nonzeros_ += (b != 0) - (old != 0);
    old = b;
  }
}

// Tells schedulers which pairs of the probe are coupled, |x_j'x_k| >= max_coupling |x_j| |x_k|: far
// fewer bytes than all couplings.
void Model::FindCoupled(std::span<const Partial> partials, Update& update) const {
  const auto& columns = update.probe;
  size_t pair = 0;
  for (size_t b = static_cast<size_t>(update.probe_known); b < columns.size(); ++b) {
    for (size_t a = 0; a < b; ++a, ++pair) {
      double xx = 0;
      for (const Partial& partial : partials) xx += partial.gram[pair];
      const double norms =
          norms_[static_cast<size_t>(columns[a])] * norms_[static_cast<size_t>(columns[b])];
      if (xx * xx >= max_coupling_ * max_coupling_ * norms && norms > 0)
        update.coupled.push_back(static_cast<int32_t>(pair));
    }
  }
}

strads::Report Model::Report() const {
  strads::Report report;
  report.penalty = lambda_ * l1_norms_.back();
  report.gap = gap_;
  report.nonzeros = nonzeros_;
  report.updates = updates_;
  report.extra = {{"lambda", lambda_}, {"lambda_max", lambda_max_}};
  if (block_ && block_->size() > 0) {
    report.extra["block"] = static_cast<double>(block_->size());
  } else {
    report.extra["parallelism"] = parallelism_;
  }
  return report;
}

}  // namespace strads::lasso
