#include <strads/classification.h>
#include <strads/require.h>

#include <cmath>
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
  IdTable known;
  for (const std::string& label : labels) known.Add(label);
  const std::vector<int32_t> class_of = result.data.labels.IndicesIn(known);
  std::vector<int32_t> truth;
  for (const int32_t label : result.data.label)
    truth.push_back(class_of[static_cast<size_t>(label)]);
  const Confusion confusion(static_cast<int32_t>(labels.size()), truth, result.predicted);
  std::printf("rows      %lld\naccuracy  %.10g\n", static_cast<long long>(confusion.rows()),
              confusion.Accuracy());
  if (result.num_values == 1) {
    const double area = AreaUnderCurve(truth, result.values);
    if (std::isfinite(area)) std::printf("auc       %.10g\n", area);
  }
  if (confusion.unknown() > 0)
    std::printf("unknown   %lld rows with labels that the model does not know, counted as wrong\n",
                static_cast<long long>(confusion.unknown()));
  std::printf("\n%s", ToText(confusion, labels).c_str());
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
