#pragma once

#include <Eigen/Core>
#include <vector>

#include "tests/support/lasso_problems.h"

namespace strads::testing {

// A member of the lasso family, by its definition (apps/lasso/options.h).
struct Member {
  bool logistic = false;
  double l1_ratio = 1;
  bool intercept = false;
  bool standardize = false;
  bool nonnegative = false;
  Eigen::VectorXd weights = {};  // of rows; empty: 1
  Eigen::VectorXd factors = {};  // of variables or groups; empty: 1, or the roots of sizes
  std::vector<int> groups = {};  // of each variable; empty: none
};

struct Fit {
  double intercept = 0;
  Eigen::VectorXd b;
};

double FamilyObjective(const Problem& problem, const Member& member, double lambda, const Fit& fit);

// The least objective, by accelerated proximal gradient (Beck and Teboulle, 2009) with restarts,
// until its steps are nothing but rounding. Throws if it does not come to that.
Fit FamilyOptimum(const Problem& problem, const Member& member, double lambda);

// Where all that is penalised is zero and the rest is at its best: what gaps are relative to, and
// the least lambda at which it is optimal.
struct NullModel {
  double objective = 0;
  double lambda_max = 0;
};
NullModel FamilyNullModel(const Problem& problem, const Member& member);

}  // namespace strads::testing
