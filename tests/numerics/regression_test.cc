#include <gtest/gtest.h>
#include <strads/error.h>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/regression_problems.h"

namespace strads::testing {
namespace {

using regression::Options;

Eigen::MatrixXd WithOnes(const Eigen::MatrixXd& x) {
  Eigen::MatrixXd wide(x.rows(), x.cols() + 1);
  wide << x, Eigen::VectorXd::Ones(x.rows());
  return wide;
}

Eigen::MatrixXd Centred(const Eigen::MatrixXd& x) { return x.rowwise() - x.colwise().mean(); }

// The slopes of the losses by (w, b), by the definition; a column for each output.
Eigen::MatrixXd Slopes(const RegressionProblem& problem,
                       const Options& options,
                       const Eigen::MatrixXd& w,
                       const Eigen::VectorXd& b) {
  const Eigen::MatrixXd f = (problem.x * w).rowwise() + b.transpose();
  Eigen::MatrixXd r(f.rows(), f.cols());
  for (Eigen::Index i = 0; i < f.rows(); ++i) {
    const double y = problem.y[i];
    if (options.loss == "squared") {
      r(i, 0) = f(i, 0) - y;
    } else if (options.loss == "huber") {
      r(i, 0) = std::clamp(f(i, 0) - y, -options.delta, options.delta);
    } else if (f.cols() == 1) {
      r(i, 0) = 1 / (1 + std::exp(-f(i, 0))) - y;
    } else {
      const Eigen::ArrayXd e = f.row(i).array().exp();
      r.row(i) = (e / e.sum()).matrix().transpose();
      r(i, static_cast<Eigen::Index>(y)) -= 1;
    }
  }
  return WithOnes(problem.x).transpose() * r;
}

TEST(Regression, NormalEquationsEqualQrForAnyNumberOfWorkers) {
  const RegressionProblem problem = RandomRegression(1, 90, 7);
  const Eigen::VectorXd expected = WithOnes(problem.x).colPivHouseholderQr().solve(problem.y);
  for (const int workers : {1, 2, 3, 120}) {
    const RegressionFit fit = FitRegression(problem, {}, workers);
    EXPECT_EQ(fit.model.solver, "normal");
    EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
    EXPECT_LT((fit.w.col(0) - expected.head(7)).norm(), 1e-10 * expected.norm());
    EXPECT_NEAR(fit.b[0], expected[7], 1e-10 * expected.norm());
    EXPECT_EQ(fit.model.rank, 7);
    const double half = 0.5 * (WithOnes(problem.x) * expected - problem.y).squaredNorm();
    EXPECT_NEAR(fit.summary.objective, half, 1e-10 * half);
  }
}

TEST(Regression, WithoutInterceptToo) {
  const RegressionProblem problem = RandomRegression(2, 90, 7, 0.2);  // sparse
  const Eigen::VectorXd expected = problem.x.colPivHouseholderQr().solve(problem.y);
  Options options;
  options.intercept = false;
  for (const std::string solver : {"normal", "cg", "lbfgs"}) {
    options.solver = solver;
    options.tolerance = 1e-10;
    const RegressionFit fit = FitRegression(problem, options, 2);
    EXPECT_LT((fit.w.col(0) - expected).norm(), 1e-8 * expected.norm()) << solver;
    EXPECT_EQ(fit.b[0], 0);
  }
}

// A column twice, a sum of two, a constant and a column of zeros; then fewer rows than columns.
TEST(Regression, OfManySolutionsTheOneOfLeastNorm) {
  RegressionProblem problem = RandomRegression(3, 60, 9);
  problem.x.col(3) = problem.x.col(0);
  problem.x.col(5) = problem.x.col(1) + problem.x.col(2);
  problem.x.col(6).setConstant(2.5);
  problem.x.col(8).setZero();
  for (const RegressionProblem& of : {problem, RandomRegression(4, 6, 9)}) {
    const Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> exact(Centred(of.x));
    const Eigen::VectorXd expected = exact.solve((of.y.array() - of.y.mean()).matrix());
    for (const int workers : {1, 2}) {
      Options options;
      options.solver = "normal";
      const RegressionFit fit = FitRegression(of, options, workers);
      EXPECT_EQ(fit.model.rank, exact.rank());
      EXPECT_LT((fit.w.col(0) - expected).norm(), 1e-7 * expected.norm());
      EXPECT_NE(fit.model.Describe().find("the one of least norm"), std::string::npos);
    }
  }
}

TEST(Regression, AllSolversOfRidgeAgree) {
  const RegressionProblem problem = RandomRegression(5, 80, 10);
  for (const std::string scale : {"none", "standard", "max_abs"}) {
    Eigen::VectorXd penalty = Eigen::VectorXd::Constant(10, 3);
    for (Eigen::Index j = 0; j < 10; ++j) {
      const Eigen::VectorXd column = problem.x.col(j);
      if (scale == "standard") penalty[j] *= (column.array() - column.mean()).square().mean();
      if (scale == "max_abs") penalty[j] *= std::pow(column.cwiseAbs().maxCoeff(), 2);
    }
    const Eigen::MatrixXd x = Centred(problem.x);
    Eigen::MatrixXd a = x.transpose() * x;
    a.diagonal() += penalty;
    const Eigen::VectorXd expected = a.ldlt().solve(x.transpose() * problem.y);
    for (const std::string solver : {"normal", "cg", "lbfgs", "fista", "ista"}) {
      Options options;
      options.lambda = 3;
      options.scale = scale;
      options.solver = solver;
      options.tolerance = 1e-9;
      for (const int workers : {1, 3}) {
        const RegressionFit fit = FitRegression(problem, options, workers);
        EXPECT_EQ(fit.summary.termination, Termination::kConverged)
            << solver << " " << fit.summary.message;
        EXPECT_LT((fit.w.col(0) - expected).norm(), 1e-7 * expected.norm()) << solver;
      }
    }
  }
}

struct SmoothCase {
  std::string loss;
  int classes;
};
class SmoothLosses : public ::testing::TestWithParam<SmoothCase> {};

TEST_P(SmoothLosses, HaveNoSlopeAtTheOptimum) {
  const auto [loss, classes] = GetParam();
  for (const double share : {1.0, 0.3}) {
    const RegressionProblem problem = RandomRegression(6, 150, 5, share, classes);
    for (const std::string solver : {"lbfgs", "fista", "newton"}) {
      if (solver == "newton" && classes != 2) continue;
      Options options;
      options.loss = loss;
      if (loss == "huber") options.delta = 0.4;
      options.lambda = 0.5;
      options.solver = solver;
      options.tolerance = 1e-9;
      const RegressionFit fit = FitRegression(problem, options, 2);
      EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
      Eigen::MatrixXd slopes = Slopes(problem, options, fit.w, fit.b);
      const double scale = Slopes(problem, options, 0 * fit.w, 0 * fit.b).cwiseAbs().maxCoeff();
      slopes.topRows(5) += 0.5 * fit.w;
      EXPECT_LT(slopes.cwiseAbs().maxCoeff(), 1e-7 * scale) << solver;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Regression,
                         SmoothLosses,
                         ::testing::Values(SmoothCase{"logistic", 2},
                                           SmoothCase{"logistic", 4},
                                           SmoothCase{"huber", 0}));

// Many features for the rows, so that steps are not exact; few, so that they are, with and without
// an intercept, and some that are copies of others, whose second derivatives have no factor.
TEST(Regression, NewtonHasNoSlopeAtTheOptimumWhetherItsStepsAreExactOrNot) {
  struct Case {
    int rows, features;
    bool intercept, copies;
    double lambda;
  };
  for (const Case& of : {Case{50, 200, true, false, 0.5}, Case{300, 12, true, false, 0.01},
                         Case{300, 12, false, false, 0.01}, Case{300, 12, true, true, 0.0},
                         Case{300, 12, true, true, 1e-9}}) {
    RegressionProblem problem = RandomRegression(8, of.rows, of.features, 1, 2);
    if (of.copies) problem.x.rightCols(3) = problem.x.leftCols(3);
    Options options;
    options.loss = "logistic";
    options.solver = "newton";
    options.lambda = of.lambda;
    options.intercept = of.intercept;
    options.tolerance = 1e-9;
    for (const int workers : {1, 3}) {
      const RegressionFit fit = FitRegression(problem, options, workers);
      SCOPED_TRACE(std::to_string(of.features) + " features, lambda " + std::to_string(of.lambda) +
                   ", " + std::to_string(workers) + " workers");
      EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
      Eigen::MatrixXd slopes = Slopes(problem, options, fit.w, fit.b);
      const double scale = Slopes(problem, options, 0 * fit.w, 0 * fit.b).cwiseAbs().maxCoeff();
      slopes.topRows(of.features) += of.lambda * fit.w;
      if (!of.intercept) slopes.bottomRows(1).setZero();
      EXPECT_LT(slopes.cwiseAbs().maxCoeff(), 1e-7 * scale);
      // Steps that are exact are few: each about squares what is missing.
      if (of.features < of.rows && !of.copies) {
        EXPECT_LE(fit.summary.rounds, 12);
      }
    }
  }
}

// Of P by its definition, kinks and bounds included.
TEST(Regression, KinksAndBoundsMeetTheirOptimalityConditions) {
  const RegressionProblem classes = RandomRegression(7, 150, 8, 1, 2);
  const RegressionProblem numbers = RandomRegression(7, 150, 8);
  for (const std::string loss : {"squared", "logistic", "huber"}) {
    for (const bool bounded : {false, true}) {
      const RegressionProblem& problem = loss == "logistic" ? classes : numbers;
      Options options;
      options.loss = loss;
      options.lambda = 8;
      options.l1_ratio = 0.75;
      options.tolerance = 1e-9;
      if (bounded) {
        options.lower = "-0.05";
        options.upper = "0.1";
      }
      for (const std::string solver : {"auto", "ista"}) {
        options.solver = solver;
        const RegressionFit fit = FitRegression(problem, options, 2);
        if (solver == "auto") {
          EXPECT_EQ(fit.model.solver, loss == "squared" ? "coordinate" : "fista");
        }
        EXPECT_EQ(fit.summary.termination, Termination::kConverged) << fit.summary.message;
        const Eigen::VectorXd slopes = Slopes(problem, options, fit.w, fit.b).col(0);
        EXPECT_NEAR(slopes[8], 0, 1e-5);
        int at_bound = 0, zeros = 0;
        for (Eigen::Index j = 0; j < 8; ++j) {
          const double w = fit.w(j, 0), slope = slopes[j] + 2 * w;
          const double right = slope + (w >= 0 ? 6 : -6), left = slope + (w > 0 ? 6 : -6);
          const bool is_low = bounded && w <= -0.05 + 1e-12, is_high = bounded && w >= 0.1 - 1e-12;
          EXPECT_TRUE(is_high || right > -1e-5) << loss << j << " " << right;
          EXPECT_TRUE(is_low || left < 1e-5) << loss << j << " " << left;
          EXPECT_TRUE(!bounded || (w >= -0.05 - 1e-12 && w <= 0.1 + 1e-12));
          at_bound += is_low || is_high;
          zeros += w == 0;
        }
        EXPECT_EQ(at_bound > 0, bounded);
        EXPECT_TRUE(bounded || zeros > 0);
      }
    }
  }
}

// w <- w - alpha / (n sqrt(t)) X'(Xw - y), by hand.
TEST(Regression, GradientDescentTakesTheStepsThatItPromises) {
  const RegressionProblem problem = RandomRegression(8, 40, 3);
  Options options;
  options.solver = "gd";
  options.intercept = false;
  options.alpha = 0.05;
  const TempDir folder;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  RunOptions run;
  run.max_rounds = 2 + 7;  // two that look at the data
  const auto result = strads::Run<regression::Regression>(options, run);
  Eigen::VectorXd w = Eigen::VectorXd::Zero(3);
  for (int t = 1; t < 7; ++t)
    w -= 0.05 / (40 * std::sqrt(t)) * problem.x.transpose() * (problem.x * w - problem.y);
  for (size_t j = 0; j < 3; ++j)
    EXPECT_NEAR(result.model.outputs[0].coefficients[j], w[static_cast<Eigen::Index>(j)], 1e-12);
}

TEST(Regression, GradientDescentConvergesByItself) {
  const RegressionProblem problem = RandomRegression(9, 200, 2, 1, 2);
  Options options;
  options.loss = "logistic";
  options.lambda = 20;
  options.scale = "standard";
  options.solver = "gd";
  options.tolerance = 1e-3;
  const RegressionFit slow = FitRegression(problem, options);
  EXPECT_EQ(slow.summary.termination, Termination::kConverged) << slow.summary.message;
  options.solver = "lbfgs";
  const RegressionFit fast = FitRegression(problem, options);
  EXPECT_NEAR(slow.summary.objective, fast.summary.objective, 1e-5 * fast.summary.objective);
}

TEST(Regression, SameBytesForAnyNumberOfThreadsAndAnyOrderOfArrival) {
  const RegressionProblem problem = RandomRegression(10, 200, 6, 1, 3);
  for (const std::string solver : {"lbfgs", "fista"}) {
    Options options;
    options.loss = "logistic";
    options.lambda = 1;
    options.solver = solver;
    const TempDir folder;
    options.data = folder.Write("data.libsvm", problem.Libsvm());
    RunOptions run;
    run.workers = 3;
    run.max_rounds = 500;
    const Bytes first = Pack(strads::Run<regression::Regression>(options, run).model);
    run.threads = 3;
    EXPECT_EQ(Pack(strads::Run<regression::Regression>(options, run).model).view(), first.view());
    run.threads = 1;
    run.slow_rank = 0;  // its partials come last
    run.slow_factor = 4;
    EXPECT_EQ(Pack(strads::Run<regression::Regression>(options, run).model).view(), first.view());
  }
}

// A weight counts as so many copies of the row, and 0 as none.
TEST(Regression, WeightsAreCopiesOfRows) {
  RegressionProblem problem = RandomRegression(11, 60, 4), copied = problem;
  std::string weights;
  std::vector<int> rows;
  for (int i = 0; i < 60; ++i) {
    weights += std::to_string(i % 3) + "\n";
    for (int k = 0; k < i % 3; ++k) rows.push_back(i);
  }
  copied.x.resize(std::ssize(rows), 4);
  copied.y.resize(std::ssize(rows));
  for (size_t t = 0; t < rows.size(); ++t) {
    copied.x.row(static_cast<Eigen::Index>(t)) = problem.x.row(rows[t]);
    copied.y[static_cast<Eigen::Index>(t)] = problem.y[rows[t]];
  }
  const TempDir folder;
  for (const std::string solver : {"normal", "lbfgs", "cg"}) {
    Options options;
    options.solver = solver;
    options.lambda = 1;
    options.tolerance = 1e-10;
    const RegressionFit expected = FitRegression(copied, options);
    options.weights = folder.Write("weights", weights);
    const RegressionFit fit = FitRegression(problem, options, 2);
    EXPECT_LT((fit.w - expected.w).norm(), 1e-8 * expected.w.norm()) << solver;
    EXPECT_NEAR(fit.b[0], expected.b[0], 1e-8);
  }
}

TEST(Regression, TheSolverFollowsFromTheShape) {
  const auto choose = [](int64_t rows, int64_t features, int64_t entries, Options options,
                         int64_t outputs = 1) {
    return regression::ChooseSolver(options, {rows, features, entries, outputs}).solver;
  };
  EXPECT_EQ(choose(1'000'000, 90, 90'000'000, {}), "normal");
  EXPECT_EQ(choose(20'000, 100'000, 1'000'000, {}), "cg");
  Options logistic;
  logistic.loss = "logistic";
  EXPECT_EQ(choose(1000, 10, 10'000, logistic), "newton");
  EXPECT_EQ(choose(1000, 1001, 10'000, logistic), "lbfgs");
  EXPECT_EQ(choose(1000, 10, 10'000, logistic, 3), "lbfgs");
  logistic.solver = "newton";
  EXPECT_THROW(choose(1000, 10, 10'000, logistic, 3), Error);
  Options lasso;
  lasso.lambda = lasso.l1_ratio = 1;
  EXPECT_EQ(choose(1000, 10, 10'000, lasso), "coordinate");
  EXPECT_EQ(choose(20'000, 100'000, 1'000'000, lasso), "fista");
}

}  // namespace
}  // namespace strads::testing
