#pragma once

#include <strads/parallel.h>

#include <cstdint>
#include <vector>

#include "apps/lasso/penalty.h"

namespace strads::lasso {

// What is looked for among all units at once. Arrays are indexed as the penalty's variables, or by
// units where it says so. The threads of `pool` (null: the caller's alone) are no part of the
// answer. O(variables).

struct Violators {
  std::vector<int32_t> units;   // ascending
  std::vector<double> changes;  // |X_u c| of the change c that Penalty::Change gives, or more
};

// The units that would change at coefficients b and slopes q = X'r: see Penalty::Change. `xx` are
// bounds on the loss's second derivatives, `norms` are |x_j|^2.
Violators FindViolators(const Penalty& penalty,
                        const double* b,
                        const double* q,
                        const double* xx,
                        const double* norms,
                        ThreadPool* pool);

// The units u with s t_u + radius lengths_u < l1_u, t_u being how steep the loss falls (Penalty::
// Steepness): those that the gap-safe rule shows to be zero in the best model, if s q is the slope
// at a dual point which is no farther than `radius` from the best one. Ascending.
std::vector<int32_t> FindZeros(const Penalty& penalty,
                               const double* q,
                               double s,
                               double radius,
                               const double* lengths,
                               ThreadPool* pool);

}  // namespace strads::lasso
