#include "apps/mf/residual_rows.h"

#include <strads/index.h>
#include <strads/vector_clones.h>

#include <cstring>
#include <vector>

namespace strads::mf {
namespace {

#define STRADS_INLINE inline __attribute__((always_inline))

constexpr int64_t kWidth = 8;
constexpr int64_t kFlush = 1024;  // entries that are summed in float

using Vec8 = float __attribute__((vector_size(32)));
using Vec4 = float __attribute__((vector_size(16)));

template <class Row, class Other>
ResidualRows Arrange(
    std::span<const Rating> ratings, int64_t rows, int64_t others, Row row, Other other) {
  // By the other side first, then stably by row.
  std::vector<int64_t> at(Index(others) + 1);
  for (const Rating& rating : ratings) ++at[Index(other(rating)) + 1];
  for (size_t i = 1; i < at.size(); ++i) at[i] += at[i - 1];
  std::vector<Rating> sorted(ratings.size());
  for (const Rating& rating : ratings) sorted[Index(at[Index(other(rating))]++)] = rating;

  ResidualRows result;
  result.others = others;
  result.begins.resize(Index(rows) + 1, 0);
  for (const Rating& rating : sorted) ++result.begins[Index(row(rating)) + 1];
  for (size_t i = 1; i < result.begins.size(); ++i)
    result.begins[i] = result.begins[i - 1] + (result.begins[i] + kWidth - 1) / kWidth * kWidth;
  result.index.resize(Index(result.begins.back()), static_cast<int32_t>(others));
  result.residual.resize(Index(result.begins.back()), 0.0F);
  std::vector<int64_t> next(result.begins.begin(), result.begins.end() - 1);
  for (const Rating& rating : sorted) {
    const size_t to = Index(next[Index(row(rating))]++);
    result.index[to] = other(rating);
    result.residual[to] = rating.value;
  }
  return result;
}

STRADS_INLINE void Load(const float* from, Vec8& to) { std::memcpy(&to, from, sizeof to); }

struct Gathered {
  Vec8 applied_before, applied_after, before, now;
};

// The rows of `others` that eight entries refer to, by column.
STRADS_INLINE void Gather(const OtherRow* others, const int32_t* index, Gathered& columns) {
  Vec8 rows[4];  // entries j and j + 4
  for (int j = 0; j < 4; ++j) {
    Vec4 low, high;
    std::memcpy(&low, others + index[j], sizeof low);
    std::memcpy(&high, others + index[j + 4], sizeof high);
    rows[j] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
  }
  const Vec8 a = __builtin_shufflevector(rows[0], rows[1], 0, 8, 1, 9, 4, 12, 5, 13);
  const Vec8 b = __builtin_shufflevector(rows[2], rows[3], 0, 8, 1, 9, 4, 12, 5, 13);
  const Vec8 c = __builtin_shufflevector(rows[0], rows[1], 2, 10, 3, 11, 6, 14, 7, 15);
  const Vec8 d = __builtin_shufflevector(rows[2], rows[3], 2, 10, 3, 11, 6, 14, 7, 15);
  columns.applied_before = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
  columns.applied_after = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  columns.before = __builtin_shufflevector(c, d, 0, 1, 8, 9, 4, 5, 12, 13);
  columns.now = __builtin_shufflevector(c, d, 2, 3, 10, 11, 6, 7, 14, 15);
}

STRADS_INLINE double SumLanes(const Vec8& x) {
  return ((static_cast<double>(x[0]) + x[4]) + (static_cast<double>(x[2]) + x[6])) +
         ((static_cast<double>(x[1]) + x[5]) + (static_cast<double>(x[3]) + x[7]));
}

struct Range {
  const int64_t* begins;
  const int32_t* index;
  float* residual;
  const float* weight;
  const OwnRow* own;
  const OtherRow* others;
  RowSums* sums;
  int64_t count;
};

// The range is a copy, so that nothing that is stored can change it.
template <bool Apply, bool Weighted>
STRADS_INLINE void Run(const Range range) {
  for (int64_t r = 0; r < range.count; ++r) {
    const OwnRow own = range.own[r];
    const int64_t end = range.begins[r + 1];
    double sum_ex = 0, sum_bx = 0, sum_xx = 0;
    for (int64_t begin = range.begins[r]; begin < end; begin += kFlush) {
      const int64_t stop = end < begin + kFlush ? end : begin + kFlush;
      Vec8 ex = {}, bx = {}, xx = {};
      for (int64_t j = begin; j < stop; j += kWidth) {
        Gathered columns;
        Gather(range.others, range.index + j, columns);
        Vec8 e, wx = columns.now;
        Load(range.residual + j, e);
        if constexpr (Apply) {
          e += own.applied_before * columns.applied_before -
               own.applied_after * columns.applied_after;
          std::memcpy(range.residual + j, &e, sizeof e);
        }
        if constexpr (Weighted) {
          Vec8 weight;
          Load(range.weight + j, weight);
          wx *= weight;
          ex += e * wx + columns.now;
        } else {
          ex += e * wx;
        }
        bx += columns.before * wx;
        xx += columns.now * wx;
      }
      sum_ex += SumLanes(ex);
      sum_bx += SumLanes(bx);
      sum_xx += SumLanes(xx);
    }
    range.sums[r] = {static_cast<float>(sum_ex + static_cast<double>(own.before) * sum_bx),
                     static_cast<float>(sum_xx)};
  }
}

STRADS_VECTOR_CLONES void RunRange(const Range& range, bool apply) {
  if (range.weight != nullptr) {
    apply ? Run<true, true>(range) : Run<false, true>(range);
  } else {
    apply ? Run<true, false>(range) : Run<false, false>(range);
  }
}

}  // namespace

ResidualRows ByUser(std::span<const Rating> ratings, int64_t users, int64_t items) {
  return Arrange(
      ratings, users, items, [](const Rating& r) { return r.user; },
      [](const Rating& r) { return r.item; });
}

ResidualRows ByItem(std::span<const Rating> ratings, int64_t users, int64_t items) {
  return Arrange(
      ratings, items, users, [](const Rating& r) { return r.item; },
      [](const Rating& r) { return r.user; });
}

void SumRows(ResidualRows& rows,
             int64_t first,
             std::span<const OwnRow> own,
             std::span<const OtherRow> others,
             bool apply,
             std::span<RowSums> sums) {
  RunRange({.begins = rows.begins.data() + first,
            .index = rows.index.data(),
            .residual = rows.residual.data(),
            .weight = rows.weight.empty() ? nullptr : rows.weight.data(),
            .own = own.data(),
            .others = others.data(),
            .sums = sums.data(),
            .count = std::ssize(own)},
           apply);
}

}  // namespace strads::mf
