#include "apps/mf/commands.h"

#include "apps/mf/factor_file.h"
#include "apps/mf/mf.h"

namespace strads::mf {

Program MakeMf() {
  Program program =
      MakeProgram<Mf>("mf", "factorize a matrix of ratings: sum of squared errors + penalty",
                      {PredictCommand(), EvaluateCommand(), RecommendCommand(), ExportCommand()});
  program.model_endings = {UserFactorPath(""), ItemFactorPath("")};
  return program;
}

}  // namespace strads::mf
