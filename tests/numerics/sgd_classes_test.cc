#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/row_losses.h>
#include <strads/run.h>

#include <Eigen/Dense>
#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "apps/svm/sgd/sgd.h"
#include "tests/support/rounds.h"
#include "tests/support/svm_problems.h"

// One-against-all by stochastic gradient descent.
namespace strads::testing {
namespace {

Eigen::VectorXd WeightsOf(const svm::SvmModel& model, size_t k) {
  const svm::ClassModel& made = model.classes.at(k);
  const Eigen::Index p = std::ssize(made.weights.values());
  Eigen::VectorXd w(p + 1);
  for (Eigen::Index j = 0; j < p; ++j) w[j] = made.weights[static_cast<size_t>(j)];
  w[p] = made.bias;
  return w;
}

// n / (classes times rows of the class), of each row, as --class_weights=balanced has it.
std::vector<double> Balanced(const SvmProblem& problem, int classes) {
  std::vector<double> count(static_cast<size_t>(classes), 0.0);
  for (const int label : problem.label) ++count[static_cast<size_t>(label)];
  std::vector<double> weights;
  for (const int label : problem.label) {
    weights.push_back(static_cast<double>(problem.label.size()) /
                      (classes * count[static_cast<size_t>(label)]));
  }
  return weights;
}

// P of class k against all others at w, by the definition.
double ObjectiveOf(const SvmProblem& problem,
                   const sgd::Options& options,
                   const std::vector<double>& weights,
                   int k,
                   const Eigen::VectorXd& w) {
  const Eigen::VectorXd f = WithConstant(problem.x, true) * w;
  double loss = 0;
  row_loss::With(options.loss, 1, [&](auto of) {
    for (size_t i = 0; i < weights.size(); ++i)
      loss +=
          weights[i] * of.Value(problem.label[i] == k ? 1 : -1, f[static_cast<Eigen::Index>(i)]);
  });
  return 0.5 * w.squaredNorm() + options.C * loss;
}

// The least of the logistic loss's P, by Newton's method.
double LogisticOptimum(const SvmProblem& problem,
                       const sgd::Options& options,
                       const std::vector<double>& weights,
                       int k) {
  Eigen::MatrixXd z = WithConstant(problem.x, true);
  for (Eigen::Index i = 0; i < z.rows(); ++i) {
    if (problem.label[static_cast<size_t>(i)] != k) z.row(i) *= -1;
  }
  const Eigen::Map<const Eigen::ArrayXd> c(weights.data(), z.rows());
  Eigen::VectorXd w = Eigen::VectorXd::Zero(z.cols());
  for (int n = 0; n < 30; ++n) {
    const Eigen::ArrayXd q = (1 + (z * w).array().exp()).inverse();
    const Eigen::VectorXd gradient = w - options.C * (z.transpose() * (c * q).matrix());
    Eigen::MatrixXd hessian =
        options.C * (z.transpose() * (c * q * (1 - q)).matrix().asDiagonal() * z);
    hessian.diagonal().array() += 1;
    w -= hessian.llt().solve(gradient);
  }
  return ObjectiveOf(problem, options, weights, k, w);
}

// The least sum of all P: of hinges by the dual solver, whose certificate it has.
double OptimumOf(const SvmProblem& problem,
                 const sgd::Options& options,
                 const std::vector<double>& weights,
                 int classes) {
  double sum = 0;
  if (options.loss == "logistic") {
    for (int k = 0; k < classes; ++k) sum += LogisticOptimum(problem, options, weights, k);
    return sum;
  }
  svm::Options exact;
  exact.loss = options.loss;
  exact.C = options.C;
  exact.bias = true;
  exact.class_weights = options.class_weights;
  exact.tolerance = 1e-7;
  return SolveSvm(problem, exact).summary.objective;
}

ResultOf<sgd::Sgd> Train(const SvmProblem& problem, sgd::Options options, const RunOptions& run) {
  const TempDir folder;
  options.epochs = 0;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  return strads::Run<sgd::Sgd>(options, run);
}

// loss, consistency, staleness, average, classes
class SgdClasses
    : public ::testing::TestWithParam<std::tuple<std::string, std::string, int, bool, int>> {};

TEST_P(SgdClasses, ComeToTheOptimumOfAllProblems) {
  const auto [loss, consistency, staleness, average, classes] = GetParam();
  SvmProblem problem = RandomSvm(3, 150, 8, classes);
  for (size_t i = 0; i < 30; ++i) problem.label[i] = 0;  // not as many of each
  sgd::Options options;
  options.loss = loss;
  options.C = 0.1;
  options.bias = true;
  options.average = average;
  options.local_epochs = 0.5;
  options.class_weights = "balanced";
  const bool unbounded = consistency == "async" || consistency == "backup";
  RunOptions run = Rounds(3, unbounded ? 500 : 2000);
  run.consistency = consistency;
  run.staleness = staleness;
  if (unbounded) run.delay_mean = 2e-4;
  if (consistency == "backup") run.backup_workers = 1;
  if (average) run.holders = 3;
  const auto result = Train(problem, options, run);
  ASSERT_EQ(std::ssize(result.model.classes), classes);
  const std::vector<double> weights = Balanced(problem, classes);
  double objective = 0;
  for (int k = 0; k < classes; ++k) {
    EXPECT_EQ(result.model.classes[static_cast<size_t>(k)].label, std::to_string(k));
    objective +=
        ObjectiveOf(problem, options, weights, k, WeightsOf(result.model, static_cast<size_t>(k)));
  }
  EXPECT_NEAR(result.summary.objective, objective, 1e-12 * objective);
  const double optimum = OptimumOf(problem, options, weights, classes);
  EXPECT_GE(objective, optimum * (1 - 1e-6));
  EXPECT_LE(objective, optimum * (1 + (unbounded ? 5e-2 : 3e-3)));
}

INSTANTIATE_TEST_SUITE_P(Of,
                         SgdClasses,
                         ::testing::Values(std::tuple{"hinge", "bsp", 0, true, 3},
                                           std::tuple{"hinge", "bsp", 0, false, 5},
                                           std::tuple{"hinge", "ssp", 5, false, 4},
                                           std::tuple{"hinge", "async", 0, true, 3},
                                           std::tuple{"squared_hinge", "bsp", 0, true, 4},
                                           std::tuple{"squared_hinge", "essp", 3, true, 3},
                                           std::tuple{"squared_hinge", "backup", 0, false, 3},
                                           std::tuple{"logistic", "bsp", 0, false, 4},
                                           std::tuple{"logistic", "ssp", 5, true, 3},
                                           std::tuple{"logistic", "essp", 5, false, 5},
                                           std::tuple{"logistic", "async", 0, false, 4},
                                           std::tuple{"logistic", "backup", 0, true, 3}));

// As all problems see the same visits: of a class against all others, alone, with its weights as
// those of the rows.
TEST(SgdClasses, OneRunIsThatOfEachClassAgainstAllOthers) {
  SvmProblem problem = RandomSvm(21, 60, 7, 4);
  for (size_t i = 0; i < 12; ++i) problem.label[i] = 2;
  std::string rows;
  for (const double weight : Balanced(problem, 4)) rows += internal::FormatOption(weight) + "\n";
  for (const std::string loss : {"hinge", "squared_hinge", "logistic"}) {
    for (const bool average : {false, true}) {
      const TempDir folder;
      sgd::Options options;
      options.loss = loss;
      options.average = average;
      options.bias = true;
      options.scale = "standard";
      options.class_weights = "balanced";
      const RunOptions run = Rounds(2, 30);
      // Divided beforehand: --scale counts rows by their own weights, not by their classes'.
      const auto divided = [&](SvmProblem of) {
        const Eigen::RowVectorXd mean = of.x.colwise().mean();
        for (Eigen::Index j = 0; j < 7; ++j)
          of.x.col(j) /= std::sqrt((of.x.col(j).array() - mean[j]).square().mean());
        return of;
      };
      const auto together = Train(problem, options, run);
      options.class_weights = "";
      options.scale = "none";
      options.weights = folder.Write("weights", rows);
      for (int k = 0; k < 4; ++k) {
        SvmProblem against = divided(problem);
        // As long as the others, for the same shards.
        for (int& label : against.label) label = label == k ? 1 : 0;
        const auto alone = Train(against, options, run);
        const Eigen::VectorXd expected = WeightsOf(alone.model, 0);
        EXPECT_GT(expected.norm(), 0.1);
        EXPECT_LT((WeightsOf(together.model, static_cast<size_t>(k)) - expected).norm(),
                  1e-9 * expected.norm())
            << loss << ", class " << k;
      }
    }
  }
}

TEST(SgdClasses, HaveTheSameModelForAnyNumberOfHolders) {
  const SvmProblem problem = RandomSvm(21, 60, 9, 3);
  for (const bool average : {false, true}) {
    sgd::Options options;
    options.bias = true;
    options.average = average;
    options.scale = "standard";
    RunOptions run = Rounds(3, 40);
    const auto whole = Train(problem, options, run);
    for (const int holders : {1, 2, 3, 4, 13}) {
      run.holders = holders;
      const auto divided = Train(problem, options, run);
      EXPECT_EQ(Pack(divided.model).view(), Pack(whole.model).view()) << holders << " holders";
      EXPECT_EQ(divided.summary.objective, whole.summary.objective);
    }
  }
}

TEST(SgdClasses, AreTheSameForAnyNumberOfThreadsAndNeedNoRowsInEveryShard) {
  for (const auto& [rows, workers] : {std::pair{5, 7}, {300, 2}}) {
    const SvmProblem problem = RandomSvm(21, rows, 6, 3);
    RunOptions run = Rounds(workers, 100);
    const auto one = Train(problem, {}, run);
    run.threads = 3;
    EXPECT_EQ(Pack(Train(problem, {}, run).model).view(), Pack(one.model).view()) << rows;
  }
}

TEST(SgdClasses, HogwildThreadsComeToTheOptimum) {
  const SvmProblem problem = RandomSvm(3, 400, 10, 3);
  for (const std::string loss : {"hinge", "logistic"}) {
    sgd::Options options;
    options.loss = loss;
    options.C = 0.05;
    options.bias = true;
    options.hogwild = true;
    options.local_epochs = 10;
    RunOptions run = Rounds(2, 15);
    run.threads = 2;
    const auto result = Train(problem, options, run);
    const double optimum = OptimumOf(problem, options, std::vector<double>(400, 1.0), 3);
    EXPECT_GE(result.summary.objective, optimum * (1 - 1e-6)) << loss;
    EXPECT_LE(result.summary.objective, optimum * (1 + 2e-2)) << loss;
  }
}

TEST(SgdClasses, WithoutRowsToLearnFromAreRefused) {
  const TempDir folder;
  const SvmProblem problem = RandomSvm(5, 9, 3, 3);
  sgd::Options options;
  options.weights = folder.Write("weights", "1\n1\n0\n1\n1\n0\n1\n1\n0\n");
  EXPECT_THROW(Train(problem, options, Rounds(2, 1)), Error);
}

}  // namespace
}  // namespace strads::testing
