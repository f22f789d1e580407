#include "apps/lasso/column_solver.h"

#include <strads/duality.h>
#include <strads/prox.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace strads::lasso {
namespace {

constexpr int kIterates = 5;      // that are extrapolated
constexpr double kShare = 0.3;    // the gap over the support, of that asked for over the block
constexpr double kRidge = 1e-12;  // of the extrapolation's equations, relative to their trace

// The last sweeps' results over the support, from which to guess where they lead.
class Extrapolation {
 public:
  void Add(Eigen::VectorXd b, const Eigen::VectorXd& r) {
    b_.push_back(std::move(b));
    r_.push_back(r);
  }
  bool IsFull() const { return b_.size() == kIterates + 1; }
  void Clear() {
    b_.clear();
    r_.clear();
  }
  // The combination of the iterates, with weights that sum to 1, whose last change is smallest.
  // False if there is none.
  bool Combine(Eigen::VectorXd& b, Eigen::VectorXd& r) const {
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

 private:
  std::vector<Eigen::VectorXd> b_, r_;
};

}  // namespace

void ColumnSolver::Grow(ColumnMatrix x,
                        std::span<const double> squared_norms,
                        std::span<const double> b) {
  for (int j = 0; j < static_cast<int>(x.num_cols()); ++j) {
    places_.push_back({static_cast<int>(parts_.size()), j});
    if (b[Index(j)] != 0) x.AddColumn(j, -b[Index(j)], r_);
  }
  parts_.push_back(std::move(x));
  squared_norms_.insert(squared_norms_.end(), squared_norms.begin(), squared_norms.end());
  b_.insert(b_.end(), b.begin(), b.end());
}

double ColumnSolver::Objective(double lambda) const {
  double norm = 0;
  for (const double b : b_) norm += std::abs(b);
  return 0.5 * r_.squaredNorm() + lambda * norm;
}

double ColumnSolver::Gap(std::span<const int> variables, double lambda) const {
  double steepest = 0;
  for (const int i : variables) steepest = std::max(steepest, std::abs(Dot(i)));
  return Objective(lambda) - LassoDual(y_.dot(r_), r_.squaredNorm(), steepest, lambda);
}

int64_t ColumnSolver::Sweep(std::span<const int> variables, double lambda) {
  int64_t changes = 0;
  for (const int i : variables) {
    const double xx = squared_norms_[Index(i)], before = b_[Index(i)];
    const double after = xx > 0 ? SoftThreshold(Dot(i) + xx * before, lambda) / xx : 0;
    if (after == before) continue;
    Add(i, before - after);
    b_[Index(i)] = after;
    ++changes;
  }
  return changes;
}

int64_t ColumnSolver::SolveSupport(std::span<const int> support, double lambda, double gap) {
  const auto values = [&] {
    Eigen::VectorXd b(std::ssize(support));
    for (size_t k = 0; k < support.size(); ++k)
      b[static_cast<Eigen::Index>(k)] = b_[Index(support[k])];
    return b;
  };
  Extrapolation extrapolation;
  extrapolation.Add(values(), r_);
  int64_t changes = 0;
  while (true) {
    const double objective = Objective(lambda);
    while (!extrapolation.IsFull()) {
      changes += Sweep(support, lambda);
      extrapolation.Add(values(), r_);
    }
    const double swept = Objective(lambda);
    Eigen::VectorXd b, r;
    if (extrapolation.Combine(b, r) &&
        0.5 * r.squaredNorm() + lambda * (b.lpNorm<1>() - values().lpNorm<1>()) <
            0.5 * r_.squaredNorm()) {
      for (size_t k = 0; k < support.size(); ++k)
        b_[Index(support[k])] = b[static_cast<Eigen::Index>(k)];
      r_ = r;
      changes += std::ssize(support);
    }
    extrapolation.Clear();
    extrapolation.Add(values(), r_);
    if (Gap(support, lambda) <= gap || swept >= objective) return changes;
  }
}

int64_t ColumnSolver::Solve(double lambda, double gap) {
  std::vector<int> all(b_.size());
  std::iota(all.begin(), all.end(), 0);
  int64_t changes = 0;
  while (Gap(all, lambda) > gap) {
    const double before = Objective(lambda);
    changes += Sweep(all, lambda);
    std::vector<int> support;
    for (const int i : all) {
      if (b_[Index(i)] != 0) support.push_back(i);
    }
    changes += SolveSupport(support, lambda, kShare * gap);
    if (Objective(lambda) >= before) break;  // rounding
  }
  return changes;
}

}  // namespace strads::lasso
