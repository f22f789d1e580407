#include <strads/error.h>
#include <strads/output_file.h>
#include <strads/require.h>

#include <span>
#include <string>

#include "apps/regression/commands.h"
#include "apps/regression/trained_model.h"

namespace strads::regression {
namespace {

struct PredictOptions {
  std::string model;
  std::string data;
  std::string target;
  std::string output;
  std::string values = "predictions";
  int threads = 1;
  STRADS_FIELDS(model, data, target, output, values, threads)
  STRADS_HELP("model: file that train has written",
              "data: libsvm, Matrix Market or CSV file; of CSV, the target's column may be missing",
              "target: file of targets, for Matrix Market; name of their column, for CSV",
              "output: file of the predictions, one row a line; empty: standard output",
              "values: predictions (of logistic models labels), decision (f: of two classes "
              "positive for the second, else one for each class, in the model's order), or "
              "probabilities (of each class, in that order)",
              "threads: for reading the data and fitting")
};

int RunPredict(const PredictOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  const bool wants_probabilities = options.values == "probabilities";
  if (options.values != "predictions" && options.values != "decision" && !wants_probabilities)
    throw UsageError("--values=" + options.values +
                     " is out of range, expected predictions, decision or probabilities");
  const Fitted result = Fit(options.model, options.data, options.target, false, options.threads);
  const bool is_logistic = result.model.loss == "logistic";
  if (wants_probabilities && !is_logistic)
    throw UsageError("--values=probabilities needs a model of the logistic loss");
  std::string text;
  const auto count = static_cast<size_t>(result.num_values);
  for (int64_t i = 0; i < result.data.x.num_rows(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (is_logistic && options.values == "predictions") {
      text += result.model.labels[static_cast<size_t>(result.predicted[at])];
    } else if (wants_probabilities) {
      text += NumbersToText(result.Probabilities(i));
    } else {
      text += NumbersToText(std::span(result.values).subspan(at * count, count));
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
  return MakeCommand<PredictOptions>(
      "predict", "print fitted values, labels or probabilities for new data", RunPredict);
}

}  // namespace strads::regression
