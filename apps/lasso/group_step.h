#pragma once

#include <Eigen/Core>

namespace strads::lasso {

// Exact minimisation over one group of variables, however correlated they are:
//
//   argmin_b  1/2 b'A b - z'b + l1 |b|_2 + l2/2 |b|_2^2
//
// By the eigenvalues of A and one equation in |b|, sum_i z_i^2 / ((a_i + l2) |b| + l1)^2 = 1 in
// their basis, which Newton's method solves on 1/sqrt as for a trust region (More and Sorensen,
// 1983).
class GroupStep {
 public:
  // A is symmetric, positive semi-definite. O(size^3).
  explicit GroupStep(const Eigen::MatrixXd& a);

  // O(size^2). l1, l2 >= 0; along directions without curvature, if any, b is zero.
  Eigen::VectorXd Minimise(const Eigen::VectorXd& z, double l1, double l2) const;
  Eigen::VectorXd Times(const Eigen::VectorXd& b) const;  // A b

 private:
  Eigen::MatrixXd basis_;
  Eigen::VectorXd curvature_;
};

}  // namespace strads::lasso
