#include "apps/lasso/column_newton.h"

#include <strads/index.h>

#include <algorithm>
#include <numeric>

namespace strads::lasso {
namespace {

// Of the largest |x_j|^2: makes the matrix positive definite if columns repeat.
constexpr double kRidge = 1e-12;

}  // namespace

ColumnNewton::Cost ColumnNewton::CostOf(const ProjectedColumns& columns,
                                        std::span<const int32_t> support) const {
  constexpr double kDensePair = 0.2;  // of a multiplication of descent
  constexpr double kSparsePair = 4;
  const auto count = static_cast<double>(support.size());
  const auto unknown =
      static_cast<double>(std::ranges::count_if(support, [&](int32_t j) { return Place(j) < 0; }));
  const double pairs = unknown * (static_cast<double>(known_.size()) + 0.5 * unknown);
  const auto rows = static_cast<double>(columns.x.num_rows());
  double pair = kDensePair * rows;
  if (!columns.x.is_dense()) {
    // Of columns that have their entries in any rows.
    const double entries = static_cast<double>(columns.x.num_nonzeros()) /
                           static_cast<double>(std::max<int64_t>(1, columns.x.num_cols()));
    pair = kSparsePair * entries * entries / std::max(1.0, rows);
  }
  return {pairs * pair, kDensePair * count * count * count / 6 + 4 * count * count};
}

double ColumnNewton::Bytes(std::span<const int32_t> support) const {
  const auto count = static_cast<double>(support.size());
  return sizeof(double) * 1.5 * std::max(count, static_cast<double>(known_.size())) * count;
}

void ColumnNewton::Know(const ProjectedColumns& columns,
                        std::span<const int32_t> support,
                        ThreadPool& pool) {
  const auto before = static_cast<int>(known_.size());
  place_of_.resize(columns.squared_norms.size(), -1);
  for (const int32_t j : support) {
    if (Place(j) >= 0) continue;
    place_of_[Index(j)] = static_cast<int32_t>(known_.size());
    known_.push_back(j);
  }
  if (std::ssize(known_) == before) return;
  std::vector<double> products;
  columns.GramBlock(known_, before, products, pool);
  products_.insert(products_.end(), products.begin(), products.end());
}

Eigen::VectorXd ColumnNewton::Direction(const ProjectedColumns& columns,
                                        std::span<const int32_t> support,
                                        const Eigen::VectorXd& l2,
                                        const Eigen::VectorXd& slopes,
                                        const Eigen::VectorXd& weight,
                                        ThreadPool& pool) {
  Know(columns, support, pool);
  // Where each variable of the block is in `support`.
  std::vector<int32_t> at(columns.squared_norms.size(), -1);
  for (size_t k = 0; k < support.size(); ++k) at[Index(support[k])] = static_cast<int32_t>(k);
  size_t same = 0;
  while (same < order_.size() && at[Index(order_[same])] >= 0 &&
         l2_[same] == l2[at[Index(order_[same])]])
    ++same;
  if (2 * same < support.size()) same = 0;
  order_.resize(Index(factor_.Keep(static_cast<int64_t>(same))));
  std::vector<bool> is_kept(support.size(), false);
  for (const int32_t j : order_) is_kept[Index(at[Index(j)])] = true;
  std::vector<int32_t> rest;
  for (size_t k = 0; k < support.size(); ++k) {
    if (!is_kept[k]) rest.push_back(support[k]);
  }
  std::ranges::stable_sort(
      rest, [&](int32_t a, int32_t b) { return weight[at[Index(a)]] > weight[at[Index(b)]]; });
  order_.insert(order_.end(), rest.begin(), rest.end());
  l2_.resize(order_.size());
  Eigen::VectorXd right(std::ssize(order_));
  for (size_t k = 0; k < order_.size(); ++k) {
    const int32_t from = at[Index(order_[k])];
    l2_[k] = l2[from];
    right[static_cast<Eigen::Index>(k)] = slopes[from];
  }
  const double ridge = kRidge * *std::ranges::max_element(columns.squared_norms);
  const bool is_definite = factor_.Extend(
      std::ssize(order_),
      [&](int64_t j, double* to) {
        const int64_t b = Place(order_[Index(j)]);
        for (int64_t i = 0; i < j; ++i) {
          const int64_t a = Place(order_[Index(i)]);
          const int64_t low = std::min(a, b), high = std::max(a, b);
          to[i] = products_[Index(high * (high - 1) / 2 + low)];
        }
        to[j] = columns.squared_norms[Index(order_[Index(j)])] + l2_[Index(j)] + ridge;
      },
      pool);
  if (!is_definite) {
    order_.clear();
    return {};
  }
  right = factor_.Solve(std::move(right));
  Eigen::VectorXd direction(std::ssize(support));
  for (size_t k = 0; k < order_.size(); ++k)
    direction[at[Index(order_[k])]] = right[static_cast<Eigen::Index>(k)];
  return direction;
}

}  // namespace strads::lasso
