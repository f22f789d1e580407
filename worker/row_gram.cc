#include "strads/row_gram.h"

#include <algorithm>
#include <cmath>

#include "strads/index.h"
#include "strads/parallel.h"
#include "worker/panels.h"

namespace strads {
namespace {

using kernels::kPanelColumns;

constexpr int64_t kRows = 256;  // of a panel: two of them fit into the first cache

// Where column b of the triangle begins.
std::size_t Column(int64_t b) { return Index(b * (b + 1) / 2); }

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
  const int64_t width = std::ssize(centre), rows = std::ssize(data.rows);
  const int64_t num_panels = (width + kPanelColumns - 1) / kPanelColumns;
  AlignedVector<double> panels(Index(num_panels * kPanelColumns * kRows));
  for (int64_t first = 0; first < rows; first += kRows) {
    const int64_t count = std::min(kRows, rows - first);
    pool.ParallelFor(num_panels, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p)
        Pack(x, data, centre, first, count, p, panels.data() + kPanelColumns * count * p);
    });
    kernels::MultiplyPairs(panels.data(), num_panels, 0, count, pool,
                           [&](int64_t a, int64_t b, const double* products) {
                             const int64_t i = kPanelColumns * a;
                             const int64_t last = std::min(kPanelColumns * (b + 1), width);
                             for (int64_t j = kPanelColumns * b; j < last; ++j) {
                               double* const to = upper.data() + Column(j) + i;
                               const int64_t most = std::min<int64_t>(kPanelColumns, j - i + 1);
                               for (int64_t r = 0; r < most; ++r)
                                 to[r] += products[kPanelColumns * r + j - kPanelColumns * b];
                             }
                           });
  }
}

template <class Value>
void Gram(const SparseRows<Value>& x,
          const WeightedRows& data,
          std::span<const double> centre,
          std::vector<double>& upper,
          ThreadPool& pool) {
  const int64_t cols = std::ssize(centre) - 1;
  std::vector<double> sums(Index(cols), 0.0), y_column(Index(cols), 0.0);
  double total = 0, y_total = 0, y_square = 0;
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    const double weight = data.weights[i], y = data.y[i] - centre.back();
    total += weight;
    y_total += weight * y;
    y_square += weight * y * y;
    x.ForEach(data.rows[i], [&](int32_t j, double value) {
      sums[Index(j)] += weight * value;
      y_column[Index(j)] += weight * y * value;
    });
  }
  // Every thread goes through all rows for some of the columns.
  pool.ParallelFor(
      cols,
      [&](int64_t begin, int64_t end) {
        for (std::size_t i = 0; i < data.rows.size(); ++i) {
          const int64_t row = data.rows[i], first = x.starts[row], last = x.starts[row + 1];
          const int32_t* const c = x.columns;
          const int64_t from =
              std::lower_bound(c + first, c + last, static_cast<int32_t>(begin)) - c;
          for (int64_t b = from; b < last && c[b] < end; ++b) {
            double* const to = upper.data() + Column(c[b]);
            const double scale = data.weights[i] * static_cast<double>(x.values[b]);
            for (int64_t a = first; a <= b; ++a)
              to[c[a]] += scale * static_cast<double>(x.values[a]);
          }
        }
        for (int64_t b = begin; b < end; ++b) {
          double* const to = upper.data() + Column(b);
          const double mean = centre[Index(b)], sum = sums[Index(b)];
          for (int64_t a = 0; a <= b; ++a)
            to[a] += centre[Index(a)] * (total * mean - sum) - sums[Index(a)] * mean;
        }
      },
      std::max<int64_t>(1, cols / (4 * pool.threads())));
  double* const last = upper.data() + Column(cols);
  for (int64_t a = 0; a < cols; ++a) last[a] = y_column[Index(a)] - centre[Index(a)] * y_total;
  last[cols] = y_square;
}

}  // namespace

std::vector<double> RowGram(const WeightedRows& data,
                            std::span<const double> centre,
                            ThreadPool& pool) {
  std::vector<double> upper(Column(std::ssize(centre)), 0.0);
  data.x->With([&](const auto& x) { Gram(x, data, centre, upper, pool); });
  return upper;
}

}  // namespace strads
