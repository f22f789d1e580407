#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "apps/svm/classification.h"
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

// A share, or - where nothing can be divided.
std::string Share(double value) {
  if (!std::isfinite(value)) return "-";
  char text[40];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

void PrintClasses(const Confusion& confusion, const std::vector<std::string>& labels) {
  std::printf("\n%-12s %9s %9s %9s %9s\n", "class", "rows", "precision", "recall", "f1");
  for (int32_t k = 0; k < std::ssize(labels); ++k) {
    int64_t rows = 0;
    for (int32_t p = 0; p < std::ssize(labels); ++p) rows += confusion.Count(k, p);
    std::printf("%-12s %9lld %9s %9s %9s\n", labels[static_cast<size_t>(k)].c_str(),
                static_cast<long long>(rows), Share(confusion.Precision(k)).c_str(),
                Share(confusion.Recall(k)).c_str(), Share(confusion.F1(k)).c_str());
  }
  std::printf("\nconfusion (rows: true class, columns: predicted)\n%-12s", "");
  for (const std::string& label : labels) std::printf(" %9s", label.c_str());
  const auto print_row = [&](const std::string& name, int32_t truth) {
    std::printf("\n%-12s", name.c_str());
    for (int32_t p = 0; p < std::ssize(labels); ++p)
      std::printf(" %9lld", static_cast<long long>(confusion.Count(truth, p)));
  };
  for (int32_t k = 0; k < std::ssize(labels); ++k) print_row(labels[static_cast<size_t>(k)], k);
  if (confusion.unknown() > 0) print_row("(unknown)", static_cast<int32_t>(labels.size()));
  std::printf("\n");
}

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
  PrintClasses(confusion, labels);
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
