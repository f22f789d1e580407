#pragma once

#include <Eigen/SparseCore>
#include <cstdint>
#include <string>
#include <utility>

namespace strads::testing {

// y is to be explained by the columns of x.
struct Problem {
  Problem() = default;
  Problem(const Eigen::MatrixXd& dense, Eigen::VectorXd target)
      : x(dense.sparseView(0, 0)), y(std::move(target)) {}

  Eigen::SparseMatrix<double, Eigen::RowMajor> x;
  Eigen::VectorXd y;
};

// How a problem is drawn. y = X b + noise, with the first `relevant` of b not zero.
struct ProblemShape {
  int rows = 60;
  int cols = 40;
  double density = 1;      // share of entries that are not zero
  double correlation = 0;  // of neighbouring columns: AR(1)
  int relevant = 5;
  double noise = 0.5;
  uint64_t seed = 1;
};

Problem DrawProblem(const ProblemShape& shape);
Eigen::MatrixXd DrawMatrix(const ProblemShape& shape);

// Orthonormal columns: x'x = I. Needs rows >= cols.
Problem DrawOrthonormal(int rows, int cols, uint64_t seed);

// The text of data files whose numbers read back as the very same doubles.
std::string ToLibsvm(const Problem& problem);
std::string ToMatrixMarket(const Problem& problem);
std::string TargetText(const Problem& problem);

// The problem in libsvm text, read in the plainest way.
Problem FromLibsvm(const std::string& text);

}  // namespace strads::testing
