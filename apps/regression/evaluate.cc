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
  const std::vector<int32_t> truth = ClassesOf(result.data, labels);
  double loss = 0, count = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] < 0) continue;
    const std::vector<double> shares = result.Probabilities(static_cast<int64_t>(i));
    loss -= std::log(
        std::max(shares[static_cast<size_t>(truth[i])], std::numeric_limits<double>::min()));
    ++count;
  }
  const Confusion confusion(static_cast<int32_t>(labels.size()), truth, result.predicted);
  std::printf("rows      %lld\naccuracy  %.10g\n", static_cast<long long>(confusion.rows()),
              confusion.Accuracy());
  if (count > 0) std::printf("log loss  %.10g\n", loss / count);
  std::fputs(ToText(confusion, labels, truth, result.values).c_str(), stdout);
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
