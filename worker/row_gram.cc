#include "strads/row_gram.h"

#include <algorithm>
#include <cmath>

#include "strads/index.h"
#include "strads/parallel.h"
#include "worker/panels.h"

namespace strads {
namespace {

using kernels::kPanelColumns;

// Threads divide rows where the triangle is small: each part has one of its own. How many there are
// does not depend on the number of threads.
constexpr int64_t kMostColumns = 256, kRowsOfPart = 1024, kMostParts = 16;

// Where column b of the triangle begins.
std::size_t ColumnStart(int64_t b) { return Index(b * (b + 1) / 2); }

// Rows [first, first + count) of columns [8 p, 8 p + 8) of z, each times the root of its weight.
template <class Value>
void Pack(const DenseRows<Value>& x,
          const WeightedRows& data,
          std::span<const double> centre,
          int64_t first,
          int64_t count,
          int64_t p,
          double* panel) {
  const int64_t begin = kPanelColumns * p;
  const int64_t of_x = std::clamp<int64_t>(x.width - begin, 0, kPanelColumns);
  double mean[kPanelColumns] = {};
  for (int64_t c = 0; c < kPanelColumns && begin + c <= x.width; ++c)
    mean[c] = centre[Index(begin + c)];
  for (int64_t i = first; i < first + count; ++i, panel += kPanelColumns) {
    const Value* const row = x.values + data.rows[Index(i)] * x.width + begin;
    const double scale = std::sqrt(data.weights[Index(i)]);
    if (of_x == kPanelColumns) {
      for (int c = 0; c < kPanelColumns; ++c)
        panel[c] = scale * (static_cast<double>(row[c]) - mean[c]);
      continue;
    }
    std::fill_n(panel, kPanelColumns, 0.0);
    for (int64_t c = 0; c < of_x; ++c) panel[c] = scale * (static_cast<double>(row[c]) - mean[c]);
    panel[of_x] = scale * (data.y[Index(i)] - mean[of_x]);
  }
}

template <class Value>
void Gram(const DenseRows<Value>& x,
          const WeightedRows& data,
          std::span<const double> centre,
          std::vector<double>& upper,
          ThreadPool& pool) {
  const int64_t width = std::ssize(centre);
  kernels::PackAndMultiplyPairs(
      std::ssize(data.rows), (width + kPanelColumns - 1) / kPanelColumns, 0, pool,
      [&](int64_t p, int64_t first, int64_t count, double* panel) {
        Pack(x, data, centre, first, count, p, panel);
      },
      [&](int64_t a, int64_t b, const double* products) {
        const int64_t i = kPanelColumns * a, last = std::min(kPanelColumns * (b + 1), width);
        for (int64_t j = kPanelColumns * b; j < last; ++j) {
          double* const to = upper.data() + ColumnStart(j) + i;
          const int64_t most = std::min<int64_t>(kPanelColumns, j - i + 1);
          for (int64_t r = 0; r < most; ++r)
            to[r] += products[kPanelColumns * r + j - kPanelColumns * b];
        }
      });
}

// Sums over some rows, not centred.
struct RawSums {
  explicit RawSums(int64_t cols) : x(Index(cols), 0.0), xy(Index(cols), 0.0) {}

  std::vector<double> x, xy;
  double weight = 0, y = 0, yy = 0;
};

template <class Values, class Column>
void AddTotals(const SparseRows<Values, Column>& x,
               const WeightedRows& data,
               double y_centre,
               std::size_t begin,
               std::size_t end,
               RawSums& sums) {
  for (std::size_t i = begin; i < end; ++i) {
    const double weight = data.weights[i], y = data.y[i] - y_centre;
    sums.weight += weight;
    sums.y += weight * y;
    sums.yy += weight * y * y;
    x.ForEach(data.rows[i], [&](int32_t j, double value) {
      sums.x[Index(j)] += weight * value;
      sums.xy[Index(j)] += weight * y * value;
    });
  }
}

// Columns [first, last) of what rows [begin, end) add to the triangle.
template <class Values, class Column>
void AddPairs(const SparseRows<Values, Column>& x,
              const WeightedRows& data,
              std::size_t begin,
              std::size_t end,
              int64_t first,
              int64_t last,
              double* upper) {
  for (std::size_t i = begin; i < end; ++i) {
    const Column* const c = x.columns + x.starts[data.rows[i]];
    const Values values = x.values + x.starts[data.rows[i]];
    const int64_t size = x.size(data.rows[i]);
    const int64_t from =
        first == 0 ? 0 : std::lower_bound(c, c + size, static_cast<int32_t>(first)) - c;
    for (int64_t b = from; b < size && c[b] < last; ++b) {
      double* const to = upper + ColumnStart(c[b]);
      const double scale = data.weights[i] * static_cast<double>(values[b]);
      for (int64_t a = 0; a <= b; ++a) to[c[a]] += scale * static_cast<double>(values[a]);
    }
  }
}

// Of all rows; the triangle is added to `upper`, which is zero.
template <class Values, class Column>
RawSums SumsOf(const SparseRows<Values, Column>& x,
               const WeightedRows& data,
               double y_centre,
               std::vector<double>& upper,
               int64_t cols,
               ThreadPool& pool) {
  const auto rows = std::ssize(data.rows);
  if (cols > kMostColumns || rows < 2 * kRowsOfPart) {
    RawSums total(cols);
    AddTotals(x, data, y_centre, 0, Index(rows), total);
    // Every thread goes through all rows for some of the columns.
    pool.ParallelFor(
        cols,
        [&](int64_t begin, int64_t end) {
          AddPairs(x, data, 0, Index(rows), begin, end, upper.data());
        },
        std::max<int64_t>(1, cols / (4 * pool.threads())));
    return total;
  }
  const int64_t num_parts = std::min(rows / kRowsOfPart, kMostParts);
  std::vector<RawSums> parts(Index(num_parts), RawSums(cols));
  std::vector<std::vector<double>> triangles(Index(num_parts));
  pool.ParallelFor(num_parts, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const auto first = Index(rows * part / num_parts);
      const auto last = Index(rows * (part + 1) / num_parts);
      triangles[Index(part)].resize(ColumnStart(cols), 0.0);
      AddTotals(x, data, y_centre, first, last, parts[Index(part)]);
      AddPairs(x, data, first, last, 0, cols, triangles[Index(part)].data());
    }
  });
  const auto add = [](const std::vector<double>& from, std::vector<double>& to) {
    for (std::size_t k = 0; k < from.size(); ++k) to[k] += from[k];
  };
  RawSums total(cols);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    add(triangles[part], upper);
    add(parts[part].x, total.x);
    add(parts[part].xy, total.xy);
    total.weight += parts[part].weight;
    total.y += parts[part].y;
    total.yy += parts[part].yy;
  }
  return total;
}

template <class Values, class Column>
void Gram(const SparseRows<Values, Column>& x,
          const WeightedRows& data,
          std::span<const double> centre,
          std::vector<double>& upper,
          ThreadPool& pool) {
  const int64_t cols = std::ssize(centre) - 1;
  const RawSums sums = SumsOf(x, data, centre.back(), upper, cols, pool);
  for (int64_t b = 0; b < cols; ++b) {
    double* const to = upper.data() + ColumnStart(b);
    const double mean = centre[Index(b)], sum = sums.x[Index(b)];
    for (int64_t a = 0; a <= b; ++a)
      to[a] = to[a] + centre[Index(a)] * (sums.weight * mean - sum) - sums.x[Index(a)] * mean;
  }
  double* const last = upper.data() + ColumnStart(cols);
  for (int64_t a = 0; a < cols; ++a) last[a] = sums.xy[Index(a)] - centre[Index(a)] * sums.y;
  last[cols] = sums.yy;
}

}  // namespace

std::vector<double> RowGram(const WeightedRows& data,
                            std::span<const double> centre,
                            ThreadPool& pool) {
  std::vector<double> upper(ColumnStart(std::ssize(centre)), 0.0);
  data.x->With([&](const auto& x) { Gram(x, data, centre, upper, pool); });
  return upper;
}

}  // namespace strads
