#pragma once

#include <strads/column_matrix.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

namespace strads::lasso {

// The lasso over some of its variables, the block, from their columns:
//
//   minimise over b   1/2 |y - X_B b|^2 + lambda |b|_1
//
// for blocks whose columns have so few entries that they are smaller than their inner products.
// Coordinate descent on the residual over the block and, between, over the variables that are not
// zero, with Anderson extrapolation of those (Bertrand and Massias, AISTATS 2021), which is only
// taken if it lowers the objective.
class ColumnSolver {
 public:
  explicit ColumnSolver(Eigen::VectorXd y) : y_(std::move(y)), r_(y_) {}

  // Adds the columns of x, y.size() rows each, with these squared norms and coefficients.
  void Grow(ColumnMatrix x, std::span<const double> squared_norms, std::span<const double> b);
  int size() const { return static_cast<int>(b_.size()); }
  int64_t num_rows() const { return y_.size(); }
  // In the order in which they joined.
  const std::vector<double>& b() const { return b_; }

  // Changes b until its duality gap within the block is at most `gap`, or rounding is all that is
  // left. Returns how many variables were changed, repetitions counted.
  int64_t Solve(double lambda, double gap);

 private:
  struct Place {
    int part = 0;
    int column = 0;
  };
  double Dot(int i) const { return parts_[Part(i)].Dot(places_[Index(i)].column, r_); }
  void Add(int i, double scale) { parts_[Part(i)].AddColumn(places_[Index(i)].column, scale, r_); }
  static size_t Index(int i) { return static_cast<size_t>(i); }
  size_t Part(int i) const { return Index(places_[Index(i)].part); }

  int64_t Sweep(std::span<const int> variables, double lambda);
  int64_t SolveSupport(std::span<const int> support, double lambda, double gap);
  double Objective(double lambda) const;
  // Of the problem over these variables, all others being kept.
  double Gap(std::span<const int> variables, double lambda) const;

  Eigen::VectorXd y_;
  Eigen::VectorXd r_;  // y - X_B b
  std::vector<ColumnMatrix> parts_;
  std::vector<Place> places_;
  std::vector<double> squared_norms_;
  std::vector<double> b_;
};

}  // namespace strads::lasso
