#include "apps/mf/commands.h"

#include "apps/mf/mf.h"

namespace strads::mf {

Program MakeMf() {
  return MakeProgram<Mf>(
      "mf", "factorize a matrix of ratings: sum of squared errors + penalty",
      {PredictCommand(), EvaluateCommand(), RecommendCommand(), ExportCommand()});
}

}  // namespace strads::mf
