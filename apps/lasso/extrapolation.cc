#include "apps/lasso/extrapolation.h"

#include <Eigen/Cholesky>
#include <cmath>

namespace strads::lasso {
namespace {

constexpr double kRidge = 1e-12;  // of the equations, relative to their trace

}  // namespace

bool Extrapolation::Combine(Eigen::VectorXd& b, Eigen::VectorXd& r) const {
  Eigen::MatrixXd steps(b_.front().size(), kIterates);
  for (int k = 0; k < kIterates; ++k)
    steps.col(k) = b_[static_cast<size_t>(k) + 1] - b_[static_cast<size_t>(k)];
  Eigen::MatrixXd gram = steps.transpose() * steps;
  gram.diagonal().array() += kRidge * gram.trace();
  Eigen::VectorXd weights = gram.ldlt().solve(Eigen::VectorXd::Ones(kIterates));
  const double sum = weights.sum();
  if (!std::isfinite(sum) || sum == 0) return false;
  weights /= sum;
  b.setZero(b_.front().size());
  r.setZero(r_.front().size());
  for (int k = 0; k < kIterates; ++k) {
    b += weights[k] * b_[static_cast<size_t>(k) + 1];
    r += weights[k] * r_[static_cast<size_t>(k) + 1];
  }
  return true;
}

}  // namespace strads::lasso
