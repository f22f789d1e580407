#include "tests/support/family.h"

#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "tests/numerics/solve.h"

namespace strads::testing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Case {
  std::string name;
  Problem problem;
  Member member;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

Eigen::VectorXd Cycle(Eigen::Index size, const std::vector<double>& values) {
  Eigen::VectorXd cycle(size);
  for (Eigen::Index i = 0; i < size; ++i) cycle[i] = values[static_cast<size_t>(i) % values.size()];
  return cycle;
}

// Numbered in the order of their first variables, and scattered.
std::vector<int> Groups(int variables, int groups) {
  std::vector<int> group, number(static_cast<size_t>(groups), -1);
  int known = 0;
  for (int j = 0; j < variables; ++j) {
    int& of = number[static_cast<size_t>(j * 7 % variables * groups / variables)];
    if (of < 0) of = known++;
    group.push_back(of);
  }
  return group;
}

Problem Shifted(Problem problem) {
  Eigen::MatrixXd x = problem.x;
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    x.col(j) *= std::pow(4.0, static_cast<double>(j % 5) - 2);
    x.col(j).array() += static_cast<double>(j % 3);
  }
  x.col(x.cols() - 1).setConstant(3);
  return {x, problem.y.array() + 5};
}

Problem Classes(Problem problem) {
  problem.y = problem.y.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
  return problem;
}

std::vector<Case> Cases() {
  const Problem dense = Shifted(DrawProblem({.rows = 60, .cols = 25, .seed = 21}));
  const Problem wide = DrawProblem({.rows = 25, .cols = 60, .correlation = 0.6, .seed = 22});
  const Problem sparse = DrawProblem({.rows = 90, .cols = 40, .density = 0.15, .seed = 23});
  const Eigen::VectorXd weights = Cycle(90, {1, 0.5, 0, 3, 2});
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, const Problem& problem, const Member& member) {
    cases.push_back({name, problem, member});
    Member logistic = member;
    logistic.logistic = true;
    cases.push_back({"Logistic" + name, Classes(problem), logistic});
  };
  add("Lasso", sparse, {});
  add("ElasticNet", wide, {.l1_ratio = 0.5});
  add("AlmostRidge", wide, {.l1_ratio = 0.01});
  add("Intercept", dense, {.intercept = true});
  add("InterceptOfSparse", sparse, {.intercept = true});
  add("Standardized", dense, {.standardize = true});
  add("StandardizedWithIntercept", dense,
      {.l1_ratio = 0.7, .intercept = true, .standardize = true});
  add("Nonnegative", wide, {.nonnegative = true});
  add("NonnegativeElasticNet", sparse, {.l1_ratio = 0.4, .intercept = true, .nonnegative = true});
  add("Weights", sparse, {.weights = weights});
  add("WeightsInterceptStandardized", sparse,
      {.l1_ratio = 0.8, .intercept = true, .standardize = true, .weights = weights});
  add("Factors", sparse, {.factors = Cycle(40, {1, 0.5, kInfinity, 3, 0.01})});
  add("FreeVariables", sparse, {.factors = Cycle(40, {1, 1, 0, 3, 1, 1, 1, 1, 1, 1})});
  add("FreeVariablesAndIntercept", dense,
      {.intercept = true,
       .standardize = true,
       .factors = Cycle(25, {1, 1, 0, 3, 1, 1, kInfinity})});
  add("Groups", wide, {.groups = Groups(60, 20)});
  add("GroupsOfSparse", sparse, {.intercept = true, .groups = Groups(40, 13)});
  add("GroupsOfAllThereIs", dense,
      {.l1_ratio = 0.6,
       .intercept = true,
       .standardize = true,
       .weights = weights.head(60),
       .factors = Cycle(8, {1, 2, kInfinity, 0.5}),
       .groups = Groups(25, 8)});
  return cases;
}

class Family : public ::testing::TestWithParam<Case> {
 protected:
  // At lambda_max * ratio.
  void ExpectOptimum(double ratio,
                     const std::vector<std::pair<std::string, RunOptions>>& ways,
                     int block_memory = 1024) const {
    const auto& [name, problem, member] = GetParam();
    const NullModel null = FamilyNullModel(problem, member);
    lasso::Options options;
    options.lambda = ratio * null.lambda_max;
    options.parallelism = 4;
    options.block_memory = block_memory;
    const double best = FamilyObjective(problem, member, options.lambda,
                                        FamilyOptimum(problem, member, options.lambda));
    for (const auto& [schedule, run] : ways) {
      SCOPED_TRACE(schedule + " on " + std::to_string(run.workers) + " workers");
      options.schedule = schedule;
      const Solution found = SolveMember(problem, member, options, run);
      const Summary& summary = found.summary;
      EXPECT_EQ(summary.termination, Termination::kConverged) << summary.message;
      EXPECT_LE(summary.gap, run.tolerance);
      EXPECT_NEAR(found.lambda_max, null.lambda_max, 1e-8 * null.lambda_max);
      ASSERT_EQ(found.b.size(), problem.x.cols());
      const double objective =
          FamilyObjective(problem, member, found.lambda, {found.intercept, found.b});
      EXPECT_NEAR(summary.objective, objective, 1e-11 * null.objective);
      EXPECT_LE(objective - best, 2 * run.tolerance * null.objective);
      EXPECT_GE(objective - best, -1e-10 * null.objective);
    }
  }
};

TEST_P(Family, HasTheOptimumThatAnotherMethodFinds) {
  for (const double ratio : {0.5, 0.1, 0.01}) {
    SCOPED_TRACE(ratio);
    ExpectOptimum(ratio, {{"working_set", To(1e-9)}});
  }
}

TEST_P(Family, HasItWhateverTheScheduleAndTheWorkers) {
  std::vector<std::pair<std::string, RunOptions>> ways = {
      {"working_set", To(1e-9, 3, 1)}, {"priority", To(1e-6, 2)}, {"random", To(1e-6, 2)}};
  for (const std::string schedule : {"dependency", "block_greedy"}) {
    if (GetParam().member.groups.empty()) ways.emplace_back(schedule, To(1e-6, 2));
  }
  ExpectOptimum(0.1, ways);
}

TEST_P(Family, HasItWhereBlocksTakeTooMuchMemory) {
  ExpectOptimum(0.1, {{"working_set", To(1e-6, 2)}}, /*block_memory=*/0);
}

INSTANTIATE_TEST_SUITE_P(Of, Family, ::testing::ValuesIn(Cases()), [](const auto& of) {
  return of.param.name;
});

// Inner products of so few entries cost less than one change of a variable.
TEST(LogisticLasso, AColumnOfThreeEntriesIsFitBesideAnIntercept) {
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(20, 1);
  x(0, 0) = 1;
  x(9, 0) = -0.5;
  x(15, 0) = 0.2;
  Eigen::VectorXd y = Eigen::VectorXd::Ones(20);
  for (const int i : {2, 3, 7, 8, 9, 12, 17, 18}) y[i] = -1;
  const Problem problem(x, y);
  const Member member = {.logistic = true, .intercept = true};
  lasso::Options options;
  options.lambda = 0.1;
  RunOptions run = To(1e-10);
  run.max_rounds = 200;
  const Solution solution = SolveMember(problem, member, options, run);
  EXPECT_EQ(solution.summary.termination, Termination::kConverged);
  EXPECT_GT(solution.b[0], 0);
}

}  // namespace
}  // namespace strads::testing
