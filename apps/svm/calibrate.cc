#include <strads/error.h>
#include <strads/model_file.h>
#include <strads/require.h>

#include <cstdio>
#include <string>
#include <vector>

#include "apps/svm/commands.h"
#include "apps/svm/platt.h"
#include "apps/svm/trained_model.h"

namespace strads::svm {
namespace {

struct CalibrateOptions {
  std::string model;
  std::string data;
  std::string target;
  std::string output;
  int threads = 1;
  STRADS_FIELDS(model, data, target, output, threads)
  STRADS_HELP("model: file that train has written",
              "data: libsvm, Matrix Market or CSV file, best of rows that were not trained on",
              "target: file of labels, for Matrix Market; name of their column, for CSV",
              "output: file of the model with probabilities; empty: that of the model",
              "threads: for reading the data and deciding")
};

int RunCalibrate(const CalibrateOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  SavedModel saved = ReadModel(options.model, "svm");
  Classified result = Classify(options.model, options.data, options.target, true, options.threads);
  SvmModel& model = result.model;
  const auto count = static_cast<size_t>(result.num_values);
  for (size_t k = 0; k < count; ++k) {
    ClassModel& of = model.classes[k];
    const int32_t label = result.data.labels.Find(of.label);
    std::vector<double> values;
    std::vector<char> is_class;
    bool has_both = label >= 0;
    int64_t rows = 0;
    for (size_t i = 0; i < result.predicted.size(); ++i) {
      values.push_back(result.values[i * count + k]);
      is_class.push_back(result.data.label[i] == label ? 1 : 0);
      rows += is_class.back();
    }
    has_both = has_both && rows < std::ssize(is_class);
    if (!has_both)
      throw DataError(options.data + ": rows of class '" + of.label +
                      "' and of others are needed, expected some of each");
    const Sigmoid sigmoid = FitSigmoid(values, is_class);
    of.sigmoid_slope = sigmoid.slope;
    of.sigmoid_offset = sigmoid.offset;
  }
  saved.model = Pack(model);
  WriteModel(options.output.empty() ? options.model : options.output, saved);
  std::printf("rows      %zu\n", result.predicted.size());
  return 0;
}

}  // namespace

Command CalibrateCommand() {
  return MakeCommand<CalibrateOptions>(
      "calibrate", "fit probabilities to a model's decision values (Platt)", RunCalibrate);
}

}  // namespace strads::svm
