#pragma once

#include <strads/random.h>
#include <strads/row_matrix.h>
#include <strads/run.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "apps/svm/svm.h"
#include "tests/support/temp_files.h"

namespace strads::testing {

// Rows with the numbers of their classes.
struct SvmProblem {
  Eigen::MatrixXd x;
  std::vector<int> label;

  std::string Libsvm() const {
    std::string text;
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      text += std::to_string(label[static_cast<size_t>(i)]);
      for (Eigen::Index j = 0; j < x.cols(); ++j) {
        char field[48];
        std::snprintf(field, sizeof field, " %d:%.17g", static_cast<int>(j + 1), x(i, j));
        if (x(i, j) != 0) text += field;
      }
      text += '\n';
    }
    return text;
  }
};

// Classes 0 .. classes - 1 that overlap; about `share` of the entries are not zero.
inline SvmProblem RandomSvm(uint64_t seed, int rows, int cols, int classes, double share = 0.6) {
  Random random(seed);
  SvmProblem problem{Eigen::MatrixXd::Zero(rows, cols), {}};
  for (int i = 0; i < rows; ++i) {
    const int label = i % classes;
    problem.label.push_back(label);
    for (int j = 0; j < cols; ++j) {
      if (random.Uniform() < share)
        problem.x(i, j) = 2 * random.Uniform() - 1 + (j % classes == label ? 0.5 : 0);
    }
  }
  return problem;
}

inline RowMatrix RowsOf(const Eigen::MatrixXd& x) {
  ThreadPool pool(1);
  return RowMatrix::FromColumns(ColumnMatrix::FromDense(x), pool);
}

struct SvmSolution {
  Summary summary;
  svm::Model model;
  Eigen::MatrixXd w;  // a column for each weight vector; the bias is the last row, if there is one
};

inline SvmSolution SolveSvm(const SvmProblem& problem,
                            svm::Options options,
                            int workers = 1,
                            int threads = 1,
                            RunOptions run = {},
                            const RunHooks& hooks = {}) {
  const TempDir folder;
  options.data = folder.Write("data.libsvm", problem.Libsvm());
  options.workers = workers;
  run.workers = workers;
  run.threads = threads;
  run.tolerance = options.tolerance;
  if (run.max_time == 0) run.max_time = 60;
  auto result = Run<svm::Svm>(options, run, hooks);
  SvmSolution solution{std::move(result.summary), std::move(result.model), {}};
  const auto p = static_cast<Eigen::Index>(solution.model.classes.front().weights.size());
  const Eigen::Index width = p + (options.bias ? 1 : 0);
  solution.w.resize(width, std::ssize(solution.model.classes));
  for (Eigen::Index k = 0; k < solution.w.cols(); ++k) {
    const svm::ClassModel& of = solution.model.classes[static_cast<size_t>(k)];
    for (Eigen::Index j = 0; j < p; ++j) solution.w(j, k) = of.weights[static_cast<size_t>(j)];
    if (options.bias) solution.w(p, k) = of.bias;
  }
  return solution;
}

inline Eigen::MatrixXd WithConstant(const Eigen::MatrixXd& x, bool bias) {
  if (!bias) return x;
  Eigen::MatrixXd wide(x.rows(), x.cols() + 1);
  wide << x, Eigen::VectorXd::Ones(x.rows());
  return wide;
}

// P(w) by the definition, for the class `positive` against all others; costs are C c_i.
inline double BinaryObjective(const Eigen::MatrixXd& x,
                              const std::vector<int>& label,
                              int positive,
                              bool squared,
                              const std::vector<double>& costs,
                              const Eigen::VectorXd& w) {
  double loss = 0;
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    const auto at = static_cast<size_t>(i);
    const double margin = (label[at] == positive ? 1 : -1) * x.row(i).dot(w);
    const double hinge = std::max(0.0, 1 - margin);
    loss += costs[at] * (squared ? hinge * hinge : hinge);
  }
  return 0.5 * w.squaredNorm() + loss;
}

// A lower bound of the least objective, tight to rounding: the dual, by accelerated projected
// gradients.
inline double BinaryOptimum(const Eigen::MatrixXd& x,
                            const std::vector<int>& label,
                            int positive,
                            bool squared,
                            const std::vector<double>& costs) {
  const Eigen::Index n = x.rows();
  Eigen::MatrixXd z = x;
  Eigen::VectorXd diagonal = Eigen::VectorXd::Zero(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    if (label[static_cast<size_t>(i)] != positive) z.row(i) *= -1;
    if (squared) diagonal[i] = 0.5 / costs[static_cast<size_t>(i)];
  }
  Eigen::MatrixXd q = z * z.transpose();
  q.diagonal() += diagonal;
  const double step = 1 / q.cwiseAbs().rowwise().sum().maxCoeff();
  Eigen::VectorXd a = Eigen::VectorXd::Zero(n), y = a;
  const auto value = [&](const Eigen::VectorXd& at) { return at.sum() - 0.5 * at.dot(q * at); };
  double t = 1;
  for (int k = 0; k < 20000; ++k) {
    Eigen::VectorXd next = y + step * (Eigen::VectorXd::Ones(n) - q * y);
    for (Eigen::Index i = 0; i < n; ++i) {
      next[i] = std::max(0.0, next[i]);
      if (!squared) next[i] = std::min(next[i], costs[static_cast<size_t>(i)]);
    }
    const bool falls = (next - a).dot(y - next) > 0;
    const double later = falls ? 1 : (1 + std::sqrt(1 + 4 * t * t)) / 2;
    y = falls ? next : Eigen::VectorXd(next + (t - 1) / later * (next - a));
    t = later;
    a = next;
  }
  return value(a);
}

}  // namespace strads::testing
