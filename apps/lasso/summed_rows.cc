#include "apps/lasso/summed_rows.h"

#include <Eigen/Cholesky>
#include <cmath>
#include <numeric>
#include <vector>

#include "apps/lasso/projected_columns.h"

namespace strads::lasso {
namespace {

// What is left of a square once others are taken out of it is rounding up to here, and below the
// second too little to be told from it.
constexpr double kRounding = 1e-13;
constexpr double kLeastLeft = 1e-5;
constexpr int64_t kMostColumns = 500;       // whose decompositions, of each fold, take no time
constexpr double kLeastShare = 2;           // of the entries, those of the summed rows at most
constexpr double kLeastShiftOfSparse = 10;  // mean of a column, in its deviations

}  // namespace

bool SumsPay(const Dataset& rows) {
  const int64_t p = rows.x.num_cols();
  return p <= kMostColumns && kLeastShare * static_cast<double>((p + 2) * p) <=
                                  static_cast<double>(rows.x.num_nonzeros());
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

std::optional<SummedRows> RowsWith(const Eigen::MatrixXd& products) {
  const Eigen::Index p = products.rows() - 2;
  const double weight = products(p, p);
  if (!(weight > 0)) return std::nullopt;
  // Columns of X and y, and which of them vary.
  std::vector<Eigen::Index> all(static_cast<size_t>(p) + 1), varying;
  std::iota(all.begin(), all.end(), 0);
  all.back() = p + 1;
  const Eigen::VectorXd means = products.col(p)(all) / std::sqrt(weight);
  for (size_t i = 0; i < all.size(); ++i) {
    const double square = products(all[i], all[i]), mean = means[static_cast<Eigen::Index>(i)];
    const double left = square - mean * mean;
    if (left <= kRounding * square) continue;
    if (left <= kLeastLeft * square) return std::nullopt;
    varying.push_back(static_cast<Eigen::Index>(i));
  }
  std::vector<Eigen::Index> in_products;
  for (const Eigen::Index i : varying) in_products.push_back(all[static_cast<size_t>(i)]);
  const Eigen::VectorXd own_means = means(varying);
  const Eigen::MatrixXd centred =
      products(in_products, in_products) - own_means * own_means.transpose();
  const Eigen::LLT<Eigen::MatrixXd> cholesky(centred);
  if (cholesky.info() != Eigen::Success) return std::nullopt;
  const Eigen::MatrixXd upper = cholesky.matrixU();
  if ((upper.diagonal().array().square() <= kLeastLeft * centred.diagonal().array()).any())
    return std::nullopt;

  Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(upper.rows() + 1, p + 1);
  rows.row(0) = means;
  for (size_t i = 0; i < varying.size(); ++i)
    rows.col(varying[i]).tail(upper.rows()) = upper.col(static_cast<Eigen::Index>(i));
  return SummedRows{rows.leftCols(p), rows.col(p), weight};
}

}  // namespace strads::lasso
