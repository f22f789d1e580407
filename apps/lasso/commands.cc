#include <cmath>
#include <cstdio>
#include <memory>

#include "apps/lasso/lasso.h"

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
              "target: file of the target vector, for Matrix Market data",
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
  Eigen::VectorXd fitted;  // X b
};

template <class Options>
Predictions Predict(const Options& options) {
  if (options.model.empty()) throw UsageError("--model is missing, expected --model=FILE");
  if (options.data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  const auto model = LoadModel<Model>(options.model, "lasso");
  Predictions p{ReadDataset(options.data, Shard{0, 1, options.threads}, {.target = options.target}),
                {}};
  p.fitted = Eigen::VectorXd::Zero(p.data.x.num_rows());
  const auto known = static_cast<int64_t>(model.coefficients().size());
  for (int j = 0; j < std::min(known, p.data.x.num_cols()); ++j) {
    const double b = model.coefficients()[static_cast<size_t>(j)];
    if (b != 0) p.data.x.AddColumn(j, b, p.fitted);
  }
  if (p.data.x.num_cols() > known) {
    std::fprintf(stderr, "%s: %lld variables that the model does not know are ignored\n",
                 options.data.c_str(), static_cast<long long>(p.data.x.num_cols() - known));
  }
  return p;
}

int RunPredict(const PredictOptions& options) {
  const Predictions p = Predict(options);
  std::FILE* const out = options.output.empty() ? stdout : std::fopen(options.output.c_str(), "w");
  if (out == nullptr) throw DataError(options.output + ": cannot be written");
  for (const double value : p.fitted) std::fprintf(out, "%.17g\n", value);
  const bool failed = std::ferror(out) != 0;
  if ((out != stdout && std::fclose(out) != 0) || failed)
    throw DataError(options.output + ": cannot be written");
  return 0;
}

int RunEvaluate(const EvaluateOptions& options) {
  const Predictions p = Predict(options);
  const auto n = static_cast<double>(p.data.y.size());
  const Eigen::VectorXd error = p.data.y - p.fitted;
  const double variation = (p.data.y.array() - p.data.y.mean()).square().sum();
  std::printf("rows  %lld\nrmse  %.10g\nmae   %.10g\n", static_cast<long long>(p.data.y.size()),
              std::sqrt(error.squaredNorm() / n), error.cwiseAbs().sum() / n);
  if (variation > 0) std::printf("r2    %.10g\n", 1 - error.squaredNorm() / variation);
  return 0;
}

}  // namespace

Program MakeLasso() {
  return MakeProgram<Lasso>(
      "lasso", "minimise 1/2|y - Xb|^2 + lambda|b|_1 over b",
      {MakeCommand<PredictOptions>("predict", "print X b for new data", RunPredict),
       MakeCommand<EvaluateOptions>("evaluate", "compare X b with the targets: RMSE, MAE, R2",
                                    RunEvaluate)});
}

}  // namespace strads::lasso
