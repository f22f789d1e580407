#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "strads/error.h"

namespace strads {

// The coupling of two variables, abs(cos(x_j, x_k)) up to its sign.
template <typename F>
concept CouplingFunction = requires(F& coupling, int32_t j, int32_t k) {
  { coupling(j, k) } -> std::convertible_to<double>;
};

// Picks variables that may be updated together: in the given order, keeps j if
// abs(coupling(j, k)) < max_coupling for every k kept before.
//
// Parallel updates of coupled variables each undo the same residual, so that together they
// overshoot (Bradley et al., ICML 2011); below a bound on the coupling they do not (the dependency
// check of STRADS, Lee et al., NIPS 2014). At most `parallelism` variables; the first candidate is
// always kept; a coupling that is not a number, and the coupling of a variable to itself, counts as
// too large. At most size * parallelism calls of `coupling`, fewer as j is dropped at once. Throws
// UsageError for a parallelism below 1.
template <CouplingFunction Coupling>
std::vector<int32_t> IndependentSet(std::span<const int32_t> candidates,
                                    int parallelism,
                                    double max_coupling,
                                    Coupling&& coupling) {
  if (parallelism < 1) {
    throw UsageError("the parallelism is " + std::to_string(parallelism) + ", expected at least 1");
  }
  std::vector<int32_t> kept;
  for (const int32_t j : candidates) {
    if (kept.size() == static_cast<size_t>(parallelism)) break;
    bool is_independent = true;
    for (size_t i = 0; i < kept.size() && is_independent; ++i) {
      is_independent = j != kept[i] && std::abs(double{coupling(j, kept[i])}) < max_coupling;
    }
    if (is_independent) kept.push_back(j);
  }
  return kept;
}

// The sentences of VerifyIndependentSet.
std::string CoupledMessage(int32_t j, int32_t k, double coupling, double max_coupling);
std::string RepeatedMessage(int32_t j);

// Checks what IndependentSet promises: empty if abs(coupling(j, k)) < max_coupling for every pair
// of `variables`, otherwise what is wrong with the first pair that fails, for example "variables 3
// and 17 have coupling 0.93, expected below 0.3". One call of `coupling` a pair.
template <CouplingFunction Coupling>
std::string VerifyIndependentSet(std::span<const int32_t> variables,
                                 double max_coupling,
                                 Coupling&& coupling) {
  for (size_t b = 0; b < variables.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      const int32_t j = variables[a];
      const int32_t k = variables[b];
      if (j == k) return RepeatedMessage(j);
      const double found = std::abs(double{coupling(j, k)});
      if (!(found < max_coupling)) return CoupledMessage(j, k, found, max_coupling);
    }
  }
  return "";
}

}  // namespace strads
