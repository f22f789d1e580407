#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "apps/regression/optimizer.h"
#include "apps/regression/options.h"

namespace strads::regression {

// The shape of the data that are trained on.
struct Shape {
  int64_t rows = 0;
  int64_t features = 0;
  int64_t entries = 0;  // that are not zero
  int64_t outputs = 1;
};

struct SolverChoice {
  std::string solver;
  std::string reason;  // of the choice, for people
};

// options.solver, or what is likely to be fastest. Throws UsageError for normal equations that are
// too many to be held.
SolverChoice ChooseSolver(const Options& options, const Shape& shape);

// The curvature of the losses along a variable of Variables, at most.
double LossCurvature(const Options& options, const Shape& shape, double weight);

// `variables` outlives it.
std::unique_ptr<Optimizer> MakeOptimizer(const std::string& solver,
                                         const Options& options,
                                         const Shape& shape,
                                         const Variables& variables,
                                         const Eigen::VectorXd& start);

}  // namespace strads::regression
