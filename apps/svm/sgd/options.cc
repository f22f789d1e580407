#include "apps/svm/sgd/options.h"

#include <strads/error.h>
#include <strads/feature_stats.h>
#include <strads/options.h>
#include <strads/require.h>

#include <cmath>

namespace strads::sgd {

void Options::Validate() const {
  if (data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  Require(C > 0 && std::isfinite(C), "C", std::to_string(C), "more than 0");
  Require(num_features >= 0, "num_features", std::to_string(num_features), "at least 0");
  Require(loss == "hinge" || loss == "squared_hinge" || loss == "logistic", "loss", loss,
          "hinge, squared_hinge or logistic");
  RequireScale(scale);
  hold_out().Validate();
  Require(epochs >= 0, "epochs", std::to_string(epochs), "at least 0");
  Require(local_epochs > 0 && local_epochs <= 1e6, "local_epochs", std::to_string(local_epochs),
          "more than 0 and at most 1000000");
  Require(solver == "sgd", "solver", solver, "sgd");
  if (epochs > 0 && local_epochs > epochs)
    throw UsageError("--local_epochs=" + internal::FormatOption(local_epochs) +
                     " is more than --epochs=" + std::to_string(epochs) +
                     ", expected no more passes in a clock than in all");
  Require(step >= 0 && std::isfinite(step), "step", std::to_string(step), "at least 0");
}

}  // namespace strads::sgd
