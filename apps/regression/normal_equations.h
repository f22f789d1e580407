#pragma once

#include <Eigen/Cholesky>

#include "apps/regression/optimizer.h"

namespace strads::regression {

// Solves A u = Z'C y, A = Z'C Z + diag(l2), of the squared loss: by Cholesky's factor, or where A
// has none by its eigenvectors, which tell the rank; then the solution is that of least norm (of
// d_j w_j, see Options). The slopes g at it, which know X better than A does, correct it until what
// is left to gain, 1/2 g'A^-1 g, shrinks no more. A squares the condition of X: directions along
// which X is less than about 1e-7 of its largest count as none.
class NormalEquations final : public Optimizer {
 public:
  NormalEquations(const Variables& variables, Eigen::VectorXd start)
      : Optimizer(variables, std::move(start)) {}

  Request Next() override;
  Verdict Take(const Answer& answer) override;

 private:
  void TakeGram(const std::vector<double>& gram);
  void Factor(Eigen::MatrixXd a);
  Eigen::VectorXd Solve(const Eigen::VectorXd& right) const;
  void ToLeastNorm(Eigen::VectorXd& u) const;

  bool has_gram_ = false, has_point_ = false;
  Eigen::VectorXd trial_;
  Eigen::VectorXd unit_;  // A is factored as unit A unit, of diagonal 1
  Eigen::LLT<Eigen::MatrixXd> factor_;
  Eigen::MatrixXd inverse_;  // if it has none: V / sqrt(eigenvalues), of those above rounding
  Eigen::MatrixXd null_;     // likewise: an orthonormal basis of what X does not see, in d_j w_j
};

}  // namespace strads::regression
