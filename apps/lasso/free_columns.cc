#include "apps/lasso/free_columns.h"

#include <strads/index.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "apps/lasso/dual_bound.h"

namespace strads::lasso {
namespace {

// Of columns scaled to length 1: makes their products positive definite if columns repeat. What
// that takes off the step is brought back by refinement.
constexpr double kRidge = 1e-12;
constexpr int kRefinements = 4;
// Of the largest slope that a column can have: rounding.
constexpr double kNoSlope = 1e-11;

// The columns with these numbers, alone, and e, if there is one.
ColumnMatrix ColumnsOf(const ColumnMatrix& x,
                       std::span<const int32_t> numbers,
                       const Eigen::VectorXd* ones) {
  std::vector<int32_t> counts, rows;
  std::vector<double> values;
  for (const int32_t j : numbers) {
    const size_t before = values.size();
    if (x.is_dense()) {
      const double* const column = x.DenseColumn(j);
      values.insert(values.end(), column, column + x.num_rows());
    } else {
      rows.insert(rows.end(), x.Rows(j).begin(), x.Rows(j).end());
      values.insert(values.end(), x.Values(j).begin(), x.Values(j).end());
    }
    counts.push_back(static_cast<int32_t>(values.size() - before));
  }
  if (ones != nullptr) {
    values.insert(values.end(), ones->begin(), ones->end());
    counts.push_back(static_cast<int32_t>(ones->size()));
    for (int32_t i = 0; !x.is_dense() && i < counts.back(); ++i) rows.push_back(i);
  }
  const ColumnPiece piece{counts, rows, values, 0, x.num_rows()};
  return ColumnMatrix::FromColumns({&piece, 1});
}

// z over these columns, 0 elsewhere.
Eigen::VectorXd StepOver(const std::vector<Eigen::Index>& columns,
                         const Eigen::MatrixXd& products,
                         const Eigen::VectorXd& slopes) {
  const Eigen::VectorXd scale = products.diagonal()(columns).cwiseSqrt().cwiseInverse();
  const Eigen::MatrixXd scaled =
      scale.asDiagonal() * products(columns, columns) * scale.asDiagonal();
  Eigen::MatrixXd matrix = scaled;
  matrix.diagonal().array() += kRidge;
  const Eigen::LLT<Eigen::MatrixXd> factor(matrix);
  Eigen::VectorXd step = Eigen::VectorXd::Zero(slopes.size());
  if (factor.info() != Eigen::Success) return step;
  const Eigen::VectorXd right = scale.cwiseProduct(slopes(columns));
  Eigen::VectorXd of_columns = factor.solve(right);
  for (int k = 0; k < kRefinements; ++k) of_columns += factor.solve(right - scaled * of_columns);
  if (of_columns.allFinite()) step(columns) = scale.cwiseProduct(of_columns);
  return step;
}

// X_F z.
Eigen::VectorXd MovedBy(const ColumnMatrix& x,
                        std::span<const int32_t> free,
                        const Eigen::VectorXd* ones,
                        std::span<const double> step) {
  Eigen::VectorXd moved = Eigen::VectorXd::Zero(x.num_rows());
  for (size_t k = 0; k < free.size(); ++k) {
    if (step[k] != 0) x.AddColumn(free[k], step[k], moved);
  }
  if (ones != nullptr) moved += step.back() * *ones;
  return moved;
}

}  // namespace

std::vector<int32_t> FreeOf(const Penalty& penalty) {
  std::vector<int32_t> free;
  if (penalty.common_unit() != nullptr && !penalty.common_unit()->IsFree()) return free;
  for (const Penalty::Unit unit : penalty.units()) {
    for (int32_t k = unit.first; unit.IsFree() && k < unit.first + unit.count; ++k)
      free.push_back(penalty.Variable(k));
  }
  if (std::ssize(free) > kMostFreeColumns) free.clear();
  return free;
}

DualSums& DualSums::operator+=(const DualSums& other) {
  linear += other.linear;
  quadratic += other.quadratic;
  et += other.et;
  outside += other.outside;
  return *this;
}

Eigen::VectorXd LogisticRoots(const Eigen::VectorXd& r, const Eigen::VectorXd& weights) {
  Eigen::VectorXd root(r.size());
  for (Eigen::Index i = 0; i < r.size(); ++i) {
    const double weight = weights.size() > 0 ? weights[i] : 1;
    const double size = std::abs(r[i]);
    root[i] = weight > 0 ? std::sqrt(size * std::max(0.0, 1 - size / weight)) : 0;
  }
  return root;
}

std::vector<double> FreeProducts(const ColumnMatrix& x,
                                 std::span<const int32_t> free,
                                 const Eigen::VectorXd* ones,
                                 const Eigen::VectorXd& roots,
                                 ThreadPool& pool) {
  ColumnMatrix scaled = ColumnsOf(x, free, ones);
  if (roots.size() > 0) scaled.ScaleRows(roots);
  const Eigen::VectorXd norms = scaled.SquaredNorms();
  std::vector<double> products(norms.begin(), norms.end()), pairs;
  std::vector<int32_t> all(products.size());
  std::iota(all.begin(), all.end(), 0);
  scaled.GramBlock(all, 0, pairs, pool);
  products.insert(products.end(), pairs.begin(), pairs.end());
  return products;
}

Eigen::MatrixXd UnpackedProducts(std::span<const double> products, Eigen::Index count) {
  Eigen::MatrixXd matrix(count, count);
  size_t at = Index(count);
  for (Eigen::Index b = 0; b < count; ++b) {
    matrix(b, b) = products[Index(b)];
    for (Eigen::Index a = 0; a < b; ++a) matrix(a, b) = matrix(b, a) = products[at++];
  }
  return matrix;
}

std::vector<double> FreeStep(const Eigen::MatrixXd& matrix,
                             std::span<const double> slopes,
                             std::span<const double> b,
                             bool nonnegative) {
  const auto count = std::ssize(slopes);
  const Eigen::Map<const Eigen::VectorXd> right(slopes.data(), count);
  std::vector<bool> is_in(slopes.size());
  for (size_t k = 0; k < slopes.size(); ++k) is_in[k] = !nonnegative || b[k] > 0 || slopes[k] > 0;
  for (;;) {
    std::vector<Eigen::Index> columns;
    for (Eigen::Index k = 0; k < count; ++k) {
      if (is_in[Index(k)] && matrix(k, k) > 0) columns.push_back(k);
    }
    const Eigen::VectorXd step = StepOver(columns, matrix, right);
    // Slopes that may stay must not turn.
    const Eigen::VectorXd left = right - matrix * step;
    bool has_turned = false;
    for (size_t k = 0; k < slopes.size(); ++k) {
      if (is_in[k] || !(left[static_cast<Eigen::Index>(k)] > 0)) continue;
      is_in[k] = has_turned = true;
    }
    if (!has_turned) return {step.begin(), step.end()};
  }
}

DualPoint SquaredDualPoint(const ColumnMatrix& x,
                           std::span<const int32_t> free,
                           const Eigen::VectorXd* ones,
                           std::span<const double> step,
                           const Eigen::VectorXd& r,
                           const Eigen::VectorXd& y) {
  DualPoint point;
  point.t = r - MovedBy(x, free, ones, step);
  point.sums.linear = y.dot(point.t);
  point.sums.quadratic = point.t.squaredNorm();
  if (ones != nullptr) point.sums.et = ones->dot(point.t);
  return point;
}

DualPoint LogisticDualPoint(const ColumnMatrix& x,
                            std::span<const int32_t> free,
                            const Eigen::VectorXd* ones,
                            std::span<const double> step,
                            const Eigen::VectorXd& r,
                            const Eigen::VectorXd& y,
                            const Eigen::VectorXd& weights) {
  const Eigen::VectorXd moved = MovedBy(x, free, ones, step);
  DualPoint point;
  point.t = Eigen::VectorXd::Zero(r.size());
  const auto log_of = [](double share) { return share > 0 ? share * std::log(share) : 0; };
  for (Eigen::Index i = 0; i < r.size(); ++i) {
    const double weight = weights.size() > 0 ? weights[i] : 1;
    if (!(weight > 0)) continue;
    const double sign = y[i] > 0 ? 1 : -1;
    const double before = std::abs(r[i]) / weight;
    const double share = before * (1 - (1 - before) * sign * moved[i]);
    const double rest = (1 - before) * (1 + before * sign * moved[i]);
    if (!(share >= 0 && rest >= 0)) ++point.sums.outside;
    point.t[i] = sign * weight * share;
    point.sums.linear -= weight * (log_of(share) + log_of(rest));
  }
  if (ones != nullptr) point.sums.et = point.t.sum();
  return point;
}

double BoundOf(const Penalty& penalty,
               const double* b,
               const double* slopes,
               const double* norms,
               double size,
               double weight,
               bool is_logistic,
               const DualSums& sums) {
  if (sums.outside > 0 || std::abs(sums.et) > kNoSlope * std::sqrt(weight * size)) return 0;
  for (const Penalty::Unit unit : penalty.units()) {
    if (!unit.IsFree()) continue;
    for (int32_t k = unit.first; k < unit.first + unit.count; ++k) {
      const int32_t j = penalty.Variable(k);
      if (norms[j] > 0 && penalty.SteepnessOf(slopes[j]) > kNoSlope * std::sqrt(norms[j] * size))
        return 0;
    }
  }
  const double most = is_logistic ? 1 : std::numeric_limits<double>::infinity();
  const DualBound bound =
      BestDualBound(penalty, b, slopes, norms, sums.linear, sums.quadratic, most);
  return std::max(0.0, bound.value);
}

}  // namespace strads::lasso
