#pragma once

#include <strads/fields.h>
#include <strads/local_steps.h>

#include <span>
#include <string>
#include <vector>

#include "apps/regression/messages.h"

namespace strads::regression::sgd {

// What workers read.
struct Parameters {
  SharedWeights weights;  // of features divided by d_j
  double lambda = 1;      // the penalty's, divided by the number of rows
  // For workers that have not pushed yet: 1 / d_j, if not all are 1, and where the divided features
  // are centred, if there is an intercept; logistic: all labels, in order.
  std::vector<double> inverses, centre;
  std::vector<std::string> labels;

  // Of holders: what is not a vector is the same.
  static Parameters Join(std::span<const Parameters> parts);

  STRADS_FIELDS(weights, lambda, inverses, centre, labels)
};

}  // namespace strads::regression::sgd
