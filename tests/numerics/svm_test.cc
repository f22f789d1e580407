#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <tuple>
#include <vector>

#include "apps/svm/binary_solver.h"
#include "apps/svm/platt.h"
#include "tests/support/svm_problems.h"

namespace strads::testing {
namespace {

constexpr double kTolerance = 1e-8;

svm::Options To(double tolerance) {
  svm::Options options;
  options.tolerance = tolerance;
  return options;
}

std::vector<double> Costs(const SvmProblem& problem, double c) {
  return std::vector<double>(problem.label.size(), c);
}

// squared, bias, C, workers
class Binary : public ::testing::TestWithParam<std::tuple<bool, bool, double, int>> {};

TEST_P(Binary, HasTheLeastObjective) {
  const auto [squared, bias, c, workers] = GetParam();
  const SvmProblem problem = RandomSvm(3, 90, 12, 2);
  svm::Options options = To(kTolerance);
  options.loss = squared ? "squared_hinge" : "hinge";
  options.bias = bias;
  options.C = c;
  const SvmSolution solution = SolveSvm(problem, options, workers);
  EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
  const Eigen::MatrixXd x = WithConstant(problem.x, bias);
  const double objective =
      BinaryObjective(x, problem.label, 1, squared, Costs(problem, c), solution.w.col(0));
  EXPECT_NEAR(solution.summary.objective, objective, 1e-12 * objective);
  const double optimum = BinaryOptimum(x, problem.label, 1, squared, Costs(problem, c));
  EXPECT_GE(objective, optimum * (1 - 1e-9));
  EXPECT_LE(objective, optimum * (1 + 2 * kTolerance));
}

INSTANTIATE_TEST_SUITE_P(Of,
                         Binary,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Bool(),
                                            ::testing::Values(0.05, 2.0),
                                            ::testing::Values(1, 2, 3)));

// Whatever ends it, the objective told is that of the model, which is no worse than an empty one.
TEST(Svm, EndedEarlyHasTheBestModelThatWasMeasured) {
  SvmProblem problem = RandomSvm(19, 90, 12, 2);
  problem.x.leftCols(3) *= 1000;  // the first steps of several workers lead far away
  const double empty = 90;
  const auto expect_measured = [&](const SvmSolution& solution) {
    const double objective =
        BinaryObjective(problem.x, problem.label, 1, false, Costs(problem, 1), solution.w.col(0));
    EXPECT_NEAR(solution.summary.objective, objective, 1e-12 * objective);
    EXPECT_LE(objective, empty);
  };
  for (const int workers : {1, 3}) {
    RunOptions run;
    for (run.max_rounds = 3; run.max_rounds < 60; run.max_rounds += 4)
      expect_measured(SolveSvm(problem, To(1e-12), workers, 1, run));
  }
  RunOptions run;
  run.max_time = 1e-9;
  const SvmSolution solution = SolveSvm(problem, To(1e-12), 1, 1, run);
  EXPECT_EQ(solution.summary.termination, Termination::kMaxTime);
  expect_measured(solution);
}

// Two rounds are for the data, one for a pass and one for measuring it.
TEST(Svm, WhatARoundHasFoundIsMeasuredInTheLastOfMaxRounds) {
  const SvmProblem problem = RandomSvm(19, 90, 12, 3);
  for (const int workers : {1, 3}) {
    RunOptions run;
    for (run.max_rounds = 4; run.max_rounds < 12; ++run.max_rounds) {
      const SvmSolution solution = SolveSvm(problem, To(1e-12), workers, 1, run);
      EXPECT_EQ(solution.summary.rounds, run.max_rounds);
      EXPECT_GT(solution.summary.nonzeros, 0) << run.max_rounds;
      EXPECT_LT(solution.summary.gap, 1) << run.max_rounds;
    }
  }
}

TEST(Svm, WhatARoundHasFoundIsMeasuredBeforeTheUserEndsTheRun) {
  const SvmProblem problem = RandomSvm(19, 90, 12, 2);
  for (const int workers : {1, 3}) {
    std::atomic<bool> stop = false;
    RunHooks hooks;
    hooks.stop = &stop;
    hooks.on_round = [&](const RoundRecord& record) { stop = record.updates > 0; };
    const SvmSolution solution = SolveSvm(problem, To(1e-12), workers, 1, {}, hooks);
    EXPECT_EQ(solution.summary.termination, Termination::kUserStop);
    EXPECT_GT(solution.summary.nonzeros, 0);
    EXPECT_LT(solution.summary.gap, 1);
    EXPECT_LE(solution.summary.updates, 2) << "it was not ended soon";
    // But not in a round that there is none of.
    stop = false;
    RunOptions bounded;
    bounded.max_rounds = solution.summary.rounds - 1;
    EXPECT_EQ(SolveSvm(problem, To(1e-12), workers, 1, bounded, hooks).summary.rounds,
              bounded.max_rounds);
  }
}

TEST(Svm, AShardWithoutRowsDoesNoHarm) {
  const SvmProblem problem = RandomSvm(5, 6, 4, 2);
  const double one = SolveSvm(problem, To(kTolerance), 1).summary.objective;
  EXPECT_NEAR(SolveSvm(problem, To(kTolerance), 9).summary.objective, one, 2e-8 * one);
}

TEST(Svm, SameBytesForAnyNumberOfThreads) {
  const SvmProblem problem = RandomSvm(7, 120, 10, 4);
  for (const char* divide : {"rows", "classes"}) {
    svm::Options options = To(1e-6);
    options.divide = divide;
    EXPECT_EQ(SolveSvm(problem, options, 2, 1).w, SolveSvm(problem, options, 2, 3).w);
  }
}

TEST(Svm, AWeightOfTwoIsARowTwice) {
  const SvmProblem problem = RandomSvm(11, 60, 8, 2);
  SvmProblem twice = problem;
  Eigen::Index rows = problem.x.rows();
  twice.x.conservativeResize(rows + rows / 2, Eigen::NoChange);
  for (Eigen::Index i = 0; i < problem.x.rows(); ++i) {
    if (problem.label[static_cast<size_t>(i)] != 1) continue;
    twice.x.row(rows++) = problem.x.row(i);
    twice.label.push_back(1);
  }
  const TempDir folder;
  svm::Options options = To(kTolerance);
  const double expected = SolveSvm(twice, options).summary.objective;
  options.class_weights = folder.Write("weights", "# label weight\n+1 2\n");
  EXPECT_NEAR(SolveSvm(problem, options).summary.objective, expected, 2e-8 * expected);
}

TEST(Svm, ScalesFeaturesByWhatTheModelKeeps) {
  SvmProblem problem = RandomSvm(13, 60, 6, 2);
  svm::Options options = To(kTolerance);
  options.scale = "standard";
  const double expected = SolveSvm(problem, options).summary.objective;
  problem.x.col(2) *= 8;
  const SvmSolution solution = SolveSvm(problem, options, 2);
  EXPECT_NEAR(solution.summary.objective, expected, 2e-8 * expected);
  const Eigen::VectorXd column = problem.x.col(2);
  const double deviation = std::sqrt((column.array() - column.mean()).square().mean());
  EXPECT_NEAR(solution.model.scales[2], 1 / deviation, 1e-12 / deviation);
}

TEST(Svm, AFeatureTwiceIsOneThatIsLargerByTheRootOfTwo) {
  const SvmProblem problem = RandomSvm(17, 50, 5, 2);
  SvmProblem twice = problem, larger = problem;
  twice.x.conservativeResize(Eigen::NoChange, 6);
  twice.x.col(5) = problem.x.col(1);
  larger.x.col(1) *= std::sqrt(2.0);
  const double expected = SolveSvm(larger, To(kTolerance)).summary.objective;
  const SvmSolution solution = SolveSvm(twice, To(kTolerance));
  EXPECT_NEAR(solution.summary.objective, expected, 2e-8 * expected);
  EXPECT_NEAR(solution.w(5, 0), solution.w(1, 0), 1e-3 * (1 + std::abs(solution.w(1, 0))));
}

// The optimum of C = 1e3 and more has no losses; a w that is a little too short has, C times each.
TEST(Svm, OfSeparableClassesALargerCIsNoHarder) {
  const SvmProblem problem = RandomSvm(59, 60, 400, 2);
  for (const int workers : {1, 3}) {
    svm::Options options = To(1e-3);
    options.C = 1e3;
    const double optimum = SolveSvm(problem, options, workers).summary.objective;
    for (const double c : {1e5, 1e7}) {
      options.C = c;
      const SvmSolution solution = SolveSvm(problem, options, workers);
      EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
      EXPECT_LE(solution.summary.rounds, workers == 1 ? 200 : 3000) << workers << " workers, " << c;
      EXPECT_NEAR(solution.summary.objective, optimum, 1e-3 * optimum);
      const double objective =
          BinaryObjective(problem.x, problem.label, 1, false, Costs(problem, c), solution.w.col(0));
      EXPECT_NEAR(solution.summary.objective, objective, 1e-9 * objective);
    }
  }
}

TEST(Svm, ARowOfZerosCostsItsLoss) {
  const SvmProblem problem = RandomSvm(19, 40, 5, 2);
  SvmProblem more = problem;
  more.x.conservativeResize(41, Eigen::NoChange);
  more.x.row(40).setZero();
  more.label.push_back(0);
  const double without = SolveSvm(problem, To(kTolerance)).summary.objective;
  EXPECT_NEAR(SolveSvm(more, To(kTolerance), 2).summary.objective, without + 1, 4e-8 * without);
}

TEST(Svm, OneClassIsAnError) {
  SvmProblem problem = RandomSvm(23, 10, 3, 2);
  problem.label.assign(10, 1);
  EXPECT_THROW(SolveSvm(problem, To(kTolerance), 2), Error);
}

TEST(Svm, OneAgainstAllIsABinaryProblemForEachClass) {
  const SvmProblem problem = RandomSvm(29, 90, 9, 3);
  for (const bool squared : {false, true}) {
    svm::Options options = To(kTolerance);
    options.loss = squared ? "squared_hinge" : "hinge";
    options.divide = "rows";
    const SvmSolution solution = SolveSvm(problem, options, 2);
    ASSERT_EQ(solution.w.cols(), 3);
    for (int k = 0; k < 3; ++k) {
      const double optimum = BinaryOptimum(problem.x, problem.label, k, squared, Costs(problem, 1));
      EXPECT_NEAR(BinaryObjective(problem.x, problem.label, k, squared, Costs(problem, 1),
                                  solution.w.col(k)),
                  optimum, 2 * kTolerance * optimum);
    }
  }
}

double CrammerSinger(const SvmProblem& problem, double c, const Eigen::MatrixXd& w) {
  double loss = 0;
  for (Eigen::Index i = 0; i < problem.x.rows(); ++i) {
    const int label = problem.label[static_cast<size_t>(i)];
    const Eigen::VectorXd scores = w.transpose() * problem.x.row(i).transpose();
    double largest = scores[label];
    for (Eigen::Index k = 0; k < scores.size(); ++k)
      if (k != label) largest = std::max(largest, scores[k] + 1);
    loss += largest - scores[label];
  }
  return 0.5 * w.squaredNorm() + c * loss;
}

TEST(CrammerSinger, OfTwoClassesIsHalfTheBinaryProblemOfTwiceC) {
  const SvmProblem problem = RandomSvm(31, 60, 7, 2);
  const double binary = BinaryOptimum(problem.x, problem.label, 1, false, Costs(problem, 1.6));
  for (const int workers : {1, 3}) {
    svm::Options options = To(kTolerance);
    options.C = 0.8;
    options.multiclass = "crammer_singer";
    const SvmSolution solution = SolveSvm(problem, options, workers);
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
    EXPECT_NEAR(solution.summary.objective, binary / 2, 2e-8 * binary);
    EXPECT_NEAR(CrammerSinger(problem, 0.8, solution.w), solution.summary.objective,
                1e-12 * binary);
  }
}

TEST(CrammerSinger, NoWeightsNearbyAreBetterAndWorkersAgree) {
  const SvmProblem problem = RandomSvm(37, 80, 8, 4);
  svm::Options options = To(kTolerance);
  options.multiclass = "crammer_singer";
  const SvmSolution one = SolveSvm(problem, options, 1);
  const double objective = CrammerSinger(problem, 1, one.w);
  EXPECT_NEAR(one.summary.objective, objective, 1e-12 * objective);
  EXPECT_NEAR(SolveSvm(problem, options, 3).summary.objective, objective, 2e-8 * objective);
  Random random(1);
  for (int trial = 0; trial < 300; ++trial) {
    Eigen::MatrixXd nearby = one.w;
    const double size = std::pow(10, -3 * random.Uniform());
    for (double& w : nearby.reshaped()) w += size * (random.Uniform() - 0.5);
    EXPECT_GE(CrammerSinger(problem, 1, nearby), objective * (1 - kTolerance));
  }
}

TEST(BinarySolver, DualVariablesStayFeasibleAndGiveTheWeights) {
  const SvmProblem problem = RandomSvm(41, 50, 6, 2, 0.3);
  const RowMatrix x = RowsOf(problem.x);
  svm::TrainingRows rows{.x = &x};
  for (int i = 0; i < 50; ++i) {
    rows.rows.push_back(i);
    rows.label.push_back(problem.label[static_cast<size_t>(i)]);
    rows.cost.push_back(0.1 + 0.01 * i);
  }
  svm::BinarySolver solver(rows, 1, svm::Loss::kHinge, Random(1));
  std::vector<double> w(6, 0.0);
  // Shortened steps, too.
  for (int round = 0; round < 12; ++round) {
    const svm::Step step = solver.Solve(w, {.overlap = 1.5, .accuracy = 0, .passes = 0.4});
    const double length = round % 3 == 2 ? 0.5 : 1;
    solver.Shorten(length);
    for (size_t j = 0; j < 6; ++j) w[j] += length * step.change[j];
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(6);
    for (int i = 0; i < 50; ++i) {
      const double alpha = solver.dual_variables()[static_cast<size_t>(i)];
      EXPECT_GE(alpha, 0);
      EXPECT_LE(alpha, rows.cost[static_cast<size_t>(i)]);
      sum += alpha * (problem.label[static_cast<size_t>(i)] == 1 ? 1 : -1) *
             problem.x.row(i).transpose();
    }
    for (int j = 0; j < 6; ++j) EXPECT_NEAR(w[static_cast<size_t>(j)], sum[j], 1e-12);
  }
}

TEST(BinarySolver, APartOfAPassVisitsThatPartOfTheRows) {
  constexpr int kRows = 8;  // orthogonal ones: each visit changes its own variable, once
  const RowMatrix x = RowsOf(Eigen::MatrixXd::Identity(kRows, kRows));
  svm::TrainingRows rows{.x = &x};
  for (int i = 0; i < kRows; ++i) {
    rows.rows.push_back(i);
    rows.label.push_back(i % 2);
    rows.cost.push_back(10);
  }
  svm::BinarySolver solver(rows, 1, svm::Loss::kHinge, Random(1));
  const std::vector<double> w(kRows, 0.0);
  for (int visits = 2; visits <= kRows; visits += 2) {
    const svm::Step step = solver.Solve(w, {.accuracy = 0, .passes = 0.25});
    EXPECT_EQ(std::ranges::count_if(solver.dual_variables(), [](double a) { return a != 0; }),
              visits);
    EXPECT_EQ(std::ranges::count_if(step.change, [](double c) { return c != 0; }), 2);
    EXPECT_EQ(step.passes, visits == kRows ? 1 : 0);
    EXPECT_EQ(std::isfinite(step.violation), visits == kRows);
  }
}

// The derivatives of the likelihood by both parameters, by its definition.
TEST(Platt, TheSigmoidIsTheLikeliestOne) {
  Random random(5);
  for (const bool separable : {false, true}) {
    std::vector<double> values;
    std::vector<char> is_class;
    double positives = 0;
    for (int i = 0; i < 80; ++i) {
      values.push_back(4 * random.Uniform() - 2);
      is_class.push_back(values.back() + (separable ? 0 : random.Uniform() - 0.5) > 0.4 ? 1 : 0);
      positives += is_class.back();
    }
    const svm::Sigmoid sigmoid = svm::FitSigmoid(values, is_class);
    double slope = 0, offset = 0;
    for (size_t i = 0; i < 80; ++i) {
      const double target =
          is_class[i] != 0 ? (positives + 1) / (positives + 2) : 1 / (80 - positives + 2);
      const double p = 1 / (1 + std::exp(sigmoid.slope * values[i] + sigmoid.offset));
      slope += values[i] * (target - p);
      offset += target - p;
    }
    EXPECT_NEAR(slope, 0, 1e-6);
    EXPECT_NEAR(offset, 0, 1e-6);
    EXPECT_LT(sigmoid.slope, 0);
  }
}

}  // namespace
}  // namespace strads::testing
