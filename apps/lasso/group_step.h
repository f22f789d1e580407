#pragma once

#include <Eigen/Core>
#include <functional>
#include <map>

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
  // A is symmetric, positive semi-definite, of rank r. O(size^3), and where r is at most half of
  // the size, as it is if there are fewer rows than that, O(size r^2): by Cholesky's factorisation
  // with pivots (Higham, 1990), which ends there.
  explicit GroupStep(const Eigen::MatrixXd& a);

  // O(size r). l1, l2 >= 0; along directions without curvature, if any, b is zero.
  Eigen::VectorXd Minimise(const Eigen::VectorXd& z, double l1, double l2) const;
  Eigen::VectorXd Times(const Eigen::VectorXd& b) const;  // A b

 private:
  Eigen::MatrixXd basis_;      // size x r
  Eigen::VectorXd curvature_;  // r, above 0
};

// The steps of a problem's groups, each found when it is first asked for.
class GroupSteps {
 public:
  // Of the group that is unit u; `matrix` makes its A.
  const GroupStep& Of(int u, const std::function<Eigen::MatrixXd()>& matrix) {
    const auto found = steps_.find(u);
    return found != steps_.end() ? found->second : steps_.emplace(u, matrix()).first->second;
  }

 private:
  std::map<int, GroupStep> steps_;
};

}  // namespace strads::lasso
