#include "apps/lasso/summed_rows.h"

#include <Eigen/Cholesky>
#include <cmath>
#include <numeric>
#include <vector>

#include "apps/lasso/projected_columns.h"

namespace strads::lasso {
namespace {

// Of a square, what is left once others are taken out of it: but rounding; too little to be told
// from it; so little that the rows are asked.
constexpr double kRounding = 1e-13;
constexpr double kLeastLeft = 1e-5;
constexpr double kCombined = 1e-10;
constexpr double kMostColumns = 2000;          // whose decompositions take no longer than the rest
constexpr double kLeastShare = 2;              // of the entries, those of the summed rows at most
constexpr double kMostProducts = 4;            // of all folds, for each entry
constexpr double kMostMultiplications = 2e10;  // some seconds, which nothing interrupts
constexpr double kLeastShiftOfSparse = 10;     // mean of a column, in its deviations

// What G says of the columns of [X y] beside e.
struct Centred {
  explicit Centred(const Eigen::MatrixXd& g) {
    const Eigen::Index p = g.rows() - 2;
    std::vector<Eigen::Index> all(static_cast<size_t>(p) + 1);
    std::iota(all.begin(), all.end(), 0);
    all.back() = p + 1;
    means = g.col(p)(all) / std::sqrt(g(p, p));
    products = g(all, all) - means * means.transpose();
    squares = g.diagonal()(all);
    for (Eigen::Index k = 0; k <= p; ++k) varies.push_back(products(k, k) > kRounding * squares[k]);
  }

  Eigen::VectorXd means, squares;
  Eigen::MatrixXd products;
  std::vector<bool> varies;
};

// Whether column k is sum_i z_i x_basis[i] and a constant, in every row that has weight.
bool IsCombination(const Dataset& rows,
                   Eigen::Index k,
                   const std::vector<Eigen::Index>& basis,
                   const Eigen::VectorXd& z) {
  constexpr double kExact = 1e-20;
  Eigen::VectorXd left = Eigen::VectorXd::Zero(rows.y.size());
  rows.x.AddColumn(static_cast<int>(k), 1, left);
  const double square = left.squaredNorm();
  for (size_t i = 0; i < basis.size(); ++i)
    rows.x.AddColumn(static_cast<int>(basis[i]), -z[static_cast<Eigen::Index>(i)], left);
  if (rows.weights.size() == 0)
    return (left.array() - left.mean()).matrix().squaredNorm() <= kExact * square;
  const Eigen::ArrayXd has_weight = (rows.weights.array() > 0).cast<double>();
  const double mean = (left.array() * has_weight).sum() / has_weight.sum();
  return ((left.array() - mean) * has_weight).matrix().squaredNorm() <= kExact * square;
}

}  // namespace

bool SumsPay(const Dataset& rows, int32_t folds) {
  const auto p = static_cast<double>(rows.x.num_cols());
  const auto entries = static_cast<double>(rows.x.num_nonzeros());
  const double products = (p + 2) * (p + 2) * (folds + 1);
  const double of_rows = entries * entries / static_cast<double>(rows.x.num_rows());
  return p <= kMostColumns && kLeastShare * (p + 2) * p <= entries &&
         products <= kMostProducts * entries && of_rows <= kMostMultiplications;
}

Shifts ShiftsFor(const Dataset& rows) {
  const Eigen::VectorXd none;
  const Eigen::VectorXd& w = rows.weights;
  const Eigen::VectorXd own = w.size() > 0 ? w : Eigen::VectorXd::Ones(rows.y.size()).eval();
  const double weight = own.sum();
  Shifts shifts;
  if (!(weight > 0)) return shifts;
  shifts.of_target = rows.y.dot(own) / weight;
  for (int j = 0; j < rows.x.num_cols(); ++j) {
    const double mean = rows.x.Dot(j, own) / weight;
    const double left = LeftOf(rows.x.Spread(j, mean, none, w, weight), mean, weight);
    const double least = rows.x.is_dense() ? 0 : kLeastShiftOfSparse;
    const bool is_shifted = left > 0 && mean * mean * weight > least * least * left;
    shifts.of_columns.push_back(is_shifted ? mean : 0);
  }
  return shifts;
}

Eigen::MatrixXd ProductsOf(Dataset rows, ThreadPool& pool) {
  ColumnMatrix& x = rows.x;
  const bool is_weighted = rows.weights.size() > 0;
  Eigen::VectorXd e = Eigen::VectorXd::Ones(rows.y.size());
  if (is_weighted) {
    e = rows.weights.cwiseSqrt();
    x.ScaleRows(e);
  }
  const Eigen::VectorXd y = rows.y.cwiseProduct(e);
  const auto p = static_cast<int>(x.num_cols());
  std::vector<int32_t> columns(static_cast<size_t>(p));
  std::iota(columns.begin(), columns.end(), 0);
  std::vector<double> pairs;
  x.GramBlock(columns, 0, pairs, pool);

  Eigen::MatrixXd g = Eigen::MatrixXd::Zero(p + 2, p + 2);
  const double* pair = pairs.data();
  for (int b = 0; b < p; ++b) {
    for (int a = 0; a < b; ++a) g(a, b) = *pair++;
  }
  g.diagonal().head(p) = x.SquaredNorms();
  g.col(p).head(p) = x.TransposedTimes(e);
  g.col(p + 1).head(p) = x.TransposedTimes(y);
  g(p, p) = e.squaredNorm();
  g(p, p + 1) = e.dot(y);
  g(p + 1, p + 1) = y.squaredNorm();
  return g.selfadjointView<Eigen::Upper>();
}

// Column by column, as which pivots are left out is not known before.
std::optional<std::vector<bool>> Combinations(const Dataset& rows,
                                              const Eigen::MatrixXd& products) {
  const Eigen::Index p = products.rows() - 2;
  std::vector<bool> is_combination(static_cast<size_t>(p));
  const Centred centred(products);
  Eigen::MatrixXd upper = Eigen::MatrixXd::Zero(p, p);  // of the columns in `basis`
  std::vector<Eigen::Index> basis;
  for (Eigen::Index k = 0; k < p; ++k) {
    if (!centred.varies[static_cast<size_t>(k)]) {
      if (!IsCombination(rows, k, {}, {})) return std::nullopt;
      continue;
    }
    const auto size = static_cast<Eigen::Index>(basis.size());
    const auto factor = upper.topLeftCorner(size, size).triangularView<Eigen::Upper>();
    Eigen::VectorXd u = centred.products(basis, k);
    factor.transpose().solveInPlace(u);
    const double left = centred.products(k, k) - u.squaredNorm();
    if (left <= kCombined * centred.products(k, k)) {
      is_combination[static_cast<size_t>(k)] = IsCombination(rows, k, basis, factor.solve(u));
      if (is_combination[static_cast<size_t>(k)]) continue;
    }
    upper.col(size).head(size) = u;
    upper(size, size) = std::sqrt(std::max(left, kRounding * centred.products(k, k)));
    basis.push_back(k);
  }
  return is_combination;
}

std::optional<SummedRows> RowsWith(const Eigen::MatrixXd& products,
                                   const std::vector<bool>& is_combination) {
  const Eigen::Index p = products.rows() - 2;
  const double weight = products(p, p);
  if (!(weight > 0)) return std::nullopt;
  const Centred centred(products);
  std::vector<Eigen::Index> basis, combined;
  for (Eigen::Index k = 0; k <= p; ++k) {
    const auto at = static_cast<size_t>(k);
    if (k == p && !centred.varies[at] && centred.squares[k] > 0) return std::nullopt;
    if (!centred.varies[at]) continue;
    if (centred.products(k, k) <= kLeastLeft * centred.squares[k]) return std::nullopt;
    (k < p && is_combination[at] ? combined : basis).push_back(k);
  }
  const Eigen::MatrixXd of_basis = centred.products(basis, basis);
  const Eigen::LLT<Eigen::MatrixXd> cholesky(of_basis);
  if (cholesky.info() != Eigen::Success) return std::nullopt;
  const Eigen::MatrixXd upper = cholesky.matrixU();
  if ((upper.diagonal().array().square() <= kLeastLeft * of_basis.diagonal().array()).any())
    return std::nullopt;

  Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(upper.rows() + 1, p + 1);
  rows.row(0) = centred.means;
  rows.bottomRows(upper.rows())(Eigen::all, basis) = upper;
  Eigen::MatrixXd of_combined = centred.products(basis, combined);
  cholesky.matrixL().solveInPlace(of_combined);
  rows.bottomRows(upper.rows())(Eigen::all, combined) = of_combined;
  return SummedRows{rows.leftCols(p), rows.col(p), weight};
}

}  // namespace strads::lasso
