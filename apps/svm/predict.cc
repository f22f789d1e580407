#include <strads/error.h>
#include <strads/output_file.h>
#include <strads/require.h>

#include <span>
#include <string>

#include "apps/svm/commands.h"
#include "apps/svm/trained_model.h"

namespace strads::svm {
namespace {

struct PredictOptions {
  std::string model;
  std::string data;
  std::string target;
  std::string output;
  std::string values = "labels";
  int threads = 1;
  STRADS_FIELDS(model, data, target, output, values, threads)
  STRADS_HELP("model: file that train has written",
              "data: libsvm, Matrix Market or CSV file; of CSV, the labels' column may be missing",
              "target: file of labels, for Matrix Market; name of their column, for CSV",
              "output: file of the predictions, one row a line; empty: standard output",
              "values: labels, decision: w.x + b (of two classes positive for the second, else one "
              "for each class, in the model's order), or probabilities (of each class, in that "
              "order; after calibrate)",
              "threads: for reading the data and deciding")
};

int RunPredict(const PredictOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  if (options.values != "labels" && options.values != "decision" &&
      options.values != "probabilities")
    throw UsageError("--values=" + options.values +
                     " is out of range, expected labels, decision or probabilities");
  const Classified result =
      Classify(options.model, options.data, options.target, false, options.threads);
  std::string text;
  const auto count = static_cast<size_t>(result.num_values);
  for (size_t i = 0; i < result.predicted.size(); ++i) {
    if (options.values == "labels") {
      text += result.model.labels[static_cast<size_t>(result.predicted[i])];
    } else if (options.values == "probabilities") {
      text += NumbersToText(result.Probabilities(static_cast<int64_t>(i)));
    } else {
      text += NumbersToText(std::span(result.values).subspan(i * count, count));
    }
    text += '\n';
  }
  OutputFile out(options.output);
  out.Write(text);
  out.Finish();
  return 0;
}

}  // namespace

Command PredictCommand() {
  return MakeCommand<PredictOptions>("predict", "print labels or decision values for new data",
                                     RunPredict);
}

}  // namespace strads::svm
