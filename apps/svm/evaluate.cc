#include <strads/classification.h>
#include <strads/require.h>

#include <cstdio>
#include <string>
#include <vector>

#include "apps/svm/commands.h"
#include "apps/svm/trained_model.h"

namespace strads::svm {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string target;
  int threads = 1;
  STRADS_FIELDS(model, data, target, threads)
  STRADS_HELP("model: file that train has written",
              "data: libsvm, Matrix Market or CSV file",
              "target: file of labels, for Matrix Market; name of their column, for CSV",
              "threads: for reading the data and deciding")
};

int RunEvaluate(const EvaluateOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  const Classified result =
      Classify(options.model, options.data, options.target, true, options.threads);
  const std::vector<std::string>& labels = result.model.labels;
  const std::vector<int32_t> truth = ClassesOf(result.data, labels);
  const Confusion confusion(static_cast<int32_t>(labels.size()), truth, result.predicted);
  std::printf("rows      %lld\naccuracy  %.10g\n", static_cast<long long>(confusion.rows()),
              confusion.Accuracy());
  std::fputs(ToText(confusion, labels, truth, result.values).c_str(), stdout);
  return 0;
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>(
      "evaluate",
      "compare predictions with labels: accuracy, AUC; precision, recall, F1 and confusion of "
      "classes",
      RunEvaluate);
}

}  // namespace strads::svm
