#include "apps/svm/sgd/sgd.h"

#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/local_sgd.h>
#include <strads/parallel.h>
#include <strads/random.h>
#include <strads/row_losses.h>
#include <strads/run.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/rounds.h"
#include "tests/support/svm_problems.h"

namespace strads::testing {
namespace {

double LossOf(const std::string& name, double f, double y = 1) {
  return row_loss::With(name, 0.7, [&](auto loss) { return loss.Value(y, f); });
}

double SlopeOf(const std::string& name, double f, double y = 1) {
  return row_loss::With(name, 0.7, [&](auto loss) { return loss.Slope(y, f); });
}

// The problem's rows times their signs.
Eigen::MatrixXd SignedRows(const SvmProblem& problem) {
  Eigen::MatrixXd z = problem.x;
  for (Eigen::Index i = 0; i < z.rows(); ++i) {
    if (problem.label[static_cast<size_t>(i)] != 1) z.row(i) *= -1;
  }
  return z;
}

double ObjectiveOf(const SvmProblem& problem, const sgd::Options& options, Eigen::VectorXd w) {
  double loss = 0;
  const Eigen::VectorXd margins = SignedRows(problem) * w;
  for (const double margin : margins) loss += options.C * LossOf(options.loss, margin);
  return 0.5 * w.squaredNorm() + loss;
}

// The least of 1/2 |w|^2 + C sum log(1 + exp(-m)), by Newton's method.
double LogisticOptimum(const SvmProblem& problem, const sgd::Options& options) {
  const Eigen::MatrixXd z = SignedRows(problem);
  Eigen::VectorXd w = Eigen::VectorXd::Zero(z.cols());
  for (int k = 0; k < 30; ++k) {
    const Eigen::ArrayXd q = (1 + (z * w).array().exp()).inverse();
    const Eigen::VectorXd gradient = w - options.C * (z.transpose() * q.matrix());
    Eigen::MatrixXd hessian = options.C * (z.transpose() * (q * (1 - q)).matrix().asDiagonal() * z);
    hessian.diagonal().array() += 1;
    w -= hessian.llt().solve(gradient);
  }
  return ObjectiveOf(problem, options, w);
}

double OptimumOf(const SvmProblem& problem, const sgd::Options& options) {
  if (options.loss == "logistic") return LogisticOptimum(problem, options);
  return BinaryOptimum(problem.x, problem.label, 1, options.loss == "squared_hinge",
                       std::vector<double>(problem.label.size(), options.C));
}

Eigen::VectorXd WeightsOf(const svm::SvmModel& model) {
  const svm::ClassModel& made = model.classes.front();
  Eigen::VectorXd w(static_cast<Eigen::Index>(made.weights.size()) + (model.has_bias ? 1 : 0));
  for (size_t j = 0; j < made.weights.size(); ++j)
    w[static_cast<Eigen::Index>(j)] = made.weights[j];
  if (model.has_bias) w[w.size() - 1] = made.bias;
  return w;
}

struct Trained {
  Summary summary;
  sgd::Model model;
};

Trained Train(const SvmProblem& problem, sgd::Options options, const RunOptions& run) {
  const TempDir folder;
  options.epochs = 0;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  auto result = strads::Run<sgd::Sgd>(options, run);
  return {std::move(result.summary), std::move(result.model)};
}

TEST(RowLoss, HasTheSlopeOfItsValuesAndIsConvex) {
  for (const char* name : {"hinge", "squared_hinge", "logistic", "squared", "huber"}) {
    for (const double y : {1.0, -1.0}) {
      for (const double f : {-700.0, -30.0, -2.1, -0.4, 0.0, 0.45, 0.9, 1.75, 30.0, 700.0}) {
        SCOPED_TRACE(std::string(name) + " of " + std::to_string(y) + " at " + std::to_string(f));
        const double h = 1e-6;
        const double slope = (LossOf(name, f + h, y) - LossOf(name, f - h, y)) / (2 * h);
        EXPECT_NEAR(SlopeOf(name, f, y), slope, 1e-6 * std::max(1.0, std::abs(f)));
        EXPECT_LE(SlopeOf(name, f - 0.1, y), SlopeOf(name, f, y));
        EXPECT_GE(LossOf(name, f, y), 0);
      }
    }
  }
}

// Rows 0, 1, 2 in the order given, by the definition.
Eigen::VectorXd NaiveSteps(const SvmProblem& problem,
                           const std::string& loss,
                           const std::vector<int>& order,
                           int64_t first,
                           double lambda,
                           double step,
                           Eigen::VectorXd w) {
  const Eigen::MatrixXd z = SignedRows(problem);
  for (size_t k = 0; k < order.size(); ++k) {
    const double t = static_cast<double>(first) + static_cast<double>(k) + 1;
    const double eta = step / (1 + lambda * step * t);
    const Eigen::VectorXd row = z.row(order[k]);
    const double slope = SlopeOf(loss, row.dot(w));
    w = (1 - eta * lambda) * w - eta * slope * row;
  }
  return w;
}

TEST(LocalSgd, TakesTheStepsOfItsDefinitionInSomeOrderOfTheRows) {
  const SvmProblem problem = RandomSvm(5, 3, 4, 2);
  ThreadPool pool(1);
  const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromDense(problem.x), pool);
  SgdRows rows = {.x = &x, .rows = {0, 1, 2}, .y = {-1, 1, -1}, .cost = {1, 1, 1}};
  const Eigen::VectorXd begin = Eigen::VectorXd::LinSpaced(4, -0.2, 0.3);
  for (const char* loss : {"hinge", "squared_hinge", "logistic"}) {
    for (const bool hogwild : {false, true}) {
      const SgdSteps steps = {.loss = loss, .lambda = 0.2, .step = 0.7};
      LocalSgd sgd(rows, 9, 0);
      LocalWeights weights;
      weights.Reset(begin);
      weights.Begin();
      if (hogwild)
        sgd.RunHogwild(6, 3, steps, weights, pool);
      else
        sgd.Run(6, 3, steps, weights);
      const auto change = weights.Change();
      Eigen::VectorXd w = weights.shrink() * begin;
      change.AddTo({w.data(), 4});
      std::vector<int> order = {0, 1, 2};
      double nearest = 1;
      do {
        const Eigen::VectorXd naive = NaiveSteps(problem, loss, order, 6, 0.2, 0.7, begin);
        nearest = std::min(nearest, (naive - w).norm());
      } while (std::ranges::next_permutation(order).found);
      EXPECT_LT(nearest, 1e-14) << loss << (hogwild ? ", hogwild" : "");
    }
  }
}

TEST(LocalSgd, TellsOfTheFeaturesThatItMetAlone) {
  constexpr int kWidth = 100'000;
  std::vector<Triplet> entries = {{0, 7, 1.0}, {0, 90'000, -2.0}, {1, 8, 1.0}};
  ThreadPool pool(1);
  const RowMatrix x = RowMatrix::FromColumns(ColumnMatrix::FromTriplets(2, kWidth, entries), pool);
  SgdRows rows = {.x = &x, .rows = {0, 1}, .y = {1, -1}, .cost = {1, 1}};
  LocalSgd sgd(rows, 1, 0);
  LocalWeights weights;
  weights.Reset(Eigen::VectorXd::Constant(kWidth, 1e-3));
  weights.Begin();
  sgd.Run(0, 2, {.loss = "hinge", .lambda = 0.5, .step = 0.1}, weights);
  LocalSteps gradient{.shard_rows = 2, .shrink = weights.shrink(), .change = weights.Change()};
  std::vector<int32_t> met = gradient.change.indices;
  std::ranges::sort(met);
  EXPECT_EQ(met, (std::vector<int32_t>{7, 8, 90'000}));
  EXPECT_LT(Pack(gradient).size(), 300u);
  weights.Begin();
  EXPECT_TRUE(weights.Change().values.empty());
}

TEST(WeightChange, OfAVectorIsThoseOfItsParts) {
  Random random(5, 1);
  for (const double density : {0.0, 0.2, 1.0}) {
    std::vector<double> dense(23, 0.0);
    for (double& value : dense) {
      if (random.Uniform() < density) value = random.Uniform() - 0.5;
    }
    // As workers make it: not in order.
    WeightChange change = WeightChange::Of(dense);
    std::ranges::reverse(change.indices);
    if (!change.indices.empty()) std::ranges::reverse(change.values);
    for (const int count : {1, 2, 5, 30}) {
      std::vector<double> joined;
      for (int index = 0; index < count; ++index) {
        const auto [first, last] = Slice{index, count}.RangeOf(change.size);
        const WeightChange part = change.PartOf(first, last);
        std::vector<double> own(static_cast<size_t>(part.size), 0.0);
        ASSERT_TRUE(part.Fits(own.size()));
        part.AddTo(own);
        joined.insert(joined.end(), own.begin(), own.end());
      }
      EXPECT_EQ(joined, dense) << count << " parts, density " << density;
    }
  }
}

TEST(Sgd, HasTheSameModelForAnyNumberOfHolders) {
  const SvmProblem problem = RandomSvm(21, 60, 9, 2);
  for (const bool average : {false, true}) {
    const TempDir folder;
    sgd::Options options;
    options.data = folder.Write("data.libsvm", problem.Libsvm());
    options.bias = true;
    options.average = average;
    RunOptions run = Rounds(3, 40);
    const auto whole = strads::Run<sgd::Sgd>(options, run);
    for (const int holders : {1, 2, 3, 12}) {
      run.holders = holders;
      const auto divided = strads::Run<sgd::Sgd>(options, run);
      EXPECT_EQ(Pack(divided.model).view(), Pack(whole.model).view()) << holders << " holders";
      EXPECT_EQ(divided.summary.objective, whole.summary.objective);
      EXPECT_EQ(divided.summary.updates, whole.summary.updates);
    }
  }
}

// loss, consistency, staleness, average
class SgdPolicy : public ::testing::TestWithParam<std::tuple<std::string, std::string, int, bool>> {
};

TEST_P(SgdPolicy, ComesToTheOptimum) {
  const auto [loss, consistency, staleness, average] = GetParam();
  const SvmProblem problem = RandomSvm(3, 120, 10, 2);
  sgd::Options options;
  options.loss = loss;
  options.C = 0.1;
  options.average = average;
  options.local_epochs = 0.5;
  const bool unbounded = consistency == "async";
  const int64_t rounds = unbounded ? 500 : 1500;
  RunOptions run = Rounds(3, rounds);
  run.consistency = consistency;
  run.staleness = staleness;
  // Without a bound a worker could do all its clocks before another has begun.
  if (unbounded) run.delay_mean = 2e-4;
  if (average) run.holders = 2;
  const Trained trained = Train(problem, options, run);
  EXPECT_EQ(trained.summary.rounds, rounds);
  if (!unbounded) {
    EXPECT_LE(trained.summary.clocks->staleness.max(), staleness);
  }
  const double objective = ObjectiveOf(problem, options, WeightsOf(trained.model));
  EXPECT_NEAR(trained.summary.objective, objective, 1e-12 * objective);
  const double optimum = OptimumOf(problem, options);
  EXPECT_GE(objective, optimum * (1 - 1e-9));
  EXPECT_LE(objective, optimum * (1 + (unbounded ? 2e-2 : 2e-3)));
}

INSTANTIATE_TEST_SUITE_P(Of,
                         SgdPolicy,
                         ::testing::Values(std::tuple{"hinge", "bsp", 0, false},
                                           std::tuple{"hinge", "bsp", 0, true},
                                           std::tuple{"hinge", "ssp", 10, false},
                                           std::tuple{"hinge", "essp", 10, true},
                                           std::tuple{"hinge", "async", 0, false},
                                           std::tuple{"squared_hinge", "ssp", 3, true},
                                           std::tuple{"squared_hinge", "async", 0, true},
                                           std::tuple{"logistic", "bsp", 0, false},
                                           std::tuple{"logistic", "ssp", 10, false},
                                           std::tuple{"logistic", "essp", 3, false},
                                           std::tuple{"logistic", "async", 0, true}));

TEST(Sgd, BackupComesToTheOptimumIfAllWorkersAreHeardAtTimes) {
  const SvmProblem problem = RandomSvm(3, 120, 10, 2);
  sgd::Options options;
  options.loss = "logistic";
  options.C = 0.1;
  RunOptions run = Rounds(3, 500);
  run.consistency = "backup";
  run.backup_workers = 1;
  run.delay_mean = 1e-4;
  const Trained trained = Train(problem, options, run);
  const double optimum = OptimumOf(problem, options);
  EXPECT_LE(trained.summary.objective, optimum * 1.05);
  EXPECT_GE(trained.summary.objective, optimum * (1 - 1e-9));
}

TEST(Sgd, HogwildThreadsComeToTheOptimum) {
  const SvmProblem problem = RandomSvm(3, 400, 10, 2);
  sgd::Options options;
  options.C = 0.05;
  options.hogwild = true;
  options.local_epochs = 10;
  RunOptions run = Rounds(2, 15);
  run.threads = 3;
  const Trained trained = Train(problem, options, run);
  const double optimum = OptimumOf(problem, options);
  EXPECT_GE(trained.summary.objective, optimum * (1 - 1e-9));
  EXPECT_LE(trained.summary.objective, optimum * (1 + 2e-2));
}

TEST(Sgd, OneClockOfAllPassesIsTheAverageOfWhatWorkersFindAlone) {
  const SvmProblem problem = RandomSvm(13, 50, 6, 2);
  const TempDir folder;
  sgd::Options options;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  options.local_epochs = 20;
  options.bias = true;
  const auto result = strads::Run<sgd::Sgd>(options, Rounds(3, 1));
  sgd::Model model(options);
  std::vector<sgd::Start> starts;
  for (int rank = 0; rank < 3; ++rank)
    starts.push_back(sgd::Worker(options, {rank, 3, 1}).Describe());
  model.Begin(starts);
  Eigen::VectorXd average = Eigen::VectorXd::Zero(7);
  for (int rank = 0; rank < 3; ++rank) {
    sgd::Worker worker(options, {rank, 3, 1});
    // From zero: the change is all there is.
    const LocalSteps gradient = worker.Push(model.parameters(), 0, {.settled = {0}});
    gradient.change.AddTo({average.data(), 7}, static_cast<double>(gradient.shard_rows) / 50);
  }
  EXPECT_LT((average - WeightsOf(result.model)).norm(), 1e-14 * average.norm());
}

TEST(Sgd, EndsAfterSoManyPasses) {
  const TempDir folder;
  sgd::Options options;
  options.data = folder.Write("data.libsvm", RandomSvm(21, 50, 6, 2).Libsvm());
  options.epochs = 3;
  const auto result = strads::Run<sgd::Sgd>(options, Rounds(2, 0));
  EXPECT_GE(result.summary.updates, 150);
  EXPECT_LT(result.summary.updates, 160) << "more than a clock too many";
}

TEST(Sgd, BspIsTheSameForAnyNumberOfThreadsAndNeedsNoRowsInEveryShard) {
  const SvmProblem problem = RandomSvm(21, 5, 6, 2);
  RunOptions run = Rounds(7, 200);
  const Trained one = Train(problem, {}, run);
  run.threads = 3;
  EXPECT_EQ(WeightsOf(Train(problem, {}, run).model), WeightsOf(one.model));
  EXPECT_LT(one.summary.objective, ObjectiveOf(problem, {}, Eigen::VectorXd::Zero(6)));
}

TEST(Sgd, RefusesWhatItCannotTrain) {
  SvmProblem problem = RandomSvm(2, 9, 3, 2);
  sgd::Options options;
  options.loss = "huber";
  EXPECT_THROW(Train(problem, options, Rounds(1, 1)), Error);
  options = {};
  options.local_epochs = 0;
  EXPECT_THROW(Train(problem, options, Rounds(1, 1)), Error);
  problem.label.assign(9, 1);
  EXPECT_THROW(Train(problem, {}, Rounds(1, 1)), Error) << "one label";
}

}  // namespace
}  // namespace strads::testing
