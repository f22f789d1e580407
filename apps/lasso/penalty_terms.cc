#include "apps/lasso/penalty_terms.h"

#include <strads/error.h>
#include <strads/number_file.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

namespace strads::lasso {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Numbered in the order of their first variables.
std::vector<int32_t> ReadGroups(const std::string& path, int64_t num_variables) {
  const Eigen::VectorXd names = ReadNumbers(
      path, {.name = "group", .each = "variable", .count = num_variables, .whole = true});
  std::map<double, int32_t> number_of;
  std::vector<int32_t> groups;
  groups.reserve(static_cast<size_t>(names.size()));
  for (const double name : names)
    groups.push_back(number_of.emplace(name, static_cast<int32_t>(number_of.size())).first->second);
  return groups;
}

}  // namespace

PenaltyTerms::PenaltyTerms(const Options& options,
                           int64_t num_variables,
                           const std::vector<double>& deviations) {
  if (options.groups.empty() && options.penalty_factors.empty() && deviations.empty()) {
    base_ = Penalty(num_variables, {.l1 = options.l1_ratio, .l2 = 1 - options.l1_ratio},
                    options.nonnegative);
    return;
  }
  const auto p = static_cast<size_t>(num_variables);
  size_t num_units = p;
  std::vector<int32_t> sizes(p, 1);
  if (!options.groups.empty()) {
    group_of_ = ReadGroups(options.groups, num_variables);
    num_units =
        group_of_.empty() ? 0 : static_cast<size_t>(*std::ranges::max_element(group_of_)) + 1;
    sizes.assign(num_units, 0);
    for (const int32_t group : group_of_) ++sizes[static_cast<size_t>(group)];
  }
  std::vector<double> factors;
  if (options.penalty_factors.empty()) {
    for (const int32_t size : sizes) factors.push_back(std::sqrt(size));
  } else {
    const Eigen::VectorXd read =
        ReadNumbers(options.penalty_factors, {.name = "penalty factor",
                                              .each = group_of_.empty() ? "variable" : "group",
                                              .count = std::ssize(sizes),
                                              .may_be_infinite = true,
                                              .least = 0});
    factors.assign(read.begin(), read.end());
  }
  if (!group_of_.empty() && !deviations.empty()) LeaveConstantsOut(deviations, sizes, factors);
  if (!group_of_.empty()) DivideFreeGroups(sizes, factors);
  num_units = sizes.size();

  std::vector<Penalty::Unit> units(num_units);
  std::vector<int32_t> members;
  std::vector<double> scales;
  int32_t first = 0;
  for (size_t u = 0; u < num_units; ++u) {
    units[u].first = first;
    units[u].count = sizes[u];
    first += sizes[u];
  }
  if (!group_of_.empty()) {
    std::vector<int32_t> next;
    next.reserve(units.size());
    for (const Penalty::Unit unit : units) next.push_back(unit.first);
    members.resize(p);
    for (size_t j = 0; j < p; ++j)
      members[static_cast<size_t>(next[static_cast<size_t>(group_of_[j])]++)] =
          static_cast<int32_t>(j);
    for (const int32_t j : members) {
      if (deviations.empty()) break;
      const double deviation = deviations[static_cast<size_t>(j)];
      scales.push_back(deviation > 0 ? deviation : 1);
    }
  }
  for (size_t u = 0; u < num_units; ++u) {
    Penalty::Unit& unit = units[u];
    const double factor = factors[u];
    double deviation = 1;
    if (unit.count == 1 && !deviations.empty()) {
      const auto k = static_cast<size_t>(unit.first);
      deviation = deviations[members.empty() ? k : static_cast<size_t>(members[k])];
    }
    const bool is_out = factor == kInfinity || deviation == 0;
    unit.l1 = is_out ? kInfinity : factor * deviation * options.l1_ratio;
    unit.l2 = is_out ? 0 : factor * deviation * deviation * (1 - options.l1_ratio);
    has_free_units_ = has_free_units_ || unit.IsFree();
  }
  base_ = Penalty(std::move(units), std::move(members), std::move(scales), options.nonnegative);
}

// Behind all others.
void PenaltyTerms::MakeOwnUnit(size_t variable,
                               double factor,
                               std::vector<int32_t>& sizes,
                               std::vector<double>& factors) {
  int32_t& group = group_of_[variable];
  --sizes[static_cast<size_t>(group)];
  group = static_cast<int32_t>(sizes.size());
  sizes.push_back(1);
  factors.push_back(factor);
}

// Variables that do not vary become units of their own; groups of nothing else stay as they are.
void PenaltyTerms::LeaveConstantsOut(const std::vector<double>& deviations,
                                     std::vector<int32_t>& sizes,
                                     std::vector<double>& factors) {
  std::vector<bool> varies(sizes.size(), false);
  for (size_t j = 0; j < group_of_.size(); ++j) {
    if (deviations[j] > 0) varies[static_cast<size_t>(group_of_[j])] = true;
  }
  for (size_t u = 0; u < varies.size(); ++u) {
    if (!varies[u]) factors[u] = kInfinity;
  }
  for (size_t j = 0; j < group_of_.size(); ++j) {
    if (!(deviations[j] > 0) && varies[static_cast<size_t>(group_of_[j])])
      MakeOwnUnit(j, kInfinity, sizes, factors);
  }
}

// A group that is not penalised is nothing but its variables, which need no common step: theirs are
// exact however nearly collinear they are.
void PenaltyTerms::DivideFreeGroups(std::vector<int32_t>& sizes, std::vector<double>& factors) {
  std::vector<bool> has_first(sizes.size(), false);
  for (size_t j = 0; j < group_of_.size(); ++j) {
    const auto group = static_cast<size_t>(group_of_[j]);
    if (factors[group] != 0) continue;
    if (has_first[group]) MakeOwnUnit(j, 0, sizes, factors);
    has_first[group] = true;
  }
}

Penalty PenaltyTerms::At(double lambda) const {
  Penalty penalty = base_;
  penalty.Adjust([&](Penalty::Unit& unit) {
    unit.l1 *= lambda;
    unit.l2 *= lambda;
  });
  return penalty;
}

Penalty PenaltyTerms::OfFreeUnits() const {
  Penalty penalty = base_;
  penalty.Adjust([](Penalty::Unit& unit) {
    if (unit.IsFree()) return;
    unit.l1 = kInfinity;
    unit.l2 = 0;
  });
  return penalty;
}

double PenaltyTerms::LambdaMax(const double* slopes) const {
  double most = 0;
  for (const Penalty::Unit unit : base_.units()) {
    if (unit.l1 > 0 && unit.l1 < kInfinity)
      most = std::max(most, base_.Steepness(unit, slopes) / unit.l1);
  }
  return most;
}

}  // namespace strads::lasso
