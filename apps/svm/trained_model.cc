#include "apps/svm/trained_model.h"

#include <strads/csv.h>
#include <strads/error.h>
#include <strads/model_file.h>
#include <strads/parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/svm/decision.h"

namespace strads::svm {
namespace {

constexpr int64_t kGrain = 256;  // rows

// The columns of the model, where the data's have names.
void MatchFeatures(const std::string& path,
                   const SvmModel& model,
                   ThreadPool& pool,
                   LabelledRows& data) {
  IdTable known, given;
  for (const std::string& name : model.features) known.Add(name);
  for (const std::string& name : data.features) given.Add(name);
  for (const std::string& name : model.features) {
    if (given.Find(name) < 0)
      throw DataError(path + ":1: no column is named '" + name +
                      "', expected all features of the model");
  }
  data.x = data.x.MapColumns(given.IndicesIn(known), known.size(), pool);
}

void TellUnknown(const std::string& path, int64_t count) {
  if (count > 0)
    std::fprintf(stderr, "%s: %lld features that the model does not know are ignored\n",
                 path.c_str(), static_cast<long long>(count));
}

}  // namespace

SvmModel LoadSvm(const std::string& path) {
  auto model = LoadModel<SvmModel>(path, "svm");
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

Classified Classify(const std::string& model_path,
                    const std::string& data_path,
                    const std::string& target,
                    bool needs_labels,
                    int threads) {
  Classified result{.model = LoadSvm(model_path)};
  const SvmModel& model = result.model;
  ThreadPool pool(threads);
  const Shard all{0, 1, threads};
  if (model.features.empty()) {
    result.data = ReadLabelledRows(data_path, all, {.target = target});
    TellUnknown(data_path, result.data.x.num_cols() -
                               static_cast<int64_t>(model.classes.front().weights.size()));
  } else {
    result.data =
        ReadCsv(data_path, all,
                {.target = target.empty() ? model.target : target, .needs_target = needs_labels});
    TellUnknown(data_path, std::ssize(result.data.features) - std::ssize(model.features));
    MatchFeatures(data_path, model, pool, result.data);
  }
  std::vector<std::vector<double>> weights;
  Decision decision = {.num_classes = static_cast<int32_t>(model.labels.size()),
                       .num_features = static_cast<int64_t>(model.classes.front().weights.size()),
                       .bias = model.has_bias ? 1.0 : 0.0};
  for (const ClassModel& of : model.classes) {
    std::vector<double>& w = weights.emplace_back(of.weights.values());
    for (size_t j = 0; j < model.scales.size(); ++j) w[j] *= model.scales[j];
    w.push_back(of.bias);
  }
  for (const auto& w : weights) decision.weights.push_back(w.data());
  result.num_values = decision.num_values();
  const int64_t rows = result.data.x.num_rows();
  result.values.resize(static_cast<size_t>(rows * result.num_values));
  result.predicted.resize(static_cast<size_t>(rows));
  pool.ParallelFor(
      rows,
      [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const auto values = std::span(result.values)
                                  .subspan(static_cast<size_t>(i * result.num_values),
                                           static_cast<size_t>(result.num_values));
          decision.Values(result.data.x, i, values);
          result.predicted[static_cast<size_t>(i)] = decision.ClassOf(values);
        }
      },
      kGrain);
  return result;
}

}  // namespace strads::svm
