#include "tests/support/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "tests/numerics/solve.h"
#include "tests/support/family.h"

namespace strads::testing {
namespace {

Solution SolveAt(const std::string& path, double ratio) {
  lasso::Options options;
  options.data = path;
  options.lambda_ratio = ratio;
  return SolveFile(options, To(1e-9));
}

struct Known {
  std::string file;
  double lambda_ratio;
  double objective;

  friend void PrintTo(const Known& known, std::ostream* out) {
    *out << known.file << " at lambda_max * " << known.lambda_ratio;
  }
};

// The data sets that come with the app. The objectives were computed by an independent solver,
// scikit-learn's coordinate descent, to a relative duality gap of 5e-10 and less.
class ShippedData : public ::testing::TestWithParam<Known> {};

TEST_P(ShippedData, HasTheObjectiveThatAnIndependentSolverFinds) {
  const std::string path = std::string(STRADS_SOURCE_DIR) + "/apps/lasso/data/" + GetParam().file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "there is no " << path;
  const Solution solution = SolveAt(path, GetParam().lambda_ratio);
  EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
  const Problem problem = FromLibsvm(ReadMaybePacked(path));
  const double null_objective = NullObjective(problem);
  const double objective = Objective(problem, solution.b, solution.lambda);
  EXPECT_NEAR(objective, GetParam().objective, 1e-8 * null_objective);
  EXPECT_NEAR(solution.summary.objective, objective, 1e-12 * null_objective);
  EXPECT_LE(RelativeGap(problem, solution.b, solution.lambda), 1e-8);
}

INSTANTIATE_TEST_SUITE_P(Of,
                         ShippedData,
                         ::testing::Values(Known{"mug05.libsvm.xz", 0.3, 113080.27954168277},
                                           Known{"mug05.libsvm.xz", 0.1, 53621.07508740411},
                                           Known{"colon.libsvm.xz", 0.3, 28.119753790469268},
                                           Known{"colon.libsvm.xz", 0.1, 21.755718436329772},
                                           Known{"colon.libsvm.xz", 0.01, 8.91129204433594}),
                         [](const auto& of) {
                           const auto percent = static_cast<int>(100 * of.param.lambda_ratio);
                           return of.param.file.substr(0, 5) + "At" + std::to_string(percent) +
                                  "Percent";
                         });

// Data sets that are not shipped, and reference objectives for them, in a folder of this layout:
// data/..., reference/lasso.json.
std::string ReferenceFolder() {
  const char* variable = std::getenv("STRADS_REFERENCE_DATA");
  return variable != nullptr ? variable : STRADS_REFERENCE_DATA;
}

class ReferenceData : public ::testing::TestWithParam<std::string> {};

TEST_P(ReferenceData, HasTheObjectivesThatAnIndependentSolverFinds) {
  const std::string folder = ReferenceFolder();
  std::ifstream file(folder + "/reference/lasso.json");
  if (!file)
    GTEST_SKIP() << "set STRADS_REFERENCE_DATA: there is no " << folder << "/reference/lasso.json";
  const auto json = nlohmann::json::parse(file);
  const std::string path = folder + "/data/" + GetParam();
  const Problem problem = FromLibsvm(ReadMaybePacked(path));
  int found = 0;
  for (const auto& known : json.at("problems")) {
    if (known.at("data") != GetParam()) continue;
    ++found;
    lasso::Options options;
    options.data = path;
    options.lambda_ratio = known.at("lambda_ratio");
    options.l1_ratio = known.at("l1_ratio");
    options.intercept = known.at("intercept");
    SCOPED_TRACE("lambda_ratio " + std::to_string(options.lambda_ratio) + ", l1_ratio " +
                 std::to_string(options.l1_ratio) + ", intercept " +
                 std::to_string(options.intercept));
    const Solution solution = SolveFile(options, To(1e-9));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
    const auto lambda = known.at("lam").get<double>();
    EXPECT_NEAR(solution.lambda, lambda, 1e-11 * lambda);
    const double gap = std::max(known.at("relative_gap").get<double>(), 1e-8);
    const Member member{.l1_ratio = options.l1_ratio, .intercept = options.intercept};
    EXPECT_NEAR(FamilyObjective(problem, member, solution.lambda, {solution.intercept, solution.b}),
                known.at("objective").get<double>(), gap * NullObjective(problem));
    EXPECT_NEAR(solution.intercept, known.at("intercept_value").get<double>(),
                1e-3 * problem.y.lpNorm<Eigen::Infinity>());
  }
  EXPECT_GE(found, 10);
}

// The L2-regularised logistic regression of the classification problems, where |b|^2 / 2 has the
// weight 1 and the loss C: ridge with lambda = 1 / C.
TEST(ReferenceClassification, HasTheObjectivesThatAnIndependentSolverFinds) {
  const std::string folder = ReferenceFolder();
  std::ifstream file(folder + "/reference/classification.json");
  if (!file) {
    GTEST_SKIP() << "set STRADS_REFERENCE_DATA: there is no " << folder
                 << "/reference/classification.json";
  }
  const auto json = nlohmann::json::parse(file);
  int found = 0;
  for (const auto& known : json.at("problems")) {
    if (known.at("loss") != "logistic") continue;
    ++found;
    const auto c = known.at("C").get<double>();
    const auto data = known.at("data").get<std::string>();
    SCOPED_TRACE(data + ", C " + std::to_string(c));
    lasso::Options options;
    options.data = folder + "/data/" + data;
    options.loss = "logistic";
    options.l1_ratio = 0;
    options.lambda = 1 / c;
    // Gaps are relative to the objective of no model, which is up to 1000 times as much.
    const Solution solution = SolveFile(options, To(1e-12, 2));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
    const auto objective = known.at("objective").get<double>();
    EXPECT_LE(c * solution.summary.objective, objective * (1 + 1e-9));
    EXPECT_GE(c * solution.summary.objective, objective * (1 - 1e-5));  // theirs is an upper bound
  }
  EXPECT_GE(found, 8);
}

INSTANTIATE_TEST_SUITE_P(Of,
                         ReferenceData,
                         ::testing::Values("lasso/glmnet_quickstart/quickstart.libsvm",
                                           "lasso/glmnet_sparse/sparse.libsvm",
                                           "lasso/prostate/prostate.train.libsvm",
                                           "lasso/bardet/bardet.libsvm",
                                           "lasso/diabetes/diabetes10.libsvm",
                                           "lasso/diabetes/diabetes64.libsvm",
                                           "lasso/riboflavin/riboflavin.libsvm.xz",
                                           "lasso/leukemia_golub/leu.train.libsvm.xz",
                                           "lasso/duke_breast_west/west.libsvm.xz",
                                           "lasso/colon_alon/colon.libsvm.xz",
                                           "ridge/abalone/abalone.libsvm",
                                           "ridge/concrete/concrete.libsvm"),
                         [](const auto& of) {
                           const size_t begin = of.param.rfind('/') + 1;
                           std::string name =
                               of.param.substr(begin, of.param.find(".libsvm") - begin);
                           std::erase(name, '.');
                           return name;
                         });

}  // namespace
}  // namespace strads::testing
