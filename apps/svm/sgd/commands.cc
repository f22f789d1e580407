#include "apps/svm/commands.h"

#include "apps/svm/sgd/sgd.h"

namespace strads::sgd {

Program MakeSgd() {
  Program program = MakeProgram<Sgd>(
      "sgd",
      "minimise 1/2 |w|^2 + C sum of losses (hinge, squared_hinge, logistic) over w, data-parallel",
      {svm::PredictCommand(), svm::EvaluateCommand()});
  program.family = "svm";
  return program;
}

}  // namespace strads::sgd
