#include "apps/lasso/block_solver.h"

#include <strads/duality.h>
#include <strads/prox.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace strads::lasso {
namespace {

using State = BlockSolver::State;
using Columns = Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>;

constexpr int kTile = 32;
// Of the largest |x_j|^2: makes the matrix of a Newton step positive definite if columns repeat.
constexpr double kRidge = 1e-12;
// A flop of the Cholesky factorisation in terms of a number that descent reads and writes.
constexpr double kFlopCost = 0.15;
constexpr double kShortestStep = 1.0 / 64;  // of a Newton step that is cut short
// The gap over the support, relative to that asked for over the block.
constexpr double kShare = 0.3;

size_t Index(int64_t i) { return static_cast<size_t>(i); }

double ObjectiveOf(const State& state, double lambda) {
  return 0.5 * state.rr + lambda * state.b.lpNorm<1>();
}

double GapOf(const State& state, double lambda) {
  const double steepest = state.q.size() > 0 ? state.q.lpNorm<Eigen::Infinity>() : 0;
  return ObjectiveOf(state, lambda) - LassoDual(state.yr, state.rr, steepest, lambda);
}

// One pass of coordinate descent. Returns the number of changes.
int64_t Sweep(const Columns& gram, State& state, double lambda) {
  int64_t changes = 0;
  for (Eigen::Index i = 0; i < gram.cols(); ++i) {
    const double before = state.b[i], q = state.q[i];
    if (before == 0 && std::abs(q) <= lambda) continue;
    const double xx = gram(i, i);
    const double change = (xx > 0 ? SoftThreshold(q + xx * before, lambda) / xx : 0) - before;
    if (change == 0) continue;
    state.b[i] = before + change;
    state.q.noalias() -= change * gram.col(i);
    state.rr -= change * (q + state.q[i]);
    state.yr -= change * state.xy[i];
    ++changes;
  }
  return changes;
}

// Moves all variables, none of which is zero, towards their common optimum with these signs; those
// whose sign would change stop at zero. False, and nothing moved, if the objective would not fall.
bool NewtonStep(const Columns& gram, State& state, double lambda) {
  std::vector<Eigen::Index> support;
  for (Eigen::Index i = 0; i < gram.cols(); ++i) {
    if (state.b[i] != 0) support.push_back(i);
  }
  const auto count = std::ssize(support);
  if (count == 0) return false;
  Eigen::MatrixXd matrix(count, count);
  Eigen::VectorXd slope(count);  // of the objective, negated
  for (Eigen::Index c = 0; c < count; ++c) {
    const Eigen::Index i = support[Index(c)];
    for (Eigen::Index a = c; a < count; ++a) matrix(a, c) = gram(support[Index(a)], i);
    slope[c] = state.q[i] - std::copysign(lambda, state.b[i]);
  }
  matrix.diagonal().array() += kRidge * matrix.diagonal().maxCoeff();
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(matrix);
  if (factor.info() != Eigen::Success) return false;
  const Eigen::VectorXd whole = factor.solve(slope);
  if (!whole.allFinite()) return false;
  for (double share = 1; share >= kShortestStep; share /= 2) {
    Eigen::VectorXd change = Eigen::VectorXd::Zero(gram.cols());
    for (Eigen::Index a = 0; a < count; ++a) {
      const Eigen::Index i = support[Index(a)];
      const double b = state.b[i], after = b + share * whole[a];
      change[i] = after * b > 0 ? after - b : -b;
    }
    const Eigen::VectorXd q_change = gram * change;
    const double gain = change.dot(state.q) - 0.5 * change.dot(q_change) -
                        lambda * ((state.b + change).lpNorm<1>() - state.b.lpNorm<1>());
    if (!(gain > 0)) continue;
    state.b += change;
    state.rr -= 2 * change.dot(state.q) - change.dot(q_change);
    state.yr -= change.dot(state.xy);
    state.q -= q_change;
    return true;
  }
  return false;
}

}  // namespace

void BlockSolver::Grow(std::span<const double> squared_norms, std::span<const double> gram) {
  const int before = size_;
  size_ += static_cast<int>(squared_norms.size());
  if (size_ > capacity_) {
    const int capacity = std::max(size_, 2 * capacity_);
    std::vector<double> larger(Index(capacity) * Index(capacity));
    for (int i = 0; i < before; ++i)
      std::copy_n(Column(i), before, larger.data() + Index(i) * Index(capacity));
    gram_ = std::move(larger);
    capacity_ = capacity;
  }
  const auto column = [&](int i) { return gram_.data() + Index(i) * Index(capacity_); };
  const double* from = gram.data();
  for (int b = before; b < size_; ++b) {
    std::copy_n(from, b, column(b));
    from += b;
    column(b)[b] = squared_norms[Index(b - before)];
  }
  // The other triangle, in tiles that fit into the cache.
  for (int b0 = before; b0 < size_; b0 += kTile) {
    for (int a0 = 0; a0 < size_; a0 += kTile) {
      const int b1 = std::min(b0 + kTile, size_);
      for (int a = a0; a < std::min({a0 + kTile, b1}); ++a) {
        for (int b = std::max(b0, a + 1); b < b1; ++b) column(a)[b] = column(b)[a];
      }
    }
  }
}

int64_t BlockSolver::SolveSupport(State& state, double lambda, double gap) const {
  std::vector<int> support;
  for (int i = 0; i < size_; ++i) {
    if (state.b[i] != 0) support.push_back(i);
  }
  const auto count = std::ssize(support);
  Eigen::MatrixXd matrix(count, count);
  State part{Eigen::VectorXd(count), Eigen::VectorXd(count), Eigen::VectorXd(count), state.rr,
             state.yr};
  for (Eigen::Index c = 0; c < count; ++c) {
    const int i = support[Index(c)];
    for (Eigen::Index a = 0; a < count; ++a) matrix(a, c) = Column(i)[support[Index(a)]];
    part.b[c] = state.b[i];
    part.q[c] = state.q[i];
    part.xy[c] = state.xy[i];
  }
  const Columns gram(matrix.data(), count, count, Eigen::OuterStride<>(count));
  int64_t changes = 0;
  const auto n = static_cast<double>(count);
  double spent = 0, patience = kFlopCost * n * n * n / 3 + 3 * n * n;
  while (GapOf(part, lambda) > gap) {
    const double before = ObjectiveOf(part, lambda);
    const int64_t changed = Sweep(gram, part, lambda);
    changes += changed;
    spent += static_cast<double>(changed) * n;
    if (spent > patience) {
      if (!NewtonStep(gram, part, lambda)) patience *= 2;
      changes += count;
      spent = 0;
    }
    if (changed == 0 || ObjectiveOf(part, lambda) >= before) break;  // rounding
  }
  for (Eigen::Index c = 0; c < count; ++c) {
    const int i = support[Index(c)];
    const double change = part.b[c] - state.b[i];
    if (change == 0) continue;
    state.b[i] = part.b[c];
    state.q.noalias() -= change * Eigen::Map<const Eigen::VectorXd>(Column(i), size_);
  }
  state.rr = part.rr;
  state.yr = part.yr;
  return changes;
}

int64_t BlockSolver::Solve(State& state, double lambda, double gap) const {
  const Columns gram(gram_.data(), size_, size_, Eigen::OuterStride<>(capacity_));
  int64_t changes = 0;
  while (GapOf(state, lambda) > gap) {
    const double before = ObjectiveOf(state, lambda);
    const int64_t changed = Sweep(gram, state, lambda);
    changes += changed;
    if (changed == 0) break;
    changes += SolveSupport(state, lambda, kShare * gap);
    if (ObjectiveOf(state, lambda) >= before) break;  // rounding
  }
  return changes;
}

}  // namespace strads::lasso
