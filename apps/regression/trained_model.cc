#include "apps/regression/trained_model.h"

#include <strads/error.h>
#include <strads/linear_decision.h>
#include <strads/model_file.h>
#include <strads/parallel.h>

#include <algorithm>
#include <cmath>

namespace strads::regression {

RegressionModel LoadRegression(const std::string& path) {
  auto model = LoadModel<RegressionModel>(path, "regression", {"loss", "labels", "outputs"});
  if (model.loss != "squared" && model.loss != "logistic" && model.loss != "huber")
    throw DataError(path + ": its loss is '" + model.loss +
                    "', expected squared, logistic or huber");
  const bool is_logistic = model.loss == "logistic";
  const size_t classes = model.labels.size();
  const size_t expected = is_logistic && classes > 2 ? classes : 1;
  if (model.outputs.size() != expected || is_logistic != (classes >= 2))
    throw DataError(path + ": has no coefficients for its labels, expected a trained model");
  const size_t width = model.outputs.front().coefficients.size();
  const auto finite = [](double value) { return std::isfinite(value); };
  for (const Output& output : model.outputs) {
    if (output.coefficients.size() != width || !finite(output.intercept) ||
        !std::ranges::all_of(output.coefficients.values(), finite))
      throw DataError(path + ": has coefficients that do not fit each other or are not finite");
  }
  if (!model.features.empty() && model.features.size() != width)
    throw DataError(path + ": has names that do not fit its coefficients");
  return model;
}

std::vector<double> Fitted::Probabilities(int64_t row) const {
  const auto count = static_cast<size_t>(num_values);
  const double* const f = values.data() + static_cast<size_t>(row) * count;
  if (count == 1) return {1 / (1 + std::exp(f[0])), 1 / (1 + std::exp(-f[0]))};
  const double largest = *std::max_element(f, f + count);
  std::vector<double> shares;
  double sum = 0;
  for (size_t k = 0; k < count; ++k) sum += shares.emplace_back(std::exp(f[k] - largest));
  for (double& share : shares) share /= sum;
  return shares;
}

Fitted Fit(const std::string& model_path,
           const std::string& data_path,
           const std::string& target,
           bool needs_target,
           int threads) {
  Fitted result{.model = LoadRegression(model_path)};
  const RegressionModel& model = result.model;
  const bool is_logistic = model.loss == "logistic";
  const auto width = static_cast<int64_t>(model.outputs.front().coefficients.size());
  result.data = ReadForModel(data_path, {width, model.features, model.target}, target, needs_target,
                             threads, is_logistic ? TargetKind::kLabel : TargetKind::kNumber);
  std::vector<std::vector<double>> weights;
  for (const Output& output : model.outputs) {
    weights.push_back(output.coefficients.values());
    weights.back().push_back(output.intercept);
  }
  LinearDecision decision = {
      .num_classes = static_cast<int32_t>(model.labels.size()), .num_features = width, .bias = 1};
  for (const auto& w : weights) decision.weights.push_back(w.data());
  result.num_values = decision.num_values();
  ThreadPool pool(threads);
  result.values = decision.AllValues(result.data.x, pool);
  if (is_logistic) result.predicted = decision.Classes(result.values);
  return result;
}

}  // namespace strads::regression
