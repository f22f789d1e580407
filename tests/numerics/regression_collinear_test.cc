#include <gtest/gtest.h>
#include <strads/random.h>

#include <Eigen/QR>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/regression_problems.h"

// Features in pairs that are nearly the same: along their differences slopes are small long before
// the optimum, so that they alone say little of how far it is.
namespace strads::testing {
namespace {

constexpr int kRows = 200, kPairs = 4;

// `apart`: how much the features of a pair differ, beside what they vary by.
RegressionProblem Collinear(uint64_t seed, double apart, bool classes) {
  Random random(seed);
  RegressionProblem problem{Eigen::MatrixXd(kRows, 2 * kPairs), Eigen::VectorXd(kRows)};
  for (int i = 0; i < kRows; ++i) {
    double f = 0;
    for (int j = 0; j < kPairs; ++j) {
      const double value = 2 * random.Uniform() - 1, difference = 2 * random.Uniform() - 1;
      problem.x(i, j) = value;
      problem.x(i, kPairs + j) = value + apart * difference;
      f += value + difference;
    }
    const double noisy = f + 2 * random.Uniform() - 1;
    problem.y[i] = classes ? (noisy > 0 ? 1 : 0) : noisy + 3;
  }
  return problem;
}

Eigen::MatrixXd WithOnes(const Eigen::MatrixXd& x) {
  Eigen::MatrixXd all(x.rows(), x.cols() + 1);
  all << x, Eigen::VectorXd::Ones(x.rows());
  return all;
}

double LeastSquares(const RegressionProblem& problem) {
  const Eigen::MatrixXd all = WithOnes(problem.x);
  const Eigen::VectorXd w = all.colPivHouseholderQr().solve(problem.y);
  return (problem.y - all * w).squaredNorm() / 2;
}

// By Newton's method, whose systems are least squares.
double LeastLogistic(const RegressionProblem& problem) {
  const Eigen::MatrixXd all = WithOnes(problem.x);
  Eigen::VectorXd w = Eigen::VectorXd::Zero(all.cols());
  double loss = 0;
  for (int step = 0; step < 30; ++step) {
    const Eigen::ArrayXd f = (all * w).array();
    const Eigen::ArrayXd p = 1 / (1 + (-f).exp());
    const Eigen::ArrayXd root = (p * (1 - p)).sqrt();
    const Eigen::VectorXd right = ((problem.y.array() - p) / root).matrix();
    w += (root.matrix().asDiagonal() * all).colPivHouseholderQr().solve(right);
    loss = ((1 + f.exp()).log() - problem.y.array() * f).sum();
  }
  return loss;
}

TEST(CollinearFeatures, ARunThatSaysItHasConvergedHas) {
  for (const double apart : {1e-2, 1e-4, 1e-5}) {
    for (const std::string loss : {"squared", "logistic"}) {
      const bool classes = loss == "logistic";
      const RegressionProblem problem = Collinear(7, apart, classes);
      const double least = classes ? LeastLogistic(problem) : LeastSquares(problem);
      for (const std::string solver : {"normal", "cg", "newton", "lbfgs"}) {
        if (solver == "newton" ? !classes : classes && solver != "lbfgs") continue;
        SCOPED_TRACE(solver + ", " + loss + ", apart by " + std::to_string(apart));
        regression::Options options;
        options.loss = loss;
        options.solver = solver;
        const RegressionFit fit = FitRegression(problem, options);
        const bool has_converged = fit.summary.termination == Termination::kConverged;
        EXPECT_TRUE(has_converged || solver == "lbfgs") << fit.summary.message;
        if (!has_converged) continue;
        EXPECT_LE(fit.summary.objective - least, 1e-5 * least);
        EXPECT_GE(fit.summary.objective - least, -1e-9 * least);
      }
    }
  }
}

TEST(SeparableClasses, HaveNoOptimumWithoutAPenalty) {
  RegressionProblem problem = Collinear(7, 1, true);
  for (int i = 0; i < kRows; ++i) problem.y[i] = problem.x(i, 0) > 0 ? 1 : 0;
  for (const std::string solver : {"newton", "lbfgs"}) {
    for (const double lambda : {0.0, 0.1}) {
      regression::Options options;
      options.loss = "logistic";
      options.solver = solver;
      options.lambda = lambda;
      const Summary summary = FitRegression(problem, options).summary;
      EXPECT_EQ(summary.termination,
                lambda > 0 ? Termination::kConverged : Termination::kMaxRounds);
      EXPECT_EQ(summary.message.find("can be told apart") != std::string::npos, lambda == 0)
          << summary.message;
    }
  }
}

}  // namespace
}  // namespace strads::testing
