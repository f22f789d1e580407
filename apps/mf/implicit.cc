#include "apps/mf/implicit.h"

#include <strads/index.h>
#include <strads/vector_clones.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace strads::mf {
namespace {

// Rows that all columns are gone through for before the next: what is had of them as doubles stays
// in the nearest cache.
constexpr int64_t kBlock = 1024;
// Columns that are read at once: memory answers several requests in the time of one.
constexpr int kAtOnce = 4;
// Columns that these are multiplied with while they are read once.
constexpr int kTargets = 2;
// Rows that are asked for before they are used: where a block begins the processor cannot guess
// them.
constexpr int64_t kAhead = 256;

constexpr int64_t kLanes = 4;
constexpr int64_t kLine = 64 / sizeof(float);
using Float4 = float __attribute__((vector_size(16)));
using Double4 = double __attribute__((vector_size(32)));
using Products = std::array<std::array<double, kTargets>, kAtOnce>;

inline __attribute__((always_inline)) void Widen(const float* from, Double4& to) {
  Float4 narrow;
  std::memcpy(&narrow, from, sizeof narrow);
  to = __builtin_convertvector(narrow, Double4);
}

// How many columns are read at once does not change the order of any sum.
template <int AtOnce>
inline __attribute__((always_inline)) void MultiplyColumns(const float* const* x,
                                                           const double* const* targets,
                                                           int64_t count,
                                                           Products& products) {
  Double4 sums[AtOnce][kTargets] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    Double4 target[kTargets];
    for (int t = 0; t < kTargets; ++t) std::memcpy(&target[t], targets[t] + i, sizeof target[t]);
    for (int c = 0; c < AtOnce; ++c) {
      if (i % kLine == 0) __builtin_prefetch(x[c] + i + kAhead);
      Double4 own;
      Widen(x[c] + i, own);
      for (int t = 0; t < kTargets; ++t) sums[c][t] += own * target[t];
    }
  }
  for (int c = 0; c < AtOnce; ++c) {
    for (int t = 0; t < kTargets; ++t) {
      double rest = 0;
      for (int64_t j = i; j < count; ++j) rest += x[c][j] * targets[t][j];
      const Double4& sum = sums[c][t];
      products[Index(c)][Index(t)] = (sum[0] + sum[2]) + (sum[1] + sum[3]) + rest;
    }
  }
}

// The inner products of the first `count` numbers of kAtOnce columns or one with kTargets others.
STRADS_VECTOR_CLONES void Multiply(const float* const* x,
                                   int columns,
                                   const double* const* targets,
                                   int64_t count,
                                   Products& products) {
  columns == kAtOnce ? MultiplyColumns<kAtOnce>(x, targets, count, products)
                     : MultiplyColumns<1>(x, targets, count, products);
}

template <int AtOnce>
inline __attribute__((always_inline)) void AddColumns(const float* const* x,
                                                      const double* scales,
                                                      int64_t count,
                                                      double* to) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    Double4 sum;
    std::memcpy(&sum, to + i, sizeof sum);
    for (int c = 0; c < AtOnce; ++c) {
      if (i % kLine == 0) __builtin_prefetch(x[c] + i + kAhead);
      Double4 own;
      Widen(x[c] + i, own);
      sum += scales[c] * own;
    }
    std::memcpy(to + i, &sum, sizeof sum);
  }
  for (; i < count; ++i) {
    for (int c = 0; c < AtOnce; ++c) to[i] += scales[c] * x[c][i];
  }
}

// Adds kAtOnce columns or one, each times its scale, one after the other.
STRADS_VECTOR_CLONES void AddScaled(
    const float* const* x, int columns, const double* scales, int64_t count, double* to) {
  columns == kAtOnce ? AddColumns<kAtOnce>(x, scales, count, to)
                     : AddColumns<1>(x, scales, count, to);
}

// Calls body(k, columns, from) for all columns, kAtOnce of them at a time or one: from[c] is row
// `first` of column k + c.
template <class Body>
void ForColumns(std::span<const float* const> columns, int64_t first, Body body) {
  std::array<const float*, kAtOnce> from{};
  size_t at_once = kAtOnce;
  for (size_t k = 0; k < columns.size(); k += at_once) {
    if (columns.size() - k < kAtOnce) at_once = 1;
    for (size_t c = 0; c < at_once; ++c) from[c] = columns[k + c] + first;
    body(k, static_cast<int>(at_once), from.data());
  }
}

std::vector<const float*> Starts(const Columns& x) {
  std::vector<const float*> starts(Index(x.rank()));
  for (int k = 0; k < x.rank(); ++k) starts[Index(k)] = x.Column(k).data();
  return starts;
}

// sums(k, n) += what rows [first, first + count) have of the product of columns[k] and targets[n].
void AddBlock(std::span<const float* const> columns,
              std::array<const float*, kTargets> targets,
              int64_t first,
              int64_t count,
              Eigen::Ref<Eigen::MatrixXd> sums) {
  std::array<double, kBlock> wide[kTargets];  // NOLINT: set as far as read
  const double* starts[kTargets];
  for (size_t n = 0; n < kTargets; ++n) {
    std::copy_n(targets[n] + first, count, wide[n].begin());
    starts[n] = wide[n].data();
  }
  ForColumns(columns, first, [&](size_t k, int at_once, const float* const* from) {
    Products products{};
    Multiply(from, at_once, starts, count, products);
    for (int c = 0; c < at_once; ++c) {
      for (int n = 0; n < kTargets; ++n)
        sums(static_cast<Eigen::Index>(k) + c, n) += products[Index(c)][Index(n)];
    }
  });
}

}  // namespace

GramPair GramColumns(const Columns& x, int t, int u) {
  const std::vector<const float*> columns = Starts(x);
  GramPair sums = GramPair::Zero(x.rank(), kTargets);
  for (int64_t first = 0; first < x.rows(); first += kBlock) {
    AddBlock(columns, {columns[Index(t)], columns[Index(u)]}, first,
             std::min(kBlock, x.rows() - first), sums);
  }
  return sums;
}

Eigen::VectorXd GramColumn(const Columns& x, int t) { return GramColumns(x, t, t).col(0); }

Eigen::MatrixXd Gram(const Columns& x) {
  const std::vector<const float*> columns = Starts(x);
  const int rank = x.rank();
  // The upper half, and of an odd rank the last column twice.
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(rank, rank + rank % kTargets);
  for (int64_t first = 0; first < x.rows(); first += kBlock) {
    for (int t = 0; t < rank; t += kTargets) {
      const int last = std::min(t + 1, rank - 1);
      AddBlock(std::span(columns).first(Index(last + 1)), {columns[Index(t)], columns[Index(last)]},
               first, std::min(kBlock, x.rows() - first), sums.middleCols(t, kTargets));
    }
  }
  return sums.leftCols(rank).selfadjointView<Eigen::Upper>();
}

AllCells OverAllCells(const Columns& x, const Eigen::VectorXd& gram_column, int t) {
  std::vector<const float*> others = Starts(x);
  std::vector<double> scales(gram_column.begin(), gram_column.end());
  others.erase(others.begin() + t);
  scales.erase(scales.begin() + t);
  AllCells all;
  all.gram = gram_column[t];
  all.cross.resize(Index(x.rows()));
  std::array<double, kBlock> cross;  // NOLINT: set as far as read
  for (int64_t first = 0; first < x.rows(); first += kBlock) {
    const int64_t count = std::min(kBlock, x.rows() - first);
    std::fill_n(cross.begin(), count, 0.0);
    ForColumns(others, first, [&](size_t k, int at_once, const float* const* from) {
      AddScaled(from, at_once, scales.data() + k, count, cross.data());
    });
    for (int64_t i = 0; i < count; ++i)
      all.cross[Index(first + i)] = static_cast<float>(cross[Index(i)]);
  }
  return all;
}

double AllCellsLoss(const Eigen::MatrixXd& user_gram, const Eigen::MatrixXd& item_gram) {
  return user_gram.cwiseProduct(item_gram).sum();
}

}  // namespace strads::mf
