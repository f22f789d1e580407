#pragma once

#include <strads/random.h>
#include <strads/run.h>

#include <Eigen/Core>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "apps/regression/regression.h"
#include "tests/support/temp_files.h"

namespace strads::testing {

// Rows with targets; of classes, y is the number of the class.
struct RegressionProblem {
  Eigen::MatrixXd x;
  Eigen::VectorXd y;

  std::string Libsvm() const {
    std::string text;
    char field[48];
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      std::snprintf(field, sizeof field, "%.17g", y[i]);
      text += field;
      for (Eigen::Index j = 0; j < x.cols(); ++j) {
        std::snprintf(field, sizeof field, " %d:%.17g", static_cast<int>(j + 1), x(i, j));
        if (x(i, j) != 0) text += field;
      }
      text += '\n';
    }
    return text;
  }
};

// Features that differ in units, means and correlation; about `share` of them are not zero. With
// classes > 0, y is one of them, more likely where some features are large.
inline RegressionProblem RandomRegression(
    uint64_t seed, int rows, int cols, double share = 1, int classes = 0) {
  Random random(seed);
  RegressionProblem problem{Eigen::MatrixXd::Zero(rows, cols), Eigen::VectorXd(rows)};
  for (int i = 0; i < rows; ++i) {
    double f = 3, common = 2 * random.Uniform() - 1;
    for (int j = 0; j < cols; ++j) {
      if (random.Uniform() >= share) continue;
      const double value = 2 * random.Uniform() - 1 + 0.5 * common;
      f += (j % 3 - 1) * value;
      problem.x(i, j) = (1 + j % 4) * (value + (j % 5 == 0 ? 3 : 0));
    }
    const double noisy = f + random.Uniform();
    problem.y[i] =
        classes > 0
            ? static_cast<double>((i % 7 == 0 ? i : static_cast<int>(2 * noisy + 40)) % classes)
            : noisy;
  }
  return problem;
}

struct RegressionFit {
  Summary summary;
  regression::Model model;
  Eigen::MatrixXd w;  // a column for each output
  Eigen::VectorXd b;
};

inline RegressionFit FitRegression(const RegressionProblem& problem,
                                   regression::Options options,
                                   int workers = 1,
                                   int threads = 1) {
  const TempDir folder;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  options.num_features = problem.x.cols();
  RunOptions run;
  run.workers = workers;
  run.threads = threads;
  run.tolerance = options.tolerance;
  run.max_time = 60;
  run.max_rounds = 20'000;
  auto result = Run<regression::Regression>(options, run);
  RegressionFit fit{std::move(result.summary), std::move(result.model), {}, {}};
  fit.w.resize(problem.x.cols(), std::ssize(fit.model.outputs));
  fit.b.resize(fit.w.cols());
  for (Eigen::Index k = 0; k < fit.w.cols(); ++k) {
    const regression::Output& output = fit.model.outputs[static_cast<size_t>(k)];
    for (Eigen::Index j = 0; j < fit.w.rows(); ++j)
      fit.w(j, k) = output.coefficients[static_cast<size_t>(j)];
    fit.b[k] = output.intercept;
  }
  return fit;
}

}  // namespace strads::testing
