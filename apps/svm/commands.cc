#include "apps/svm/commands.h"

#include <strads/model_file.h>
#include <strads/output_file.h>
#include <strads/require.h>

#include "apps/svm/liblinear_file.h"
#include "apps/svm/sgd/sgd.h"
#include "apps/svm/svm.h"
#include "apps/svm/trained_model.h"

namespace strads::svm {
namespace {

struct ExportOptions {
  std::string model;
  std::string output;
  STRADS_FIELDS(model, output)
  STRADS_HELP("model: file that train has written",
              "output: liblinear model file; empty: standard output")
};

int RunExport(const ExportOptions& options) {
  RequireFile("model", options.model);
  OutputFile out(options.output);
  out.Write(ToLiblinear(options.model, LoadSvm(options.model)));
  out.Finish();
  return 0;
}

struct ImportOptions {
  std::string data;
  std::string model;
  STRADS_FIELDS(data, model)
  STRADS_HELP("data: model file that liblinear's train has written",
              "model: file of the model, for predict and evaluate")
};

int RunImport(const ImportOptions& options) {
  RequireFile("data", options.data);
  RequireFile("model", options.model);
  const SvmModel model = ReadLiblinear(options.data);
  Options trained;
  trained.data = options.data;
  trained.loss = model.loss;
  trained.multiclass = model.multiclass;
  trained.bias = model.has_bias;
  WriteModel(options.model, {"svm", ToValues(trained), Pack(model)});
  return 0;
}

}  // namespace

Command ExportCommand() {
  return MakeCommand<ExportOptions>("export", "write a model as liblinear does", RunExport);
}

Command ImportCommand() {
  return MakeCommand<ImportOptions>("import", "read a model that liblinear has trained", RunImport);
}

Program MakeSvm() {
  Program program = MakeProgram<Svm>(
      "svm", "minimise 1/2 |w|^2 + C sum of losses (hinge, squared_hinge) over w, to classify",
      {PredictCommand(), EvaluateCommand(), CalibrateCommand(), ExportCommand(), ImportCommand()});
  program.solvers["sgd"] = std::make_shared<const Program>(sgd::MakeSgd());
  return program;
}

}  // namespace strads::svm
