#include "tests/support/family.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace strads::testing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The member on variables that are scaled and centred, so that its penalty is plain.
class Plain {
 public:
  Plain(const Problem& problem, const Member& member) : member_(member), y_(problem.y) {
    const Eigen::Index n = problem.x.rows(), p = problem.x.cols();
    x_ = Eigen::MatrixXd(problem.x);
    w_ = member.weights.size() > 0 ? member.weights : Eigen::VectorXd(Eigen::VectorXd::Ones(n));
    scale_ = Eigen::VectorXd::Ones(p);
    const Eigen::RowVectorXd mean = w_.transpose() * x_ / w_.sum();
    if (member.standardize) {
      const Eigen::MatrixXd centred = x_.rowwise() - mean;
      scale_ = (w_.transpose() * centred.cwiseAbs2() / w_.sum()).cwiseSqrt();
      for (double& s : scale_) s = s > 1e-7 ? s : kInfinity;  // x / s is zero
    }
    for (Eigen::Index j = 0; j < p; ++j) x_.col(j) /= scale_[j];
    // The intercept takes up any shift of a variable: centred ones are easier.
    mean_ = Eigen::RowVectorXd::Zero(p);
    if (member.intercept) mean_ = w_.transpose() * x_ / w_.sum();
    x_.rowwise() -= mean_;
    group_ = member.groups;
    for (Eigen::Index j = 0; group_.size() < static_cast<size_t>(p); ++j)
      group_.push_back(static_cast<int>(j));
    num_groups_ = p > 0 ? *std::max_element(group_.begin(), group_.end()) + 1 : 0;
    factors_ = member.factors;
    if (factors_.size() == 0) {
      factors_ = Eigen::VectorXd::Zero(num_groups_);
      for (const int g : group_) factors_[g] += 1;
      factors_ = factors_.cwiseSqrt();
    }
  }

  Fit Solve(double lambda) const {
    Eigen::MatrixXd all(x_.rows(), x_.cols() + 1);
    all << w_.cwiseSqrt(), w_.cwiseSqrt().asDiagonal() * x_;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> spectrum(all.transpose() * all);
    const double bound = spectrum.eigenvalues().maxCoeff() / (member_.logistic ? 4 : 1);
    const double step = 1 / bound;
    Fit at{0, Eigen::VectorXd::Zero(x_.cols())}, before = at, ahead = at;
    double t = 1;
    int quiet = 0;
    for (int k = 0; k < 2'000'000; ++k) {
      const Eigen::VectorXd r = Residual(ahead);
      before = at;
      at.b = Prox(ahead.b + step * (x_.transpose() * r), step * lambda);
      if (member_.intercept) at.intercept = ahead.intercept + step * r.sum();
      const Eigen::VectorXd moved = at.b - before.b;
      const double shift = at.intercept - before.intercept;
      const bool uphill =
          (ahead.b - at.b).dot(moved) + (ahead.intercept - at.intercept) * shift > 0;
      const double next = (1 + std::sqrt(1 + 4 * t * t)) / 2;
      const double momentum = uphill ? 0 : (t - 1) / next;
      t = uphill ? 1 : next;
      ahead.b = at.b + momentum * moved;
      ahead.intercept = at.intercept + momentum * shift;
      const double size = at.b.norm() + std::abs(at.intercept);
      quiet = moved.norm() + std::abs(shift) <= 1e-15 * size + 1e-300 ? quiet + 1 : 0;
      if (quiet == 50) {
        Fit fit{at.intercept - mean_.dot(at.b), at.b};
        fit.b.array() /= scale_.array();
        return fit;
      }
    }
    throw std::runtime_error("the reference solver does not converge");
  }

  double PenaltyOf(const Eigen::VectorXd& original) const {
    const Eigen::VectorXd b = (scale_.array() < kInfinity).select(original.cwiseProduct(scale_), 0);
    if (member_.nonnegative && b.size() > 0 && b.minCoeff() < 0) return kInfinity;
    const Eigen::VectorXd square = Squares(b);
    double sum = 0;
    for (int g = 0; g < num_groups_; ++g) {
      if (square[g] == 0) continue;
      sum += factors_[g] *
             (member_.l1_ratio * std::sqrt(square[g]) + (1 - member_.l1_ratio) / 2 * square[g]);
    }
    return sum;
  }

  // The largest |x_g'r| relative to its factor, of those that are penalised.
  double Steepest(const Fit& original) const {
    Fit fit{original.intercept + mean_.dot(original.b.cwiseProduct(Finite())),
            original.b.cwiseProduct(Finite())};
    Eigen::VectorXd slope = x_.transpose() * Residual(fit);
    if (member_.nonnegative) slope = slope.cwiseMax(0);
    const Eigen::VectorXd square = Squares(slope);
    double most = 0;
    for (int g = 0; g < num_groups_; ++g) {
      if (factors_[g] > 0 && factors_[g] < kInfinity)
        most = std::max(most, std::sqrt(square[g]) / (factors_[g] * member_.l1_ratio));
    }
    return most;
  }

 private:
  Eigen::VectorXd Finite() const { return (scale_.array() < kInfinity).select(scale_, 0); }
  Eigen::VectorXd Squares(const Eigen::VectorXd& b) const {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(num_groups_);
    for (Eigen::Index j = 0; j < b.size(); ++j) sum[group_[static_cast<size_t>(j)]] += b[j] * b[j];
    return sum;
  }
  Eigen::VectorXd Residual(const Fit& fit) const {
    Eigen::VectorXd eta = x_ * fit.b;
    eta.array() += fit.intercept;
    if (!member_.logistic) return w_.cwiseProduct(y_ - eta);
    for (Eigen::Index i = 0; i < eta.size(); ++i)
      eta[i] = (y_[i] > 0 ? 1.0 : 0.0) - 1 / (1 + std::exp(-eta[i]));
    return w_.cwiseProduct(eta);
  }
  Eigen::VectorXd Prox(Eigen::VectorXd b, double lambda) const {
    if (member_.nonnegative) b = b.cwiseMax(0);
    const Eigen::VectorXd norm = Squares(b).cwiseSqrt();
    for (Eigen::Index j = 0; j < b.size(); ++j) {
      const int g = group_[static_cast<size_t>(j)];
      if (factors_[g] == kInfinity) {
        b[j] = 0;
        continue;
      }
      const double l1 = lambda * factors_[g] * member_.l1_ratio;
      const double l2 = lambda * factors_[g] * (1 - member_.l1_ratio);
      b[j] *= norm[g] > l1 ? (1 - l1 / norm[g]) / (1 + l2) : 0;
    }
    return b;
  }

  const Member& member_;
  const Eigen::VectorXd& y_;
  Eigen::MatrixXd x_;
  Eigen::VectorXd w_, scale_, factors_;
  Eigen::RowVectorXd mean_;
  std::vector<int> group_;
  int num_groups_ = 0;
};

}  // namespace

double FamilyObjective(const Problem& problem,
                       const Member& member,
                       double lambda,
                       const Fit& fit) {
  Eigen::VectorXd eta = problem.x * fit.b;
  eta.array() += fit.intercept;
  double loss = 0;
  for (Eigen::Index i = 0; i < eta.size(); ++i) {
    const double weight = member.weights.size() > 0 ? member.weights[i] : 1;
    const double margin = problem.y[i] > 0 ? eta[i] : -eta[i];
    loss +=
        weight * (member.logistic ? std::log1p(std::exp(-std::abs(margin))) + std::max(-margin, 0.0)
                                  : 0.5 * (problem.y[i] - eta[i]) * (problem.y[i] - eta[i]));
  }
  const double penalty = Plain(problem, member).PenaltyOf(fit.b);
  return loss + (penalty == 0 ? 0 : lambda * penalty);
}

Fit FamilyOptimum(const Problem& problem, const Member& member, double lambda) {
  return Plain(problem, member).Solve(lambda);
}

NullModel FamilyNullModel(const Problem& problem, const Member& member) {
  Member null = member;
  const Eigen::Index p = problem.x.cols();
  if (null.factors.size() == 0) null.factors = Eigen::VectorXd::Ones(p);
  for (double& factor : null.factors) factor = factor == 0 ? 0 : kInfinity;
  const Fit fit = FamilyOptimum(problem, null, 1);
  return {FamilyObjective(problem, null, 1, fit), Plain(problem, member).Steepest(fit)};
}

}  // namespace strads::testing
