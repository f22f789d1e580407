#include <gtest/gtest.h>
#include <strads/error.h>

#include "tests/support/svm_problems.h"

namespace strads::testing {
namespace {

svm::Options To(double tolerance) {
  svm::Options options;
  options.tolerance = tolerance;
  return options;
}

class DividedClasses : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Workers, DividedClasses, ::testing::Values(2, 3, 4, 7));

TEST_P(DividedClasses, GiveTheBytesOfOneWorker) {
  const SvmProblem problem = RandomSvm(43, 120, 9, 4);
  for (const bool squared : {false, true}) {
    svm::Options options = To(1e-8);
    options.loss = squared ? "squared_hinge" : "hinge";
    options.bias = true;
    options.scale = "standard";
    options.validation_share = 0.2;
    options.class_weights = "balanced";
    options.divide = "classes";
    const SvmSolution one = SolveSvm(problem, options, 1);
    const SvmSolution several = SolveSvm(problem, options, GetParam());
    EXPECT_EQ(several.w, one.w);
    EXPECT_EQ(several.model.scales, one.model.scales);
    EXPECT_EQ(several.summary.rounds, one.summary.rounds);
    EXPECT_EQ(several.summary.gap, one.summary.gap);
    EXPECT_NEAR(several.summary.objective, one.summary.objective, 1e-12 * one.summary.objective);
    EXPECT_EQ(several.summary.extra, one.summary.extra) << "accuracy on the rows held out";
  }
}

// More entries for each weight than it takes for rounds of several workers to pay.
TEST(SvmClasses, AreNotDividedWhereRowsAreMany) {
  const SvmProblem problem = RandomSvm(61, 3000, 4, 3);
  svm::Options options = To(1e-4);
  const Eigen::MatrixXd one = SolveSvm(problem, options, 1).w;
  EXPECT_NE(SolveSvm(problem, options, 2).w, one);
  options.divide = "classes";
  EXPECT_EQ(SolveSvm(problem, options, 2).w, one);
}

TEST(SvmClasses, AreDividedIfThereIsOneForEachWorker) {
  const SvmProblem problem = RandomSvm(47, 80, 8, 4);
  svm::Options options = To(1e-6);
  const Eigen::MatrixXd one = SolveSvm(problem, options, 1).w;
  EXPECT_EQ(SolveSvm(problem, options, 4).w, one);
  EXPECT_NE(SolveSvm(problem, options, 5).w, one);
  options.divide = "rows";
  EXPECT_NE(SolveSvm(problem, options, 4).w, one);
  options.divide = "classes";
  EXPECT_EQ(SolveSvm(problem, options, 5).w, one);
}

TEST(SvmClasses, OfTwoAndOfCrammerSingerAreNotDivided) {
  svm::Options options = To(1e-6);
  options.divide = "classes";
  const SvmProblem two = RandomSvm(53, 60, 8, 2);
  EXPECT_NE(SolveSvm(two, options, 2).w, SolveSvm(two, options, 1).w);
  options.multiclass = "crammer_singer";
  EXPECT_THROW(SolveSvm(RandomSvm(53, 60, 8, 3), options, 2), Error);
}

}  // namespace
}  // namespace strads::testing
