#include <strads/classification.h>
#include <strads/error.h>
#include <strads/output_file.h>

#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "apps/lasso/lasso.h"
#include "apps/lasso/logistic.h"
#include "apps/lasso/path.h"

namespace strads::lasso {
namespace {

struct PredictOptions {
  std::string model;
  std::string data;
  std::string target;
  std::string output;
  int threads = 1;
  STRADS_FIELDS(model, data, target, output, threads)
  STRADS_HELP("model: file that train has written",
              "data: libsvm or Matrix Market file",
              "target: file of the target vector, for Matrix Market data; not used",
              "output: file of the predictions, one a line; empty: standard output",
              "threads: for reading the data")
};

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string target;
  int threads = 1;
  STRADS_FIELDS(model, data, target, threads)
  STRADS_HELP("model: file that train has written",
              "data: libsvm or Matrix Market file",
              "target: file of the target vector, for Matrix Market data",
              "threads: for reading the data")
};

struct Predictions {
  Dataset data;
  Eigen::VectorXd fitted;  // b0 + X b
  bool is_logistic = false;
};

template <class Options>
Predictions Predict(const Options& options, bool needs_target) {
  if (options.model.empty()) throw UsageError("--model is missing, expected --model=FILE");
  if (options.data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  const Model model = LoadLasso(options.model);
  if (model.coefficients().size() == 0)
    throw DataError(options.model + ": the model has no coefficients");
  Predictions p{ReadDataset(options.data, Shard{0, 1, options.threads},
                            {.target = options.target,
                             .needs_target = needs_target,
                             .classes = needs_target && model.loss() == "logistic"}),
                {},
                model.loss() == "logistic"};
  p.fitted = model.Fitted(p.data.x);
  const auto known = static_cast<int64_t>(model.coefficients().size());
  if (p.data.x.num_cols() > known) {
    std::fprintf(stderr, "%s: %lld variables that the model does not know are ignored\n",
                 options.data.c_str(), static_cast<long long>(p.data.x.num_cols() - known));
  }
  return p;
}

int RunPredict(const PredictOptions& options) {
  const Predictions p = Predict(options, false);
  OutputFile out(options.output);
  for (const double value : p.fitted) {
    const double prediction = p.is_logistic ? 1 / (1 + std::exp(-value)) : value;
    out.Write(NumbersToText({&prediction, 1}) + "\n");
  }
  out.Finish();
  return 0;
}

void PrintClassification(const Predictions& p) {
  const auto n = static_cast<double>(p.data.y.size());
  double right = 0, loss = 0;
  for (Eigen::Index i = 0; i < p.data.y.size(); ++i) {
    const bool positive = p.data.y[i] > 0;
    right += positive == (p.fitted[i] > 0);
    loss += LogisticAt(positive, 1, p.fitted[i]).loss;
  }
  std::printf("accuracy  %.10g\nlog loss  %.10g\n", right / n, loss / n);
  std::vector<int32_t> truth;
  for (const double y : p.data.y) truth.push_back(y > 0 ? 1 : 0);
  const double area = AreaUnderCurve(truth, {p.fitted.data(), truth.size()});
  if (std::isfinite(area)) std::printf("auc       %.10g\n", area);
}

void PrintRegression(const Predictions& p) {
  const auto n = static_cast<double>(p.data.y.size());
  const Eigen::VectorXd error = p.data.y - p.fitted;
  const double variation = (p.data.y.array() - p.data.y.mean()).square().sum();
  std::printf("rmse  %.10g\nmae   %.10g\n", std::sqrt(error.squaredNorm() / n),
              error.cwiseAbs().sum() / n);
  if (variation > 0) std::printf("r2    %.10g\n", 1 - error.squaredNorm() / variation);
}

int RunEvaluate(const EvaluateOptions& options) {
  const Predictions p = Predict(options, true);
  std::printf(p.is_logistic ? "rows      %lld\n" : "rows  %lld\n",
              static_cast<long long>(p.data.y.size()));
  p.is_logistic ? PrintClassification(p) : PrintRegression(p);
  return 0;
}

}  // namespace

Program MakeLasso() {
  return MakeProgram<Lasso>(
      "lasso", "minimise a sum of losses (squared, logistic) + lambda |b|_1 over b, and its family",
      {MakeCommand("path", "fit the models of a grid of lambdas, and cross-validate them",
                   MakeLassoPath()),
       MakeCommand<PredictOptions>("predict", "print fitted values (probabilities) for new data",
                                   RunPredict),
       MakeCommand<EvaluateOptions>(
           "evaluate",
           "compare fitted values with the targets: RMSE, MAE, R2; accuracy, log loss, AUC",
           RunEvaluate)});
}

}  // namespace strads::lasso
