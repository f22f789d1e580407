#include "apps/svm/trained_model.h"

#include <strads/error.h>
#include <strads/linear_decision.h>
#include <strads/model_file.h>
#include <strads/parallel.h>

#include <algorithm>
#include <cmath>

#include "apps/svm/platt.h"

namespace strads::svm {

SvmModel LoadSvm(const std::string& path) {
  auto model = LoadModel<SvmModel>(path, "svm", {"labels", "has_bias", "classes"});
  const size_t classes = model.labels.size();
  const bool fits = classes >= 2 && (model.classes.size() == classes ||
                                     (classes == 2 && model.classes.size() == 1));
  if (!fits) throw DataError(path + ": has no weights for its labels, expected a trained model");
  const size_t width = model.classes.front().weights.size();
  const auto finite = [](double value) { return std::isfinite(value); };
  for (const ClassModel& of : model.classes) {
    if (of.weights.size() != width || !finite(of.bias) ||
        !std::ranges::all_of(of.weights.values(), finite))
      throw DataError(path + ": has weights that do not fit each other or are not finite");
  }
  if ((!model.scales.empty() && model.scales.size() != width) ||
      !std::ranges::all_of(model.scales, finite) ||
      (!model.features.empty() && model.features.size() != width))
    throw DataError(path + ": has scales or names that do not fit its weights");
  return model;
}

// Of more than two values each is of its class against all others: they are made to add up to 1.
std::vector<double> Classified::Probabilities(int64_t row) const {
  const auto count = static_cast<size_t>(num_values);
  std::vector<double> shares;
  double sum = 0;
  for (size_t k = 0; k < count; ++k) {
    const ClassModel& of = model.classes[k];
    if (of.sigmoid_slope == 0 && of.sigmoid_offset == 0)
      throw UsageError("the model has no probabilities yet: strads svm calibrate fits them");
    const Sigmoid sigmoid{.slope = of.sigmoid_slope, .offset = of.sigmoid_offset};
    sum += shares.emplace_back(sigmoid.At(values[static_cast<size_t>(row) * count + k]));
  }
  if (count == 1) return {1 - shares[0], shares[0]};
  for (double& share : shares) share = sum > 0 ? share / sum : 1 / static_cast<double>(count);
  return shares;
}

Classified Classify(const std::string& model_path,
                    const std::string& data_path,
                    const std::string& target,
                    bool needs_labels,
                    int threads) {
  Classified result{.model = LoadSvm(model_path)};
  const SvmModel& model = result.model;
  const auto width = static_cast<int64_t>(model.classes.front().weights.size());
  result.data =
      ReadForModel(data_path, {width, model.features, model.target}, target, needs_labels, threads);
  std::vector<std::vector<double>> weights;
  LinearDecision decision = {.num_classes = static_cast<int32_t>(model.labels.size()),
                             .num_features = width,
                             .bias = model.has_bias ? 1.0 : 0.0};
  for (const ClassModel& of : model.classes) {
    std::vector<double>& w = weights.emplace_back(of.weights.values());
    for (size_t j = 0; j < model.scales.size(); ++j) w[j] *= model.scales[j];
    w.push_back(of.bias);
  }
  for (const auto& w : weights) decision.weights.push_back(w.data());
  result.num_values = decision.num_values();
  ThreadPool pool(threads);
  result.values = decision.AllValues(result.data.x, pool);
  result.predicted = decision.Classes(result.values);
  return result;
}

}  // namespace strads::svm
