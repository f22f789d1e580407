#pragma once

#include <strads/run.h>

#include <Eigen/Core>
#include <string>

#include "apps/lasso/lasso.h"
#include "tests/support/family.h"
#include "tests/support/lasso_problems.h"

namespace strads::testing {

struct Solution {
  Summary summary;
  Eigen::VectorXd b;
  double lambda = 0;
  double lambda_max = 0;
  double intercept = 0;
};

// A run to this relative gap.
inline RunOptions To(double tolerance, int workers = 1, int staleness = 0) {
  RunOptions options;
  options.tolerance = tolerance;
  options.workers = workers;
  options.staleness = staleness;
  options.max_time = 60;  // far more than any of these takes
  return options;
}

// Trains on options.data.
Solution SolveFile(const lasso::Options& options,
                   const RunOptions& run,
                   const RunHooks& hooks = {});

// Trains on the problem, written to a file for the purpose.
Solution Solve(const Problem& problem,
               lasso::Options options,
               const RunOptions& run,
               const RunHooks& hooks = {});

// Trains a member of the family on the problem: `options` say the rest.
Solution SolveMember(const Problem& problem,
                     const Member& member,
                     lasso::Options options,
                     const RunOptions& run);

// The run has converged, what it says of itself is what the definitions say of its model, and the
// model is as good as it says.
void ExpectOptimal(const Problem& problem, const Solution& solution, double tolerance);

}  // namespace strads::testing
