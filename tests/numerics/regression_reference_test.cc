#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/regression/regression.h"
#include "apps/regression/trained_model.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

std::string ReferenceFolder() {
  const char* variable = std::getenv("STRADS_REFERENCE_DATA");
  return variable != nullptr ? variable : STRADS_REFERENCE_DATA;
}

nlohmann::json ReadReference(const std::string& name) {
  std::ifstream file(ReferenceFolder() + "/reference/" + name);
  return file ? nlohmann::json::parse(file) : nlohmann::json();
}

ResultOf<regression::Regression> Train(const regression::Options& options, int workers) {
  RunOptions run;
  run.workers = workers;
  run.threads = 2;
  run.tolerance = options.tolerance;
  run.max_time = 60;
  return Run<regression::Regression>(options, run);
}

// By singular values.
TEST(RegressionReference, LeastSquaresAndRidge) {
  const auto json = ReadReference("regression.json");
  if (json.is_null()) GTEST_SKIP() << "set STRADS_REFERENCE_DATA";
  int found = 0;
  for (const auto& known : json.at("problems")) {
    regression::Options options;
    options.data = ReferenceFolder() + "/data/" + known.at("data").get<std::string>();
    options.lambda = known.at("lam").get<double>();
    options.solver = "normal";
    SCOPED_TRACE(options.data + ", lambda " + std::to_string(options.lambda));
    const auto result = Train(options, 1 + found++ % 2);
    EXPECT_EQ(result.summary.termination, Termination::kConverged) << result.summary.message;
    const auto objective = known.at("objective").get<double>() / 2;
    EXPECT_NEAR(result.summary.objective, objective, 1e-9 * objective);
    const regression::Output& output = result.model.outputs.front();
    const auto b = known.at("b").get<std::vector<double>>();
    double distance = 0, norm = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      distance += std::pow(output.coefficients[j] - b[j], 2);
      norm += b[j] * b[j];
    }
    EXPECT_LT(std::sqrt(distance), 1e-6 * std::sqrt(norm));
    const auto b0 = known.at("b0").get<double>();
    EXPECT_NEAR(output.intercept, b0, 1e-6 * std::max(1.0, std::abs(b0)));
  }
  EXPECT_GE(found, 9);
}

double ErrorOn(const regression::Model& model, const std::string& data) {
  const TempDir temp;
  regression::Options options;
  WriteModel(temp.Path("model"), {"regression", ToValues(options), Pack(model)});
  const regression::Fitted result = regression::Fit(temp.Path("model"), data, "", true, 2);
  double wrong = 0;
  for (size_t i = 0; i < result.predicted.size(); ++i) {
    wrong += result.data.labels.Name(result.data.label[i]) !=
             result.model.labels[static_cast<size_t>(result.predicted[i])];
  }
  return wrong / static_cast<double>(result.predicted.size());
}

// Theirs is 1/2 |w|^2 + C times the losses: ours divided by lambda = 1 / C.
TEST(RegressionReference, LogisticLoss) {
  const auto json = ReadReference("classification.json");
  if (json.is_null()) GTEST_SKIP() << "set STRADS_REFERENCE_DATA";
  int found = 0;
  for (const auto& known : json.at("problems")) {
    if (known.at("loss") != "logistic") continue;
    const auto c = known.at("C").get<double>();
    regression::Options options;
    options.data = ReferenceFolder() + "/data/" + known.at("data").get<std::string>();
    options.loss = "logistic";
    options.lambda = 1 / c;
    options.intercept = false;
    SCOPED_TRACE(options.data + ", C " + std::to_string(c));
    const auto result = Train(options, 1 + found++ % 2);
    EXPECT_EQ(result.summary.termination, Termination::kConverged) << result.summary.message;
    const auto objective = known.at("objective").get<double>();
    EXPECT_LE(result.summary.objective * c, objective * (1 + 1e-6));  // theirs is an upper bound
    EXPECT_GE(result.summary.objective * c, objective * (1 - 1e-4));
    if (known.contains("test_error")) {
      const std::string test = ReferenceFolder() + "/data/" + known.at("test").get<std::string>();
      EXPECT_NEAR(ErrorOn(result.model, test), known.at("test_error").get<double>(), 2e-3);
    }
  }
  EXPECT_GE(found, 4);
}

// Their squared hinge one-against-all, our multinomial loss: as accurate, not the same.
TEST(RegressionReference, ClassesAreToldApartAsWell) {
  const auto json = ReadReference("multiclass.json");
  if (json.is_null()) GTEST_SKIP() << "set STRADS_REFERENCE_DATA";
  for (const auto& known : json.at("problems")) {
    regression::Options options;
    options.data = ReferenceFolder() + "/data/" + known.at("data").get<std::string>();
    if (options.data.find("usps") != std::string::npos) continue;  // 7,291 dense rows
    options.loss = "logistic";
    options.lambda = 1;
    options.tolerance = 1e-3;
    SCOPED_TRACE(options.data);
    EXPECT_LT(ErrorOn(Train(options, 1).model, options.data),
              1 - known.at("train_accuracy").get<double>() + 0.01);
  }
}

}  // namespace
}  // namespace strads::testing
