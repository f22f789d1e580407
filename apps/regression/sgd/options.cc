#include "apps/regression/sgd/options.h"

#include <strads/error.h>
#include <strads/options.h>
#include <strads/require.h>

#include <cmath>

namespace strads::regression::sgd {

regression::Options Options::problem() const {
  regression::Options problem;
  problem.data = data;
  problem.target = target;
  problem.weights = weights;
  problem.num_features = num_features;
  problem.loss = loss;
  problem.delta = delta;
  problem.lambda = lambda;
  problem.intercept = intercept;
  problem.scale = scale;
  problem.validation_share = validation_share;
  problem.validation_fold = validation_fold;
  problem.seed = seed;
  return problem;
}

void Options::Validate() const {
  problem().Validate();
  Require(lambda > 0 && std::isfinite(lambda), "lambda", std::to_string(lambda),
          "more than 0 with --solver=sgd");
  Require(batch >= 1 && batch <= 1'000'000, "batch", std::to_string(batch), "1 to 1000000");
  Require(epochs >= 0, "epochs", std::to_string(epochs), "at least 0");
  Require(local_epochs > 0 && local_epochs <= 1e6, "local_epochs", std::to_string(local_epochs),
          "more than 0 and at most 1000000");
  if (epochs > 0 && local_epochs > epochs)
    throw UsageError("--local_epochs=" + internal::FormatOption(local_epochs) +
                     " is more than --epochs=" + std::to_string(epochs) +
                     ", expected no more passes in a clock than in all");
  Require(step >= 0 && std::isfinite(step), "step", std::to_string(step), "at least 0");
  if (hogwild && batch > 1)
    throw UsageError("--hogwild takes one row a step, and --batch=" + std::to_string(batch) +
                     " more, expected --batch=1");
  Require(solver == "sgd", "solver", solver, "sgd");
}

}  // namespace strads::regression::sgd
