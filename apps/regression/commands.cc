#include "apps/regression/commands.h"

#include "apps/regression/regression.h"

namespace strads::regression {

Program MakeRegression() {
  Program program = MakeProgram<Regression>(
      "regression",
      "minimise a sum of losses (squared, huber, logistic) + lambda/2 |w|^2 over w, all rows in "
      "each round",
      {PredictCommand(), EvaluateCommand()});
  program.certifies = false;
  program.describe = [](const Bytes& model) {
    RegressionModel trained;
    codec::Decoder decoder(model);
    codec::Decode(decoder.root(), trained);
    return trained.Describe();
  };
  return program;
}

}  // namespace strads::regression
