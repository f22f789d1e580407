#include "apps/lasso/block_solver.h"

#include <strads/cholesky.h>
#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/lasso/dual_bound.h"
#include "apps/lasso/free_columns.h"
#include "apps/lasso/group_step.h"

namespace strads::lasso {
namespace {

using State = BlockSolver::State;
using Products = Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>;

constexpr int kTile = 32;
// Of the largest |x_j|^2: makes the matrix of a Newton step positive definite if columns repeat.
// Beside free variables of its own: what those leave of a column may be as small as that.
constexpr double kRidge = 1e-12;
// A flop of the Cholesky factorisation in terms of a number that descent reads and writes.
constexpr double kFlopCost = 0.15;
// Newton steps, at most, where rounding hides what they gain, and variables that they are made of.
constexpr int kLastSteps = 3, kMostInLastSteps = 1024;
constexpr double kShortestStep = 1.0 / 64;  // of a Newton step that is cut short
// The gap over the support, relative to that asked for over the block.
constexpr double kShare = 0.3;

// The block as its steps see it: the inner products, the penalty, and what follows from them.
class System {
 public:
  // `group_steps` are of units with the numbers `units`, in order; empty: those of `penalty`.
  System(const Products& gram,
         const Penalty& penalty,
         GroupSteps& group_steps,
         std::span<const int> units = {})
      : gram_(gram),
        penalty_(penalty),
        xx_(gram.diagonal()),
        group_steps_(group_steps),
        units_(units),
        free_(FreeOf(penalty)) {}

  // Which others may nearly be combinations of.
  bool is_beside_free() const { return !free_.empty(); }
  double ObjectiveOf(const State& state) const {
    return 0.5 * state.rr + penalty_.Value(state.b.data());
  }
  // Or an estimate of it that is larger than `enough`.
  double GapOf(const State& state, double enough) const {
    const double dual = BestDualBound(penalty_, state.b.data(), state.q.data(), xx_.data(),
                                      state.yr, state.rr, std::numeric_limits<double>::infinity())
                            .value;
    const double gap = ObjectiveOf(state) - dual;
    return free_.empty() || gap > enough ? gap : ObjectiveOf(state) - BoundBesideFree(state);
  }
  int64_t Sweep(State& state);
  enum class Newton { kNoStep, kCutShort, kWhole };
  Newton NewtonStep(State& state, ThreadPool& pool) const;

 private:
  double BoundBesideFree(const State& state) const;
  void Move(State& state, Eigen::Index i, double change) const {
    const double q = state.q[i];
    state.b[i] += change;
    state.q.noalias() -= change * gram_.col(i);
    state.rr -= change * (q + state.q[i]);
    state.yr -= change * state.xy[i];
  }

  // D^-1 X_u'X_u D^-1.
  Eigen::MatrixXd ScaledProducts(const Penalty::Unit& unit) const {
    Eigen::MatrixXd a = gram_.block(unit.first, unit.first, unit.count, unit.count);
    for (int32_t k = 0; k < unit.count; ++k) {
      a.row(k) /= penalty_.Scale(unit.first + k);
      a.col(k) /= penalty_.Scale(unit.first + k);
    }
    return a;
  }

  const Products& gram_;
  const Penalty& penalty_;
  const Eigen::VectorXd xx_;
  GroupSteps& group_steps_;
  const std::span<const int> units_;
  const std::vector<int32_t> free_;
  std::vector<double> change_;
};

double System::BoundBesideFree(const State& state) const {
  const Eigen::MatrixXd products = gram_(free_, free_);
  const Eigen::VectorXd slopes = state.q(free_), b = state.b(free_);
  const std::vector<double> taken = FreeStep(products, {slopes.data(), free_.size()},
                                             {b.data(), free_.size()}, penalty_.nonnegative());
  const Eigen::Map<const Eigen::VectorXd> step(taken.data(), std::ssize(taken));
  Eigen::VectorXd q = state.q;
  for (size_t k = 0; k < free_.size(); ++k) q.noalias() -= taken[k] * gram_.col(free_[k]);
  const DualSums sums{.linear = state.yr - state.xy(free_).dot(step),
                      .quadratic = state.rr - step.dot(slopes) - step.dot(q(free_))};
  const double yy = state.yr + state.xy.dot(state.b);
  return BoundOf(penalty_, state.b.data(), q.data(), xx_.data(), yy, 1, false, sums);
}

// One pass of coordinate descent. Returns the number of changes.
int64_t System::Sweep(State& state) {
  int64_t changes = 0;
  for (int u = 0; u < penalty_.num_units(); ++u) {
    const Penalty::Unit unit = penalty_.unit(u);
    const Eigen::Index first = unit.first;
    if (unit.count == 1) {
      const double before = state.b[first], q = state.q[first], xx = xx_[first];
      if (before == 0 && std::abs(q) <= unit.l1) continue;
      const double change = (xx > 0 ? penalty_.Minimise(unit, q + xx * before, xx) : 0) - before;
      if (change == 0) continue;
      Move(state, first, change);
      ++changes;
      continue;
    }
    const GroupStep& step = group_steps_.Of(units_.empty() ? u : units_[Index(u)],
                                            [&] { return ScaledProducts(unit); });
    change_.resize(Index(unit.count));
    if (!penalty_.ExactChange(unit, state.b.data(), state.q.data(), step, change_.data())) continue;
    for (int32_t k = 0; k < unit.count; ++k) {
      const double change = change_[Index(k)];
      if (change == 0) continue;
      Move(state, first + k, change);
      ++changes;
    }
  }
  return changes;
}

// Moves all units that are not zero towards their common optimum: single variables with the signs
// they have; those whose sign would change stop at zero, and the step is cut short. No step, and
// nothing moved, if the objective would not fall.
System::Newton System::NewtonStep(State& state, ThreadPool& pool) const {
  const Penalty::Support nonzero = penalty_.SupportOf(state.b.data());
  const std::vector<int>& units = nonzero.units;
  const std::vector<int32_t>& support = nonzero.variables;
  const auto count = std::ssize(support);
  if (count == 0) return Newton::kNoStep;
  Eigen::MatrixXd matrix(count, count);
  Eigen::VectorXd slope(count);  // of the objective, negated
  for (Eigen::Index c = 0; c < count; ++c) {
    const Eigen::Index i = support[Index(c)];
    for (Eigen::Index a = 0; a <= c; ++a) matrix(a, c) = gram_(support[Index(a)], i);
    slope[c] = state.q[i];
  }
  const double largest = matrix.diagonal().maxCoeff();
  for (double& own : matrix.diagonal()) own += kRidge * (is_beside_free() ? own : largest);
  Eigen::Index at = 0;
  for (const int u : units) {
    const Penalty::Unit unit = penalty_.unit(u);
    if (unit.count == 1) {
      const double b = state.b[unit.first];
      slope[at] -= std::copysign(unit.l1, b) + unit.l2 * b;
      matrix(at, at) += unit.l2;
    } else {
      // D (l1/|Db| + l2) D - l1 (D^2 b)(D^2 b)' / |Db|^3
      Eigen::ArrayXd scale(unit.count);
      for (int32_t k = 0; k < unit.count; ++k) scale[k] = penalty_.Scale(unit.first + k);
      const Eigen::VectorXd b = state.b.segment(unit.first, unit.count);
      const double norm = (scale * b.array()).matrix().norm();
      const double ridge = unit.l1 / norm + unit.l2;
      const Eigen::VectorXd direction = scale.square() * b.array();
      slope.segment(at, unit.count) -= ridge * direction;
      auto own = matrix.block(at, at, unit.count, unit.count);
      own -= unit.l1 / (norm * norm * norm) * direction * direction.transpose();
      own.diagonal().array() += ridge * scale.square();
    }
    at += unit.count;
  }
  Cholesky factor;
  const auto fill = [&](int64_t j, double* to) { std::copy_n(matrix.col(j).data(), j + 1, to); };
  if (!factor.Extend(count, fill, pool)) return Newton::kNoStep;
  const Eigen::VectorXd whole = factor.Solve(slope);
  if (!whole.allFinite()) return Newton::kNoStep;
  const auto is_signed = [&](const Penalty::Unit& unit) {
    return unit.count == 1 && (unit.l1 > 0 || penalty_.nonnegative());
  };
  const auto move = [&](double share) {
    bool is_whole = share == 1;
    Eigen::VectorXd change = Eigen::VectorXd::Zero(gram_.cols());
    at = 0;
    for (const int u : units) {
      const Penalty::Unit unit = penalty_.unit(u);
      for (int32_t k = 0; k < unit.count; ++k, ++at) {
        const Eigen::Index i = support[Index(at)];
        const double b = state.b[i], after = b + share * whole[at];
        const bool stops = is_signed(unit) && !(after * b > 0);
        is_whole = is_whole && !stops;
        change[i] = stops ? -b : after - b;
      }
    }
    const Eigen::VectorXd q_change = gram_ * change;
    const Eigen::VectorXd b = state.b + change;
    // Unit by unit, so that it is exact where it is but a rounding of the objective.
    double gain = change.dot(state.q) - 0.5 * change.dot(q_change);
    for (const int u : units) {
      const Penalty::Unit unit = penalty_.unit(u);
      const double before = state.b[unit.first], after = b[unit.first];
      gain -= unit.count > 1 ? penalty_.Value(unit, b.data()) - penalty_.Value(unit, state.b.data())
                             : unit.l1 * (std::abs(after) - std::abs(before)) +
                                   0.5 * unit.l2 * (after - before) * (after + before);
    }
    if (!(gain > 0)) return Newton::kNoStep;
    state.b = b;
    state.rr -= 2 * change.dot(state.q) - change.dot(q_change);
    state.yr -= change.dot(state.xy);
    state.q -= q_change;
    return is_whole ? Newton::kWhole : Newton::kCutShort;
  };
  for (double share = 1; share >= kShortestStep; share /= 2) {
    if (const Newton made = move(share); made != Newton::kNoStep) return made;
  }
  // Along directions without curvature a step is as long as it likes. It leads down until the first
  // variable is zero, and the next has one less.
  double first = 1;
  at = 0;
  for (const int u : units) {
    const Penalty::Unit unit = penalty_.unit(u);
    const double b = state.b[support[Index(at)]];
    if (is_signed(unit) && !((b + first * whole[at]) * b > 0)) first = -b / whole[at];
    at += unit.count;
  }
  return first < 1 ? move(first) : Newton::kNoStep;
}

}  // namespace

void BlockSolver::Grow(std::span<const double> squared_norms, std::span<const double> gram) {
  const int before = size_;
  size_ += static_cast<int>(squared_norms.size());
  if (size_ > capacity_) {
    const int capacity = std::max(size_, capacity_ + capacity_ / 4);
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

int64_t BlockSolver::SolveSupport(
    State& state, const Penalty& penalty, double gap, ThreadPool& pool, int64_t most) {
  const auto [units, support] = penalty.SupportOf(state.b.data());
  const auto count = std::ssize(support);
  Eigen::MatrixXd matrix(count, count);
  State part{state.b(support), state.q(support), state.xy(support), state.rr, state.yr};
  for (Eigen::Index c = 0; c < count; ++c) {
    const double* column = Column(support[Index(c)]);
    for (Eigen::Index a = 0; a < count; ++a) matrix(a, c) = column[support[Index(a)]];
  }
  const Products gram(matrix.data(), count, count, Eigen::OuterStride<>(count));
  const Penalty part_penalty = penalty.Over(units);
  System system(gram, part_penalty, group_steps_, units);
  int64_t changes = 0;
  const auto n = static_cast<double>(count);
  const double step_cost = kFlopCost * n * n * n / 3 + 3 * n * n;
  double spent = 0, patience = step_cost;
  while (changes < most && system.GapOf(part, gap) > gap) {
    const double before = system.ObjectiveOf(part);
    const int64_t changed = system.Sweep(part);
    changes += changed;
    spent += static_cast<double>(changed) * n;
    // Where columns are nearly collinear, what a sweep gains is lost in rounding far from the end.
    const bool is_vain = changed == 0 || system.ObjectiveOf(part) >= before;
    if (spent > patience || (is_vain && system.is_beside_free())) {
      // Descent would bring back what a step has just set to zero: not before its end is reached.
      auto made = System::Newton::kCutShort;
      int64_t steps = 0;
      for (; made == System::Newton::kCutShort && steps <= count && changes < most; ++steps) {
        made = system.NewtonStep(part, pool);
        changes += count;
      }
      if (steps == 1 && made == System::Newton::kNoStep) patience *= 2;
      spent = -static_cast<double>(steps - 1) * step_cost;
    }
    if ((changed == 0 && !system.is_beside_free()) || system.ObjectiveOf(part) >= before) {
      // Rounding; a Newton step tells by its own gain whether it leads down.
      const bool is_affordable = count <= kMostInLastSteps && !system.is_beside_free();
      for (int steps = 0; steps < kLastSteps && is_affordable; ++steps) {
        if (system.NewtonStep(part, pool) == System::Newton::kNoStep) break;
        changes += count;
      }
      break;
    }
  }
  for (Eigen::Index c = 0; c < count; ++c) {
    const Eigen::Index i = support[Index(c)];
    const double change = part.b[c] - state.b[i];
    if (change == 0) continue;
    state.b[i] = part.b[c];
    state.q.noalias() -=
        change * Eigen::Map<const Eigen::VectorXd>(Column(static_cast<int>(i)), size_);
  }
  state.rr = part.rr;
  state.yr = part.yr;
  return changes;
}

double BlockSolver::Gap(const State& state, const Penalty& penalty) const {
  const Products gram(gram_.data(), size_, size_, Eigen::OuterStride<>(capacity_));
  GroupSteps none;
  return System(gram, penalty, none).GapOf(state, std::numeric_limits<double>::infinity());
}

int64_t BlockSolver::Solve(
    State& state, const Penalty& penalty, double gap, ThreadPool& pool, int64_t most) {
  const Products gram(gram_.data(), size_, size_, Eigen::OuterStride<>(capacity_));
  System system(gram, penalty, group_steps_);
  int64_t changes = 0;
  while (changes < most && system.GapOf(state, gap) > gap) {
    const double before = system.ObjectiveOf(state);
    const int64_t changed = system.Sweep(state);
    changes += changed;
    if (changed == 0) break;
    changes += SolveSupport(state, penalty, kShare * gap, pool, most - changes);
    if (system.ObjectiveOf(state) >= before) break;  // rounding
  }
  return changes;
}

}  // namespace strads::lasso
