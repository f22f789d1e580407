#include <strads/classification.h>
#include <strads/require.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "apps/regression/commands.h"
#include "apps/regression/trained_model.h"

namespace strads::regression {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string target;
  int threads = 1;
  STRADS_FIELDS(model, data, target, threads)
  STRADS_HELP("model: file that train has written",
              "data: libsvm, Matrix Market or CSV file",
              "target: file of targets, for Matrix Market; name of their column, for CSV",
              "threads: for reading the data and fitting")
};

void PrintClassification(const Fitted& result) {
  const std::vector<std::string>& labels = result.model.labels;
  IdTable known;
  for (const std::string& label : labels) known.Add(label);
  const std::vector<int32_t> class_of = result.data.labels.IndicesIn(known);
  std::vector<int32_t> truth;
  double loss = 0, count = 0;
  for (const int32_t label : result.data.label) {
    truth.push_back(class_of[static_cast<size_t>(label)]);
    if (truth.back() < 0) continue;
    const std::vector<double> shares = result.Probabilities(std::ssize(truth) - 1);
    loss -= std::log(
        std::max(shares[static_cast<size_t>(truth.back())], std::numeric_limits<double>::min()));
    ++count;
  }
  const Confusion confusion(static_cast<int32_t>(labels.size()), truth, result.predicted);
  std::printf("rows      %lld\naccuracy  %.10g\nlog loss  %.10g\n",
              static_cast<long long>(confusion.rows()), confusion.Accuracy(), loss / count);
  if (result.num_values == 1) {
    const double area = AreaUnderCurve(truth, result.values);
    if (std::isfinite(area)) std::printf("auc       %.10g\n", area);
  }
  if (confusion.unknown() > 0)
    std::printf("unknown   %lld rows with labels that the model does not know, counted as wrong\n",
                static_cast<long long>(confusion.unknown()));
  std::printf("\n%s", ToText(confusion, labels).c_str());
}

void PrintRegression(const Fitted& result) {
  const Eigen::VectorXd& y = result.data.y;
  const Eigen::Map<const Eigen::VectorXd> fitted(result.values.data(), y.size());
  const auto n = static_cast<double>(y.size());
  const Eigen::VectorXd error = y - fitted;
  const double variation = (y.array() - y.mean()).square().sum();
  std::printf("rows  %lld\nrmse  %.10g\nmae   %.10g\n", static_cast<long long>(y.size()),
              std::sqrt(error.squaredNorm() / n), error.cwiseAbs().sum() / n);
  if (variation > 0) std::printf("r2    %.10g\n", 1 - error.squaredNorm() / variation);
}

int RunEvaluate(const EvaluateOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  const Fitted result = Fit(options.model, options.data, options.target, true, options.threads);
  result.model.loss == "logistic" ? PrintClassification(result) : PrintRegression(result);
  return 0;
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>(
      "evaluate",
      "compare fitted values with the targets: RMSE, MAE, R2; accuracy, log loss, AUC; precision, "
      "recall, F1 and confusion of classes",
      RunEvaluate);
}

}  // namespace strads::regression
