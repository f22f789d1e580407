#include "apps/svm/options.h"

#include <strads/error.h>
#include <strads/feature_stats.h>
#include <strads/require.h>

#include <cmath>

namespace strads::svm {

void Options::Validate() const {
  if (data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  Require(C > 0 && std::isfinite(C), "C", std::to_string(C), "more than 0");
  Require(num_features >= 0, "num_features", std::to_string(num_features), "at least 0");
  Require(loss == "hinge" || loss == "squared_hinge", "loss", loss, "hinge or squared_hinge");
  Require(multiclass == "one_against_all" || multiclass == "crammer_singer", "multiclass",
          multiclass, "one_against_all or crammer_singer");
  Require(divide == "auto" || divide == "rows" || divide == "classes", "divide", divide,
          "auto, rows or classes");
  RequireScale(scale);
  hold_out().Validate();
  Require(solver == "cocoa", "solver", solver, "cocoa or sgd");
  if (IsCrammerSinger() && IsSquared())
    throw UsageError("--multiclass=crammer_singer needs --loss=hinge");
  if (IsCrammerSinger() && divide == "classes")
    throw UsageError("--divide=classes needs --multiclass=one_against_all");
}

}  // namespace strads::svm
