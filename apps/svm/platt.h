#pragma once

#include <cstdint>
#include <span>

namespace strads::svm {

// The probability 1 / (1 + exp(slope f + offset)) that a row of decision value f is of the class.
struct Sigmoid {
  double slope = 0;
  double offset = 0;

  double At(double f) const;
};

// The sigmoid of the largest likelihood, where rows of the class count as it with probability
// (p + 1) / (p + 2) and the others with 1 / (q + 2), of p and q of them: Platt, "Probabilistic
// Outputs for Support Vector Machines", 1999. By Newton's method, as Lin, Lin and Weng, "A Note on
// Platt's Probabilistic Outputs", 2007. `is_class` of each value. O(values) a step.
Sigmoid FitSigmoid(std::span<const double> values, std::span<const char> is_class);

}  // namespace strads::svm
