#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/lasso/options.h"
#include "apps/lasso/penalty.h"

namespace strads::lasso {

// Which units the options ask for, and how much each counts.
class PenaltyTerms {
 public:
  // `deviations` are the standard deviations of the variables; empty if they do not matter. Reads
  // the files of penalty factors and of groups. Throws kData if they do not fit so many variables.
  PenaltyTerms(const Options& options,
               int64_t num_variables,
               const std::vector<double>& deviations);

  Penalty At(double lambda) const;
  // Where only units that are not penalised may change.
  Penalty OfFreeUnits() const;
  bool has_free_units() const { return has_free_units_; }
  // The least lambda at which units of these slopes X'r of the loss stay zero.
  double LambdaMax(const double* slopes) const;

  // The group of each variable; empty if there are none.
  const std::vector<int32_t>& group_of() const { return group_of_; }

 private:
  void MakeOwnUnit(size_t variable,
                   double factor,
                   std::vector<int32_t>& sizes,
                   std::vector<double>& factors);
  void LeaveConstantsOut(const std::vector<double>& deviations,
                         std::vector<int32_t>& sizes,
                         std::vector<double>& factors);
  void DivideFreeGroups(std::vector<int32_t>& sizes, std::vector<double>& factors);

  Penalty base_;  // at lambda = 1
  std::vector<int32_t> group_of_;
  bool has_free_units_ = false;
};

}  // namespace strads::lasso
