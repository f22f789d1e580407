#include "apps/regression/commands.h"

#include <string>
#include <utility>
#include <vector>

#include "apps/regression/regression.h"
#include "apps/regression/sgd/sgd.h"

namespace strads::regression {
namespace {

constexpr const char* kSummary =
    "minimise a sum of losses (squared, huber, logistic) + lambda/2 |w|^2 over w, ";

std::string Describe(const Bytes& model) {
  RegressionModel trained;
  codec::Decoder decoder(model);
  codec::Decode(decoder.root(), trained);
  return trained.Describe();
}

Program Finished(Program program) {
  program.certifies = false;
  program.describe = Describe;
  return program;
}

}  // namespace

Program MakeRegression() {
  const std::vector<Command> commands = {PredictCommand(), EvaluateCommand()};
  Program program = Finished(MakeProgram<Regression>(
      "regression", std::string(kSummary) + "all rows in each round", commands));
  Program by_sgd = Finished(
      MakeProgram<sgd::Sgd>("regression_sgd", std::string(kSummary) + "data-parallel", commands));
  by_sgd.family = "regression";
  program.solvers["sgd"] = std::make_shared<const Program>(std::move(by_sgd));
  return program;
}

}  // namespace strads::regression
