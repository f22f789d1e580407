#include <strads/index.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "apps/lasso/model.h"

// The block that is solved for as one.
namespace strads::lasso {

void Model::BeginBlock() {
  choice_.emplace(options_, BlockChoice::Problem{.num_units = penalty_.num_units(),
                                                 .num_variables = std::ssize(columns_->norms),
                                                 .num_rows = num_rows_,
                                                 .mean_entries = mean_entries_});
  block_.emplace(*columns_, *pool_);
}

void Model::ChooseBlock(const Violators& violators, Update& update) {
  std::vector<int32_t> starting = UnitsOfFree();
  if (std::exchange(warm_start_, std::nullopt) || update.begins_block)
    std::ranges::copy(penalty_.SupportOf(coefficients_.values().data()).units,
                      std::back_inserter(starting));
  const std::optional<BlockChoice::Joining> joining = choice_->Next(
      violators, std::move(starting), {nonzeros_, block_->size(), block_->MeanEntries()});
  if (!joining) {
    update.gives_block_up = true;
    update.goes_alone = choice_->is_stuck();
    choice_.reset();
    return;
  }
  update.next.solve = true;
  update.next.gather = joining->gather;
  for (const int32_t u : joining->units) {
    const Penalty::Unit unit = penalty_.unit(u);
    for (int32_t k = unit.first; k < unit.first + unit.count; ++k)
      update.next.joining.push_back(penalty_.Variable(k));
  }
}

void Model::SolveBlock(const BlockStep& step, std::span<const Partial> partials, Update& update) {
  // Of the gap over all variables: the block may be too small yet, but hardly where few join. The
  // last Newton steps of a logistic block gain many digits each, of those that anyone asks for.
  constexpr double kShare = 0.3, kFew = 0.05, kAskedFor = 1e-9;
  const bool few_join =
      static_cast<double>(step.joining.size()) <= kFew * static_cast<double>(block_->size());
  double gap = kShare * gap_;
  if (few_join)
    gap = std::min(gap, std::max(kAskedFor, (columns_->is_logistic ? 1e-3 : 0.1) * gap_));
  const Block::Change change = block_->Solve(step, UnitsOf(step.joining), partials, coefficients_,
                                             shifted_intercept_, penalty_, gap * null_objective_);
  updates_ += change.updates;
  solved_since_measured_ = true;
  const bool has_changed = !step.joining.empty() || !change.values.empty() || change.intercept != 0;
  choice_->Solved(has_changed);
  block_moved_ = block_moved_ || has_changed;
  MoveIntercept(change.intercept, update);
  for (const auto& [j, b] : change.values) {
    const size_t at = Index(j);
    double& old = coefficients_[at];
    update.columns.push_back(j);
    update.changes.push_back(b - old);
    if (projects_) MoveMean(-(b - old) * columns_->xe[at]);
    if (!shifts_.empty()) intercept_ -= (b - old) * shifts_[at];
    nonzeros_ += (b != 0) - (old != 0);
    old = b;
  }
  penalty_sum_ += change.penalty;
}

}  // namespace strads::lasso
