#include "apps/lasso/logistic_solver.h"

#include <strads/index.h>
#include <strads/row_gram.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "apps/lasso/block_solver.h"
#include "apps/lasso/column_solver.h"
#include "apps/lasso/dual_bound.h"
#include "apps/lasso/free_columns.h"
#include "apps/lasso/logistic.h"
#include "apps/lasso/projected_columns.h"

namespace strads::lasso {
namespace {

// The gap that the quadratic problem is solved to, relative to its own and that of the block; and
// by inner products of few columns, so that changes cost next to nothing.
constexpr double kInnerShare = 0.1, kShareOfFew = 1e-3;
// By columns, before the loss, which has curved away meanwhile, is looked at anew.
constexpr double kMostSweeps = 10;
constexpr double kMostInnerProducts = 1024;  // columns
// Of an entry of a column that changes: a pair of entries in a row, one where there are few
// columns, and an entry that has to be moved into its row first.
constexpr double kPairCost = 10, kFewPairCost = 0.5, kMoveCost = 3;
constexpr double kFewColumns = 256, kFewBesideEntries = 0.1;  // of a column
// Of a row's weight: rows whose class is certain have less curvature than can be divided by.
constexpr double kLeastCurvature = 1e-10;
constexpr double kSufficient = 1e-4;  // Armijo's constant
constexpr double kShortestStep = 1e-10;
constexpr int kMostInVain = 5;       // steps that do not bring the gap down
constexpr double kRounding = 1e-13;  // of the objective

// Of the quadratic problem, whose own gap is of second order in how far the slopes are from what
// they should be, and rounds to 0 long before that of the logistic loss, which is of first order:
// then it is solved as far as rounding allows. Where its own is as small as this beside the gap, a
// share of the one takes the square of that of the other.
constexpr double kSecondOrder = 1e-3;
double InnerGap(double share, double own, double gap) {
  return own > 0 ? share * (own < kSecondOrder * gap ? share * own : std::min(gap, own))
                 : -std::numeric_limits<double>::infinity();
}

}  // namespace

LogisticSolver::LogisticSolver(Eigen::VectorXd y, Eigen::VectorXd weights, bool intercept)
    : y_(std::move(y)),
      weights_(std::move(weights)),
      has_intercept_(intercept),
      eta_(Eigen::VectorXd::Zero(y_.size())),
      r_(y_.size()),
      curvature_(y_.size()) {}

void LogisticSolver::Grow(ColumnMatrix x,
                          std::span<const double> b,
                          std::span<const int32_t> numbers,
                          double intercept) {
  numbers_.insert(numbers_.end(), numbers.begin(), numbers.end());
  eta_.array() += intercept - intercept_;
  intercept_ = intercept;
  for (int j = 0; j < static_cast<int>(x.num_cols()); ++j) {
    const double value = b[static_cast<size_t>(j)];
    if (value != 0) x.AddColumn(j, value, eta_);
  }
  b_.insert(b_.end(), b.begin(), b.end());
  x_.Append(std::move(x));
  rows_ = RowMatrix();
  is_at_last_digits_ = false;
}

void LogisticSolver::Evaluate() {
  loss_ = entropy_ = 0;
  ForEachLogistic(y_, weights_, eta_, [&](Eigen::Index i, const LogisticRow& row) {
    const double weight = weights_.size() > 0 ? weights_[i] : 1;
    loss_ += row.loss;
    entropy_ += row.entropy;
    r_[i] = row.r;
    curvature_[i] = std::max(row.curvature, kLeastCurvature * weight);
  });
}

double LogisticSolver::Gap(const Penalty& penalty, ThreadPool& pool) {
  std::vector<bool> is_free(b_.size(), false);
  for (const Penalty::Unit unit : penalty.units()) {
    for (int32_t i = unit.first; i < unit.first + unit.count; ++i)
      is_free[static_cast<size_t>(i)] = unit.IsFree();
  }
  q_.resize(b_.size());
  std::vector<double> xx(b_.size());
  for (int j = 0; j < size(); ++j) {
    const auto at = static_cast<size_t>(j);
    q_[at] = x_.Dot(j, r_);
    xx[at] = is_free[at] ? x_.WeightedSquaredNorm(j, curvature_) : 0;
  }
  const double value = loss_ + penalty.Value(b_.data());
  const std::vector<int32_t> free = FreeOf(penalty);
  is_beside_free_ = !free.empty();
  if (is_beside_free_) return value - BoundBeside(free, penalty, pool);
  const double dual = BestDualBound(penalty, b_.data(), q_.data(), xx.data(), entropy_, 0, 1).value;
  const double slack = has_intercept_ ? SlackOf(intercept_, r_.sum(), curvature_.sum()) : 0;
  return value - dual + slack;
}

double LogisticSolver::BoundBeside(std::span<const int32_t> free,
                                   const Penalty& penalty,
                                   ThreadPool& pool) const {
  std::vector<double> slopes, b, norms(b_.size(), 0.0);
  const Eigen::VectorXd w =
      weights_.size() > 0 ? weights_ : Eigen::VectorXd(Eigen::VectorXd::Ones(y_.size()));
  for (const int32_t j : free) {
    const auto at = static_cast<size_t>(j);
    slopes.push_back(q_[at]);
    b.push_back(b_[at]);
    norms[at] = x_.WeightedSquaredNorm(j, w);
  }
  const Eigen::VectorXd e = Eigen::VectorXd::Ones(has_intercept_ ? y_.size() : 0);
  const Eigen::VectorXd* const ones = has_intercept_ ? &e : nullptr;
  if (has_intercept_) {
    slopes.push_back(r_.sum());
    b.push_back(1);  // may have either sign
  }
  const Eigen::MatrixXd products = UnpackedProducts(
      FreeProducts(x_, free, ones, LogisticRoots(r_, weights_), pool), std::ssize(slopes));
  const std::vector<double> step = FreeStep(products, slopes, b, penalty.nonnegative());
  const DualPoint point = LogisticDualPoint(x_, free, ones, step, r_, y_, weights_);
  const Eigen::VectorXd of_point = x_.TransposedTimes(point.t);
  return BoundOf(penalty, b_.data(), of_point.data(), norms.data(), w.sum(), w.sum(), true,
                 point.sums);
}

// So few that their products stay in the cache, and fewer than a column has entries: then changes
// by inner products cost less than by columns, too.
bool LogisticSolver::HasFewColumns() const {
  const double columns = size();
  return !x_.is_dense() && columns <= kFewColumns &&
         columns * columns <= kFewBesideEntries * static_cast<double>(x_.num_nonzeros());
}

// In changes of a variable by its column.
double LogisticSolver::CostOfInnerProducts() const {
  const auto columns = static_cast<double>(b_.size()), rows = static_cast<double>(num_rows());
  if (x_.num_nonzeros() == 0 || columns > kMostInnerProducts)
    return std::numeric_limits<double>::infinity();
  const auto entries = x_.is_dense() ? rows * columns : static_cast<double>(x_.num_nonzeros());
  const double pairs = 0.5 * entries * entries / rows;  // of entries in a row
  const double cost = HasFewColumns() ? kFewPairCost * pairs +
                                            (rows_.num_cols() == size() ? 0 : kMoveCost * entries)
                                      : kPairCost * pairs;
  return cost * columns / entries;
}

LogisticSolver::Products LogisticSolver::ProductsOfRows(ThreadPool& pool) {
  if (rows_.num_cols() != size()) rows_ = RowMatrix::FromColumns(x_, pool);
  std::vector<int64_t> all(Index(num_rows()));
  std::iota(all.begin(), all.end(), 0);
  const std::vector<double> ones(all.size(), 1.0), centre(b_.size() + 1, 0.0);
  const std::vector<double> upper =
      RowGram({.x = &rows_, .rows = all, .y = ones, .weights = {curvature_.data(), ones.size()}},
              centre, pool);
  Products products{.pairs = {}, .norms = Eigen::VectorXd(size()), .sums = Eigen::VectorXd(size())};
  products.pairs.reserve(upper.size());
  const double* column = upper.data();
  for (Eigen::Index j = 0; j < size(); column += ++j) {
    products.pairs.insert(products.pairs.end(), column, column + j);
    products.norms[j] = column[j];
  }
  std::copy_n(column, size(), products.sums.data());
  products.weight = column[size()];
  return products;
}

LogisticSolver::Products LogisticSolver::ProductsOfColumns(std::span<const int32_t> all,
                                                           ThreadPool& pool) const {
  const Eigen::VectorXd root = curvature_.cwiseSqrt();
  ColumnMatrix scaled = x_;
  scaled.ScaleRows(root);
  Products products{
      .pairs = {}, .norms = scaled.SquaredNorms(), .sums = {}, .weight = root.squaredNorm()};
  scaled.GramBlock(all, 0, products.pairs, pool);
  if (has_intercept_) products.sums = scaled.TransposedTimes(root);
  return products;
}

LogisticSolver::Step LogisticSolver::ByInnerProducts(const Penalty& penalty,
                                                     double gap,
                                                     int64_t most,
                                                     ThreadPool& pool) {
  std::vector<int32_t> all(b_.size());
  std::iota(all.begin(), all.end(), 0);
  const bool has_few = HasFewColumns();
  auto [pairs, norms, sums, weight] = has_few ? ProductsOfRows(pool) : ProductsOfColumns(all, pool);
  const Eigen::Map<const Eigen::VectorXd> b(b_.data(), std::ssize(b_));
  const Eigen::Map<const Eigen::VectorXd> q(q_.data(), std::ssize(q_));
  const double length = std::sqrt(weight);
  double sum_r = 0;  // e'r / |e|, e = roots
  if (has_intercept_) {
    sums /= length;
    sum_r = r_.sum() / length;
    norms -= sums.cwiseAbs2();
    ProjectOut(all, 0, {sums.data(), all.size()}, 1, pairs);
  } else {
    sums = Eigen::VectorXd::Zero(size());
  }
  norms = (norms.array() > kRounding * sums.array().square()).select(norms, 0);
  BlockSolver solver;
  solver.Grow({norms.data(), b_.size()}, pairs);
  // The residual at b is r / root, the target that and the fitted values.
  BlockSolver::State state;
  state.b = b;
  state.q = q - sum_r * sums;
  state.rr = 0;
  for (Eigen::Index i = 0; i < r_.size(); ++i)
    state.rr += curvature_[i] > 0 ? r_[i] * r_[i] / curvature_[i] : 0;
  state.rr -= sum_r * sum_r;
  state.xy = state.q;
  for (int j = 0; j < size(); ++j) {
    state.xy[j] += Eigen::Map<const Eigen::VectorXd>(solver.Column(j), size()).dot(b);
  }
  state.yr = state.rr + state.q.dot(b);
  Step step;
  step.changes = solver.Solve(
      state, penalty,
      InnerGap(has_few ? kShareOfFew : kInnerShare, solver.Gap(state, penalty), gap), pool, most);
  step.b.assign(state.b.begin(), state.b.end());
  if (has_intercept_) step.intercept = (sum_r - sums.dot(state.b - b)) / length;
  return step;
}

LogisticSolver::Step LogisticSolver::ByColumns(const Penalty& penalty,
                                               double gap,
                                               int64_t most,
                                               ThreadPool& pool) const {
  const Eigen::VectorXd root = curvature_.cwiseSqrt();
  // So that the residual at b is r / root, and the slopes are X'r; the intercept is then the change
  // of the model's.
  Eigen::VectorXd target = root.array() * (eta_.array() - intercept_);
  target.array() += (root.array() > 0).select(r_.array() / root.array(), 0.0);
  ColumnSolver quadratic(std::move(target), has_intercept_ ? root : Eigen::VectorXd());
  ColumnMatrix scaled = x_;
  scaled.ScaleRows(root);
  quadratic.Grow(std::move(scaled), b_, numbers_);
  Step step;
  step.changes = quadratic.Solve(penalty, InnerGap(kInnerShare, quadratic.Gap(penalty, pool), gap),
                                 pool, most);
  step.b = quadratic.b();
  step.intercept = quadratic.intercept();
  return step;
}

// False, and nothing moved, if there is no way down.
bool LogisticSolver::NewtonStep(
    const Penalty& penalty, double gap, int64_t most, int64_t& changes, ThreadPool& pool) {
  const double cost = CostOfInnerProducts();
  const auto by_columns = static_cast<int64_t>(std::ceil(std::min(cost, kMostSweeps * size() + 1)));
  Step step;
  if (cut_short_ >= cost || (is_at_last_digits_ && std::isfinite(cost))) {
    step = ByInnerProducts(penalty, gap, most, pool);
  } else {
    step = ByColumns(penalty, gap, std::min(most, by_columns), pool);
    cut_short_ = step.changes >= by_columns ? cut_short_ + static_cast<double>(step.changes) : 0;
  }
  changes += step.changes;
  Eigen::VectorXd direction = Eigen::VectorXd::Constant(eta_.size(), step.intercept);
  for (int j = 0; j < size(); ++j) {
    const double change = step.b[static_cast<size_t>(j)] - b_[static_cast<size_t>(j)];
    if (change != 0) x_.AddColumn(j, change, direction);
  }
  const double before = loss_ + penalty.Value(b_.data());
  const double expected =
      -r_.dot(direction) + penalty.Value(step.b.data()) - penalty.Value(b_.data());
  // Too little to be seen in the objective; a full step is right this close to the optimum.
  is_at_last_digits_ = std::abs(expected) < kRounding * before;
  if (!is_at_last_digits_ && !(expected < 0)) return false;
  const Eigen::VectorXd eta = std::move(eta_);
  for (double share = 1; share >= kShortestStep; share /= 2) {
    eta_ = eta + share * direction;
    std::vector<double> b = b_;
    for (size_t i = 0; i < b.size(); ++i)
      b[i] = share == 1 ? step.b[i] : b[i] + share * (step.b[i] - b[i]);
    Evaluate();
    const double after = loss_ + penalty.Value(b.data());
    if (!is_at_last_digits_ && !(after <= before + kSufficient * share * expected)) continue;
    b_ = std::move(b);
    intercept_ += share * step.intercept;
    return true;
  }
  eta_ = eta;
  Evaluate();
  return false;
}

int64_t LogisticSolver::Solve(const Penalty& penalty, double gap, ThreadPool& pool, int64_t most) {
  int64_t changes = 0;
  Evaluate();
  const auto objective = [&] { return loss_ + penalty.Value(b_.data()); };
  // A step that cannot be seen in the objective can lead to a larger gap.
  struct Point {
    double gap = 0;
    double objective = 0;
    std::vector<double> b = {};
    double intercept = 0;
    Eigen::VectorXd eta = {};
  };
  std::optional<Point> best;
  int in_vain = 0;  // steps since
  while (in_vain < kMostInVain && changes < most) {
    const double now = Gap(penalty, pool);
    // What joins goes by r, which says of other variables what the bound's point does only once the
    // block is at its best.
    if (is_beside_free_ && !best)
      gap = std::max(std::min(gap, kInnerShare * now), kRounding * loss_);
    if (!best || now < best->gap) {
      best = Point{now, objective(), b_, intercept_, eta_};
      in_vain = 0;
    } else {
      ++in_vain;
    }
    if (now <= gap || !NewtonStep(penalty, now, most - changes, changes, pool)) break;
  }
  if (in_vain > 0 && objective() >= (1 - kRounding) * best->objective) {
    b_ = std::move(best->b);
    intercept_ = best->intercept;
    eta_ = std::move(best->eta);
  }
  return changes;
}

}  // namespace strads::lasso
