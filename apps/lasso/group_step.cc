#include "apps/lasso/group_step.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>

namespace strads::lasso {
namespace {

// What rounding leaves of a zero, of the largest, for each row.
constexpr double kRounding = 1e-13;

// L with L L' = A to rounding, or no columns if that takes more than half as many as there are
// rows.
Eigen::MatrixXd ThinRoot(const Eigen::MatrixXd& a) {
  const Eigen::Index size = a.rows(), most = size / 2;
  Eigen::MatrixXd root(size, most);
  Eigen::VectorXd left = a.diagonal();  // of A - L L'
  const double least = kRounding * left.maxCoeff();
  for (Eigen::Index rank = 0; rank <= most; ++rank) {
    Eigen::Index pivot = 0;
    const double largest = left.maxCoeff(&pivot);
    if (!(largest > least)) return root.leftCols(rank);
    if (rank == most) break;
    const Eigen::VectorXd row = root.row(pivot).head(rank);
    root.col(rank).noalias() = a.col(pivot) - root.leftCols(rank) * row;
    root.col(rank) /= std::sqrt(largest);
    left -= root.col(rank).cwiseAbs2();
    left[pivot] = 0;
  }
  return {size, 0};
}

}  // namespace

GroupStep::GroupStep(const Eigen::MatrixXd& a) {
  const Eigen::MatrixXd root = ThinRoot(a);
  const Eigen::Index rank = root.cols();
  if (rank == 0) {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(a);
    basis_ = solver.eigenvectors();
    curvature_ = solver.eigenvalues();
  } else {
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(root);
    const Eigen::MatrixXd upper =
        qr.matrixQR().topRows(rank).template triangularView<Eigen::Upper>();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(upper * upper.transpose());
    basis_ = qr.householderQ() * Eigen::MatrixXd::Identity(a.rows(), rank);
    basis_ *= solver.eigenvectors();
    curvature_ = solver.eigenvalues();
  }
  // In ascending order; the rest are zero but for rounding.
  const double least = kRounding * static_cast<double>(a.rows()) * curvature_.maxCoeff();
  const Eigen::Index zeros = (curvature_.array() <= std::max(least, 0.0)).count();
  const Eigen::Index positive = curvature_.size() - zeros;
  basis_ = Eigen::MatrixXd(basis_.rightCols(positive));
  curvature_ = Eigen::VectorXd(curvature_.tail(positive));
}

Eigen::VectorXd GroupStep::Times(const Eigen::VectorXd& b) const {
  return basis_ * curvature_.cwiseProduct(basis_.transpose() * b);
}

Eigen::VectorXd GroupStep::Minimise(const Eigen::VectorXd& z, double l1, double l2) const {
  if (z.norm() <= l1) return Eigen::VectorXd::Zero(z.size());
  const Eigen::VectorXd along = basis_.transpose() * z;
  // What is outside the basis has no curvature but l2. Without that it is rounding, if there is a
  // least point at all.
  Eigen::VectorXd rest = Eigen::VectorXd::Zero(z.size());
  if (basis_.cols() < z.size()) rest = z - basis_ * along;
  if (l2 == 0 && rest.norm() >= l1) rest.setZero();
  const double rest_square = rest.squaredNorm();
  const Eigen::ArrayXd a = curvature_.array() + l2;
  const auto times_inverse = [&](double ridge) -> Eigen::VectorXd {
    const Eigen::ArrayXd sum = a + ridge;
    Eigen::VectorXd b = basis_ * (along.array() / sum).matrix();
    if (l2 + ridge > 0) b += rest / (l2 + ridge);
    return b;
  };
  if (l1 == 0) return times_inverse(0);
  if (a.size() == 0 && l2 == 0) return Eigen::VectorXd::Zero(z.size());
  // f(t) = 1 / |((a + l2) t + l1)^-1 z| - 1 rises from below zero at t = 0, and is concave:
  // Newton's method goes up to the root.
  double t = 0;
  for (int step = 0; step < 100; ++step) {
    const Eigen::ArrayXd denominator = a * t + l1;
    const Eigen::ArrayXd square = (along.array() / denominator).square();
    const double of_rest = l2 * t + l1, square_of_rest = rest_square / (of_rest * of_rest);
    const double norm = std::sqrt(square.sum() + square_of_rest);
    const double slope =
        ((square * a / denominator).sum() + square_of_rest * l2 / of_rest) / (norm * norm * norm);
    if (!(slope > 0)) break;
    const double change = (1 - 1 / norm) / slope;
    t += change;
    if (!(change > 4 * std::numeric_limits<double>::epsilon() * t)) break;
  }
  if (!(t > 0)) return Eigen::VectorXd::Zero(z.size());
  return times_inverse(l1 / t);
}

}  // namespace strads::lasso
