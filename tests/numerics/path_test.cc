#include "apps/lasso/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "tests/numerics/solve.h"
#include "tests/support/family.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using lasso::LassoPath;
using lasso::PathOptions;
using lasso::PathPoint;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Path : public ::testing::TestWithParam<bool> {
 protected:
  Path() {
    problem_ = DrawProblem({.rows = 60, .cols = 25, .correlation = 0.3, .seed = 41});
    if (GetParam()) problem_.y = problem_.y.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
    options_.loss = GetParam() ? "logistic" : "squared";
    options_.intercept = true;
    options_.standardize = true;
    options_.data = dir_.Write("data.libsvm", ToLibsvm(problem_));
    options_.num_lambdas = 12;
    options_.lambda_min_ratio = 0.01;
    options_.folds = 4;
    options_.tolerance = 1e-10;
    for (int i = 0; i < 60; ++i) fold_of_.push_back(i % 7 % 4 + 1);
  }
  strads::ResultOf<LassoPath> Train(int workers = 1) const {
    return strads::Run<LassoPath>(options_, To(options_.tolerance, workers));
  }
  Member member() const { return {.logistic = GetParam(), .intercept = true, .standardize = true}; }
  void UseFolds() {
    std::string text;
    for (const int fold : fold_of_) text += std::to_string(fold) + "\n";
    options_.folds_file = dir_.Write("folds", text);
  }
  Problem Rows(int fold, bool in_fold) const {
    std::vector<Eigen::Index> rows;
    for (Eigen::Index i = 0; i < 60; ++i) {
      if ((fold_of_[static_cast<size_t>(i)] == fold) == in_fold) rows.push_back(i);
    }
    return {Eigen::MatrixXd(problem_.x)(rows, Eigen::all), problem_.y(rows)};
  }

  const TempDir dir_;
  Problem problem_;
  PathOptions options_;
  std::vector<int> fold_of_;
};

// Coming from another lambda does not change where the model ends.
TEST_P(Path, HasTheOptimumAtEveryLambda) {
  const auto result = Train();
  EXPECT_EQ(result.summary.termination, Termination::kConverged);
  const NullModel null = FamilyNullModel(problem_, member());
  ASSERT_EQ(result.model.path().size(), 12u);
  for (size_t k = 0; k < 12; ++k) {
    const PathPoint& point = result.model.path()[k];
    SCOPED_TRACE(k);
    EXPECT_NEAR(point.lambda, null.lambda_max * std::pow(0.01, static_cast<double>(k) / 11),
                1e-8 * null.lambda_max);
    Fit fit{point.intercept, Eigen::VectorXd::Zero(25)};
    for (size_t i = 0; i < point.columns.size(); ++i) fit.b[point.columns[i] - 1] = point.values[i];
    const double objective = FamilyObjective(problem_, member(), point.lambda, fit);
    EXPECT_NEAR(point.objective, objective, 1e-11 * null.objective);
    const double best = FamilyObjective(problem_, member(), point.lambda,
                                        FamilyOptimum(problem_, member(), point.lambda));
    EXPECT_NEAR(objective, best, 1e-9 * null.objective);
    EXPECT_LE(point.gap, 1e-10);
    EXPECT_GE(point.explained, k == 0 ? 0 : result.model.path()[k - 1].explained);
  }
  EXPECT_EQ(result.model.path()[0].nonzeros, 0);
}

// Cross-validation by hand, with the same folds.
TEST_P(Path, HasTheErrorsOfModelsThatHaveNotSeenTheRows) {
  UseFolds();
  const auto result = Train(2);
  std::vector<double> mean(12), variance(12);
  for (size_t k = 0; k < 12; ++k) {
    std::vector<double> errors, sizes;
    for (int fold = 1; fold <= 4; ++fold) {
      const Problem seen = Rows(fold, false), unseen = Rows(fold, true);
      const double share = static_cast<double>(seen.y.size()) / 60;
      const Fit fit = FamilyOptimum(seen, member(), share * result.model.path()[k].lambda);
      Member loss = member();
      loss.standardize = false;
      errors.push_back(2 * FamilyObjective(unseen, loss, 0, fit) /
                       static_cast<double>(unseen.y.size()));
      sizes.push_back(static_cast<double>(unseen.y.size()) / 60);
    }
    mean[k] = std::inner_product(errors.begin(), errors.end(), sizes.begin(), 0.0);
    for (size_t f = 0; f < 4; ++f) variance[k] += sizes[f] * std::pow(errors[f] - mean[k], 2) / 3;
    EXPECT_NEAR(result.model.path()[k].error, mean[k], 1e-4 * mean[k]);
    EXPECT_NEAR(result.model.path()[k].standard_error, std::sqrt(variance[k]), 1e-3 * mean[k]);
  }
  const auto least = std::ranges::min_element(mean);
  EXPECT_EQ(result.model.lambda_min(), least - mean.begin());
  const double bound = *least + std::sqrt(variance[static_cast<size_t>(least - mean.begin())]);
  EXPECT_EQ(result.model.lambda_1se(),
            std::ranges::find_if(mean, [&](double m) { return m <= bound; }) - mean.begin());
}

// As if the rows were not there.
TEST_P(Path, AFoldOfNoWeightIsNoFold) {
  UseFolds();
  std::string weights, folds;
  std::vector<Eigen::Index> rows;
  for (size_t i = 0; i < 60; ++i) {
    weights += fold_of_[i] == 4 ? "0\n" : "1\n";
    if (fold_of_[i] == 4) continue;
    rows.push_back(static_cast<Eigen::Index>(i));
    folds += std::to_string(fold_of_[i]) + "\n";
  }
  options_.weights = dir_.Write("weights", weights);
  const auto weighted = Train();
  options_.weights = {};
  options_.folds_file = dir_.Write("fewer.folds", folds);
  options_.data = dir_.Write(
      "fewer.libsvm", ToLibsvm({Eigen::MatrixXd(problem_.x)(rows, Eigen::all), problem_.y(rows)}));
  const auto without = Train();
  for (size_t k = 0; k < 12; ++k) {
    const PathPoint &point = weighted.model.path()[k], &expected = without.model.path()[k];
    EXPECT_NEAR(point.error, expected.error, 1e-6 * expected.error);
    EXPECT_NEAR(point.standard_error, expected.standard_error, 1e-6 * expected.error);
  }
  EXPECT_EQ(weighted.model.lambda_1se(), without.model.lambda_1se());
  for (const auto* model : {&weighted.model, &without.model})
    EXPECT_THAT(model->Table(), HasSubstr("in 3 folds"));
}

// As many workers as fits, and more, which then share grids.
TEST_P(Path, IsTheSameForAnyNumberOfWorkers) {
  const auto one = Train();
  for (const int workers : {2, 5, 11}) {
    SCOPED_TRACE(workers);
    const auto many = Train(workers);
    ASSERT_EQ(many.model.path().size(), 12u);
    EXPECT_EQ(many.model.lambda_min(), one.model.lambda_min());
    EXPECT_EQ(many.model.lambda_1se(), one.model.lambda_1se());
    for (size_t k = 0; k < 12; ++k) {
      EXPECT_NEAR(many.model.path()[k].objective, one.model.path()[k].objective,
                  1e-9 * one.model.path()[0].objective);
      EXPECT_NEAR(many.model.path()[k].error, one.model.path()[k].error, 1e-4);
    }
  }
}

TEST_P(Path, SelectsWhatIsAskedFor) {
  for (const std::string select : {"min", "1se"}) {
    options_.select = select;
    const auto result = Train();
    const int64_t at = select == "min" ? result.model.lambda_min() : result.model.lambda_1se();
    const PathPoint& point = result.model.path()[static_cast<size_t>(at)];
    EXPECT_EQ(result.model.intercept(), point.intercept);
    EXPECT_EQ(result.model.coefficients().CountNonzeros(), point.nonzeros);
    EXPECT_GT(point.nonzeros, 0);
  }
  options_.select = "min";
  options_.folds = 0;
  const auto all = Train();
  EXPECT_EQ(all.model.lambda_min(), -1);
  EXPECT_EQ(all.model.intercept(), all.model.path().back().intercept);
}

// One cyclic update a round, of columns as nearly collinear as these, comes nowhere near a gap.
TEST(PathOfSlowFits, EndsOnceAllAreGivenUp) {
  Eigen::MatrixXd x = 1e-3 * DrawMatrix({.rows = 30, .cols = 5, .seed = 61});
  x.array() += 1;
  const TempDir dir;
  PathOptions options;
  options.data =
      dir.Write("data.libsvm", ToLibsvm({x, DrawProblem({.rows = 30, .cols = 5, .seed = 61}).y}));
  options.schedule = "cyclic";
  options.parallelism = 1;
  options.num_lambdas = 3;
  options.lambda_min_ratio = 1e-6;
  options.folds = 0;
  options.tolerance = 1e-12;
  const auto result = strads::Run<LassoPath>(options, To(options.tolerance));
  EXPECT_EQ(result.summary.termination, Termination::kMaxRounds) << result.summary.FullReport();
  EXPECT_NE(result.summary.message.find("all fits are done"), std::string::npos);
  EXPECT_TRUE(std::ranges::all_of(result.model.path(), &PathPoint::IsFitted));
}

// A block that rounding ends at one lambda is begun anew at the next: descent by single variables,
// which goes on from it, would not get anywhere on columns as correlated as these.
TEST_P(Path, EndsCloseToTheOptimumAtEveryLambdaWhateverTheTolerance) {
  Problem problem = DrawProblem({.rows = 60, .cols = 25, .correlation = 0.9999, .seed = 43});
  if (GetParam()) problem.y = problem.y.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
  PathOptions options = options_;
  options.data = dir_.Write("correlated.libsvm", ToLibsvm(problem));
  options.folds = 0;
  options.tolerance = 0;
  const auto result = strads::Run<LassoPath>(options, To(0));
  for (const PathPoint& point : result.model.path()) EXPECT_LE(point.gap, 1e-9) << point.lambda;
}

// What a fold's fits leave undone is in the errors of cross-validation.
TEST(PathModel, HasTheLargestGapOfAllFits) {
  PathOptions options;
  options.data = "none is read";
  options.num_lambdas = 1;
  options.folds = 2;
  options.tolerance = 1e-6;
  lasso::PathModel model(options);
  lasso::PathPartial look;
  look.lambda_max = look.weight = 1;
  look.rows = 4;
  look.variables = 1;
  look.folds = 2;
  model.Pull({.look = true}, {&look, 1});
  for (int32_t fold = 0; fold <= 2; ++fold) {
    lasso::PathPartial partial;
    partial.fit = partial.fold = fold;
    partial.done = true;
    partial.gaps = {fold == 1 ? 1e-3 : 1e-7};
    partial.weight_left_out = fold == 0 ? 0 : 0.5;
    if (fold == 0) {
      partial.points.emplace_back().gap = 1e-7;
    } else {
      partial.errors = {1.0};
    }
    model.Pull({}, {&partial, 1});
  }
  const Report report = model.Report();
  EXPECT_EQ(report.gap, 1e-3);
  EXPECT_FALSE(report.converged);
  EXPECT_THAT(report.done, HasSubstr("1 of 1 lambdas"));
}

// Rounds of a tenth of a second have nothing to gain by plans made ahead.
TEST_P(Path, RefusesPlansMadeAhead) {
  RunOptions options = To(options_.tolerance, 3, 2);
  EXPECT_THAT([&] { strads::Run<LassoPath>(options_, options); },
              ThrowsMessage<Error>(HasSubstr("--staleness=2")));
  options.staleness = 0;
  options.schedulers = 2;
  EXPECT_THAT([&] { strads::Run<LassoPath>(options_, options); },
              ThrowsMessage<Error>(HasSubstr("--schedulers=2")));
}

// How far it gets depends on time, but not what it has by then.
TEST_P(Path, EndedBeforeItsCrossValidationIsOfTheLeastLambda) {
  const auto expected = Train();
  RunOptions few = To(options_.tolerance);
  few.max_rounds = 2;
  const auto result = strads::Run<LassoPath>(options_, few);
  EXPECT_EQ(result.summary.termination, Termination::kMaxRounds);
  EXPECT_EQ(result.model.lambda_min(), -1);
  const auto& path = result.model.path();
  const auto fitted = std::ranges::count_if(path, &PathPoint::IsFitted);
  ASSERT_GT(fitted, 0);
  const auto last = static_cast<size_t>(fitted - 1);
  EXPECT_TRUE(path[last].IsFitted());
  EXPECT_EQ(path[last].values, expected.model.path()[last].values);
  EXPECT_EQ(result.model.intercept(), path[last].intercept);
  EXPECT_EQ(result.model.coefficients().CountNonzeros(), path[last].nonzeros);
}

TEST_P(Path, SaysThatAFoldLeavesNoProblem) {
  const auto message = [&] {
    try {
      (void)Train();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return std::string(error.what());
    }
    return std::string();
  };
  // All of weight, and all of the positive class, are in fold 2, with some of the other.
  std::string weights;
  for (size_t i = 0; i < 60; ++i) {
    const bool is_in = GetParam() ? i < 10 || problem_.y[static_cast<Eigen::Index>(i)] > 0 : i < 30;
    fold_of_[i] = is_in ? 2 : 1;
    weights += is_in || GetParam() ? "1\n" : "0\n";
  }
  UseFolds();
  options_.weights = dir_.Write("weights", weights);
  EXPECT_EQ(message(), options_.data + ": the rows that are not of fold 2 of cross-validation " +
                           (GetParam() ? "are all of one class" : "have no weight") +
                           ", expected fewer --folds, or another --folds_file or --seed");
}

INSTANTIATE_TEST_SUITE_P(Of, Path, ::testing::Bool(), [](const auto& of) {
  return std::string(of.param ? "Logistic" : "Squared");
});

}  // namespace
}  // namespace strads::testing
