#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/model_file.h>
#include <strads/run.h>

#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "tests/numerics/solve.h"
#include "tests/support/family.h"
#include "tests/support/temp_files.h"

// Where a run starts does not matter to where it ends, but to how far it has to go.
namespace strads::testing {
namespace {

using lasso::Lasso;

// The loss, the schedule, roles.
class WarmStart : public ::testing::TestWithParam<std::tuple<std::string, std::string, int>> {
 protected:
  WarmStart() {
    problem_ = DrawProblem({.rows = 60, .cols = 30, .correlation = 0.4, .seed = 51});
    const auto& [loss, schedule, roles] = GetParam();
    if (loss == "logistic")
      problem_.y = problem_.y.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
    options_.loss = loss;
    options_.schedule = schedule;
    options_.intercept = true;
    options_.lambda = 1.5;
    run_ = To(1e-11, roles);
    run_.schedulers = roles > 1 ? roles : 0;
  }

  strads::ResultOf<Lasso> Train(const Problem& problem) {
    options_.data = folder_.Write("data.libsvm", ToLibsvm(problem));
    return strads::Run<Lasso>(options_, run_);
  }
  void StartFrom(const strads::ResultOf<Lasso>& result) {
    options_.warm_start = folder_.Path("model.json");
    WriteModel(options_.warm_start, {"lasso", ToValues(options_), Pack(result.model)});
  }

  const TempDir folder_;
  Problem problem_;
  lasso::Options options_;
  RunOptions run_;
};

TEST_P(WarmStart, AtTheSolutionDoesNoWork) {
  const auto cold = Train(problem_);
  EXPECT_GT(cold.summary.updates, 0);
  StartFrom(cold);
  run_.tolerance *= 2;  // the last digits are of other sums
  const auto warm = Train(problem_);
  EXPECT_EQ(warm.summary.termination, Termination::kConverged);
  EXPECT_EQ(warm.summary.updates, 0);
  EXPECT_EQ(warm.model.coefficients().values(), cold.model.coefficients().values());
  EXPECT_NEAR(warm.model.intercept(), cold.model.intercept(), 1e-9);
}

TEST_P(WarmStart, OfAnotherProblemEndsAtTheSolutionOfThisOne) {
  Problem other = problem_;
  other.x = other.x.leftCols(20);
  other.y = -other.y;
  Eigen::MatrixXd far = problem_.x;
  far.col(2).array() += 1e5;
  const Problem moved{far, problem_.y};
  const auto cold = Train(moved);
  EXPECT_EQ(cold.summary.termination, Termination::kConverged) << cold.summary.FullReport();
  StartFrom(Train(other));
  const auto warm = Train(moved);
  EXPECT_EQ(warm.summary.termination, Termination::kConverged);
  EXPECT_NEAR(warm.summary.objective, cold.summary.objective, 1e-9 * cold.summary.objective);
  for (size_t j = 0; j < 30; ++j)
    EXPECT_NEAR(warm.model.coefficients()[j], cold.model.coefficients()[j], 1e-4) << j;
}

TEST_P(WarmStart, OfMoreVariablesThanTheDataHaveIsRefused) {
  StartFrom(Train(problem_));
  try {
    (void)Train({Eigen::MatrixXd(problem_.x).leftCols(20), problem_.y});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_EQ(
        error.what(),
        options_.warm_start + ": the model has 30 variables, expected at most the 20 of the data");
  }
}

INSTANTIATE_TEST_SUITE_P(Of,
                         WarmStart,
                         ::testing::Combine(::testing::Values("squared", "logistic"),
                                            ::testing::Values("working_set", "priority"),
                                            ::testing::Values(1, 2, 3)),
                         [](const auto& of) {
                           return std::get<0>(of.param) + "_" + std::get<1>(of.param) + "_" +
                                  std::to_string(std::get<2>(of.param));
                         });

// Of each unit of a group, and only those that the penalty allows.
TEST(WarmStartOf, MembersOfTheFamilyEndsAtTheirOptimum) {
  const Problem problem = DrawProblem({.rows = 50, .cols = 12, .correlation = 0.5, .seed = 52});
  const TempDir folder;
  std::vector<double> b(12);
  for (size_t j = 0; j < b.size(); ++j) b[j] = j % 3 == 0 ? 0 : (j % 2 == 0 ? -2.5 : 3);
  lasso::Options options;
  options.lambda = 2;
  std::string entries;
  for (size_t j = 0; j < b.size(); ++j)
    entries += (j > 0 ? ", \"" : "\"") + std::to_string(j + 1) + "\": " + std::to_string(b[j]);
  options.warm_start =
      folder.Write("start.json", R"({"format": "strads model 1", "app": "lasso", "options": {},
        "model": {"loss": "squared", "intercept": 7, "coefficients": {"size": 12, "entries": {)" +
                                     entries + "}}}}");
  for (const bool intercept : {false, true}) {
    Member groups{.intercept = intercept, .groups = {1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4}};
    Member bounded{.intercept = intercept, .nonnegative = true};
    bounded.factors = Eigen::VectorXd::Ones(12);
    bounded.factors[1] = std::numeric_limits<double>::infinity();
    bounded.factors[2] = 0;
    for (const Member& member : {groups, bounded}) {
      for (const std::string schedule : {"working_set", "shuffled"}) {
        options.schedule = schedule;
        const Solution warm = SolveMember(problem, member, options, To(1e-10, 2));
        lasso::Options cold = options;
        cold.warm_start.clear();
        const Solution expected = SolveMember(problem, member, cold, To(1e-10, 2));
        EXPECT_EQ(warm.summary.termination, Termination::kConverged);
        EXPECT_NEAR(warm.summary.objective, expected.summary.objective,
                    1e-8 * expected.summary.objective);
        EXPECT_LE((warm.b - expected.b).lpNorm<Eigen::Infinity>(), 1e-4);
        EXPECT_NEAR(warm.intercept, expected.intercept, 1e-4);
      }
    }
  }
}

}  // namespace
}  // namespace strads::testing
