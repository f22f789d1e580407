#include "tests/support/sgd_steps.h"

#include <gtest/gtest.h>
#include <strads/local_sgd.h>
#include <strads/output_losses.h>
#include <strads/parallel.h>
#include <strads/random.h>
#include <strads/weight_average.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/regression_problems.h"

// Steps of several outputs.
namespace strads::testing {
namespace {

constexpr const char* kLosses[] = {"hinge", "squared_hinge", "logistic", "softmax"};

TEST(OutputLoss, HasTheSlopesOfItsValues) {
  Random random(3);
  for (const std::string loss : kLosses) {
    for (const double y : {0.0, 1.0, 2.0}) {
      for (const double size : {0.5, 3.0, 20.0}) {
        Eigen::VectorXd f(3);
        for (double& value : f) value = size * (random.Uniform() - 0.5);
        const Eigen::VectorXd slopes = SlopesOfRow(loss, y, f);
        for (int k = 0; k < 3; ++k) {
          const Eigen::VectorXd h = 1e-6 * Eigen::VectorXd::Unit(3, k);
          const double slope = (LossOfRow(loss, y, f + h) - LossOfRow(loss, y, f - h)) / 2e-6;
          EXPECT_NEAR(slopes[k], slope, 1e-7 * std::max(1.0, size)) << loss << " " << y << " " << k;
        }
      }
    }
  }
}

TEST(OutputLoss, CurvesNoMoreThanItSays) {
  Random random(5);
  for (const std::string loss : {"squared_hinge", "logistic", "softmax"}) {
    double most = 0;
    for (int n = 0; n < 300; ++n) {
      Eigen::VectorXd f(3);
      // Two values alike and one far below come near the bound of the softmax.
      for (double& value : f) value = n % 3 == 0 ? 0 : 6 * (random.Uniform() - 0.5);
      if (n % 3 == 0) f[2] = -n;
      Eigen::MatrixXd bends(3, 3);
      for (int k = 0; k < 3; ++k) {
        const Eigen::VectorXd h = 1e-5 * Eigen::VectorXd::Unit(3, k);
        bends.col(k) = (SlopesOfRow(loss, 1, f + h) - SlopesOfRow(loss, 1, f - h)) / 2e-5;
      }
      const Eigen::MatrixXd symmetric = (bends + bends.transpose()) / 2;
      most = std::max(most, symmetric.selfadjointView<Eigen::Lower>().eigenvalues().maxCoeff());
    }
    const double bound = CurvatureOf(loss, 3);
    EXPECT_LE(most, bound * (1 + 1e-6)) << loss;
    EXPECT_GE(most, bound * 0.9) << loss;
  }
}

struct StepCase {
  std::string loss;
  int64_t batch = 1;
  bool is_centred = false;
  double bias = 0;
  bool hogwild = false;
};

// Three outputs; of four rows one weighs more, and some entries are missing.
TEST(LocalSgd, TakesTheStepsOfItsDefinitionOfSeveralOutputs) {
  std::vector<StepCase> cases;
  for (const std::string loss : kLosses) {
    for (const bool is_centred : {false, true}) {
      for (const int64_t batch : {1, 2})
        cases.push_back({loss, batch, is_centred, is_centred ? 0 : 0.7, false});
      cases.push_back({loss, 1, is_centred, is_centred ? 0 : 0.7, true});
    }
  }
  for (const double share : {0.3, 1.0}) {  // of features that are there: sparse, and dense
    const RegressionProblem problem = RandomRegression(4, 4, 9, share, 3);
    ThreadPool pool(1);
    const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
    ASSERT_EQ(x.is_dense(), share == 1);
    for (const StepCase& of : cases) {
      SCOPED_TRACE(of.loss + (of.is_centred ? ", centred" : "") + (of.hogwild ? ", hogwild" : "") +
                   ", batch " + std::to_string(of.batch));
      SgdRows rows = {.x = &x, .rows = {0, 1, 2, 3}, .cost = {1, 0.5, 2, 1}};
      rows.TakeClasses(std::vector<int32_t>{2, 0, 1, 2}, 3);
      ASSERT_EQ(rows.outputs, 3);
      rows.bias = of.bias;
      rows.has_constant = of.is_centred;
      if (of.is_centred) rows.centre = problem.x.colwise().mean();
      const SgdSteps steps = {.loss = of.loss, .batch = of.batch, .lambda = 0.3, .step = 0.05};
      const int64_t width = 9 + (of.bias != 0 ? 1 : 0), count = 4 / of.batch;
      DenseWeights begin{Eigen::MatrixXd::Random(3, width), Eigen::Vector3d(0.4, -0.1, 0.2)};
      const SharedWeights start{.w = Flat(begin.w), .constants = begin.constants};
      LocalSgd sgd(rows, 9, 0);
      const LocalSteps made =
          sgd.Push(start, 3, {.settled = {3}}, count, steps, of.hogwild ? &pool : nullptr);
      EXPECT_EQ(made.visits, 4);
      const DenseWeights end = After(made, rows, begin);
      std::vector<int> order = {0, 1, 2, 3};
      double nearest = 1;
      do {
        const DenseWeights naive =
            StepsByDefinition(problem.x, rows, steps, order, 3 * count, begin);
        nearest =
            std::min(nearest, (naive.w - end.w).norm() + (naive.constants - end.constants).norm());
      } while (std::ranges::next_permutation(order).found);
      EXPECT_LT(nearest, 1e-12);
    }
  }
}

// A step from w along row i alone is the slope of that row's loss in all weights and constants.
TEST(LocalSgd, AStepIsTheFiniteDifferenceOfTheLoss) {
  const RegressionProblem problem = RandomRegression(8, 1, 4, 1, 3);
  ThreadPool pool(1);
  const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
  for (const std::string loss : kLosses) {
    SgdRows rows = {.x = &x, .rows = {0}, .cost = {1.5}};
    rows.TakeClasses(std::vector<int32_t>{1}, 3);
    rows.has_constant = true;
    rows.centre = Eigen::Vector4d(0.4, -0.1, 0.7, 0.2);
    const SgdSteps steps = {.loss = loss, .lambda = 0, .step = 1e-3};
    SharedWeights at{.w = 0.1 * Eigen::VectorXd::Random(12), .constants = {}};
    at.constants = Eigen::Vector3d(0.1, -0.2, 0.3);
    LocalSgd sgd(rows, 1, 0);
    const DenseWeights begin{Eigen::Map<const Eigen::MatrixXd>(at.w.data(), 3, 4), at.constants};
    const DenseWeights end = After(sgd.Push(at, 0, {.settled = {0}}, 1, steps), rows, begin);
    const auto difference = [&](double& weight) {
      const double value = weight, h = 1e-6;
      weight = value + h;
      const double above = sgd.Loss(steps, at, pool);
      weight = value - h;
      const double below = sgd.Loss(steps, at, pool);
      weight = value;
      return (above - below) / (2 * h);
    };
    const Eigen::VectorXd step = Flat(begin.w - end.w) / steps.step;
    for (Eigen::Index j = 0; j < 12; ++j)
      EXPECT_NEAR(step[j], difference(at.w[j]), 1e-6) << loss << " " << j;
    const Eigen::VectorXd of_constants = (begin.constants - end.constants) / steps.step;
    for (Eigen::Index k = 0; k < 3; ++k)
      EXPECT_NEAR(of_constants[k], difference(at.constants[k]), 1e-6) << loss << " " << k;
  }
}

// Whatever of its own clocks the weights lack, in whichever part, it goes on as if they did not.
TEST(LocalSgd, ReadsItsOwnWritesOfSeveralOutputs) {
  const RegressionProblem problem = RandomRegression(12, 12, 5, 1, 3);
  ThreadPool pool(1);
  const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
  SgdRows rows = {.x = &x, .cost = std::vector<double>(12, 1.0)};
  std::vector<int32_t> classes;
  for (int32_t i = 0; i < 12; ++i) {
    rows.rows.push_back(i);
    classes.push_back(i % 3);
  }
  rows.TakeClasses(classes, 3);
  rows.has_constant = true;
  rows.centre = problem.x.colwise().mean();
  const SgdSteps steps = {.loss = "softmax", .lambda = 0.3, .step = 0.05};
  const DenseWeights begin{Eigen::MatrixXd::Random(3, 5), Eigen::Vector3d(1, 0, -1)};
  const SharedWeights start{.w = Flat(begin.w), .constants = begin.constants};
  SharedWeights newer = start;
  newer.pulls = 5;
  const auto third_clock = [&](const SharedWeights& weights, const std::vector<int64_t>& settled) {
    return After(ThirdClock(rows, steps, start, weights, settled), rows, begin);
  };
  const DenseWeights on = third_clock(start, {0});
  for (const int parts : {1, 2, 3, 7}) {
    const DenseWeights again =
        third_clock(newer, std::vector<int64_t>(static_cast<size_t>(parts), 0));
    EXPECT_LT((again.w - on.w).norm(), 1e-13) << parts << " parts";
    EXPECT_LT((again.constants - on.constants).norm(), 1e-13) << parts << " parts";
  }
  EXPECT_GT((third_clock(newer, {2}).w - on.w).norm(), 1e-4);
}

// Parts hold all weights of a feature, so that what is centred is the same feature everywhere.
TEST(WeightAverage, OfPartsIsThatOfTheWhole) {
  const Eigen::VectorXd centre = Eigen::VectorXd::LinSpaced(7, -1, 2);
  const SharedWeights begin{.w = Eigen::VectorXd::Random(21),
                            .constants = Eigen::Vector3d(1, 2, 3)};
  std::vector<LocalSteps> steps;
  for (int rank = 0; rank < 2; ++rank) {
    LocalSteps& own = steps.emplace_back();
    own = {.rank = rank, .shard_rows = 3 + rank, .shrink = 0.9 - 0.1 * rank};
    own.constant_changes = Eigen::VectorXd::Random(3);
    own.centre_changes = Eigen::VectorXd::Random(3);
    std::vector<double> change(21, 0.0);
    for (const size_t j : {0, 4, 5, 11, 20}) change[j] = 0.1 * static_cast<double>(j + 1);
    own.change = WeightChange::Of(change);
  }
  SharedWeights whole = begin;
  WeightAverage(7, false, centre).Pull(steps, whole);
  struct Part {
    SharedWeights weights;
  };
  for (const int count : {1, 2, 3, 5, 9}) {
    std::vector<Part> parts;
    for (int index = 0; index < count; ++index) {
      const Slice slice{index, count};
      const auto [first, last] = RangeOfWeights(slice, 21, 3);
      const auto [feature, end] = slice.RangeOf(7);
      SharedWeights& part = parts.emplace_back().weights;
      part = {.w = begin.w.segment(first, last - first), .constants = begin.constants};
      std::vector<LocalSteps> own;
      for (const LocalSteps& of : steps) own.push_back(of.PartOf(slice));
      WeightAverage(7, false, centre.segment(feature, end - feature)).Pull(own, part);
    }
    const SharedWeights joined = SharedWeights::Join<Part>(parts);
    EXPECT_EQ(joined.w, whole.w) << count << " parts";
    EXPECT_EQ(joined.constants, whole.constants);
  }
}

}  // namespace
}  // namespace strads::testing
