#pragma once

#include <Eigen/Core>
#include <vector>

#include "apps/regression/variables.h"

namespace strads::regression {

// What Sums::gram is the upper triangle of, with features scaled as variables are.
struct Gram {
  Eigen::MatrixXd features;   // of all pairs of features
  Eigen::VectorXd with_last;  // of each feature with what comes after them
  double last = 0;            // of that with itself
};

// Solutions that follow from a Gram are corrected by the slopes measured at them: a correction that
// leaves more than this share of what was left to gain was rounding.
inline constexpr double kLeastGain = 0.25;

// Throws ProtocolError if it does not fit the features. O(features^2).
Gram GramOf(const std::vector<double>& triangle, const Variables& variables);

}  // namespace strads::regression
