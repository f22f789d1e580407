#include "apps/lasso/group_step.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

namespace strads::lasso {

GroupStep::GroupStep(const Eigen::MatrixXd& a) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(a);
  basis_ = solver.eigenvectors();
  curvature_ = solver.eigenvalues().cwiseMax(0);
  // What rounding has left of a zero.
  const double least = 1e-13 * static_cast<double>(a.rows()) * curvature_.maxCoeff();
  curvature_ = (curvature_.array() < least).select(0, curvature_);
}

Eigen::VectorXd GroupStep::Times(const Eigen::VectorXd& b) const {
  return basis_ * curvature_.cwiseProduct(basis_.transpose() * b);
}

Eigen::VectorXd GroupStep::Minimise(const Eigen::VectorXd& z, double l1, double l2) const {
  if (z.norm() <= l1) return Eigen::VectorXd::Zero(z.size());
  const Eigen::VectorXd along = basis_.transpose() * z;
  const Eigen::ArrayXd a = curvature_.array() + l2;
  const auto times_inverse = [&](double ridge) -> Eigen::VectorXd {
    const Eigen::ArrayXd sum = a + ridge;
    return basis_ * (sum > 0).select(along.array() / sum, 0.0).matrix();
  };
  if (l1 == 0) return times_inverse(0);
  if (!(a.maxCoeff() > 0)) return Eigen::VectorXd::Zero(z.size());
  // f(t) = 1 / |((a + l2) t + l1)^-1 z| - 1 rises from below zero at t = 0, and is concave:
  // Newton's method goes up to the root.
  double t = 0;
  for (int step = 0; step < 100; ++step) {
    const Eigen::ArrayXd denominator = a * t + l1;
    const Eigen::ArrayXd square = (along.array() / denominator).square();
    const double norm = std::sqrt(square.sum());
    const double slope = (square * a / denominator).sum() / (norm * norm * norm);
    if (!(slope > 0)) break;
    const double change = (1 - 1 / norm) / slope;
    t += change;
    if (!(change > 4 * std::numeric_limits<double>::epsilon() * t)) break;
  }
  if (!(t > 0)) return Eigen::VectorXd::Zero(z.size());
  return times_inverse(l1 / t);
}

}  // namespace strads::lasso
