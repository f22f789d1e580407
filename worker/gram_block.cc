#include <algorithm>

#include "strads/column_matrix.h"
#include "strads/parallel.h"
#include "worker/panels.h"

namespace strads {
namespace {

std::size_t Size(int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

void ColumnMatrix::GramBlock(std::span<const int32_t> columns,
                             int first_new,
                             std::vector<double>& upper,
                             ThreadPool& pool) const {
  const int64_t count = std::ssize(columns);
  const int64_t first = std::min<int64_t>(first_new, count);
  upper.assign(Size((count * (count - 1) - first * (first - 1)) / 2), 0.0);
  if (upper.empty()) return;
  is_dense_ ? GramDense(columns, first_new, upper.data(), pool)
            : GramSparse(columns, first_new, upper.data());
}

// The columns go one by one into lists by row. A new column meets in the list of each of its rows
// exactly the earlier columns that share the row, so that each coupling is summed by ascending row.
void ColumnMatrix::GramSparse(std::span<const int32_t> columns,
                              int first_new,
                              double* upper) const {
  struct Entry {
    int32_t column;  // position in `columns`
    double value;
  };
  // The list of row i is entries[ends[i] - length, ends[i]); ends[i] moves up as the list grows.
  struct RowList {
    int32_t length = 0;
    int32_t reserved = 0;
    int64_t end = 0;
  };
  AlignedVector<int32_t> slot_of_row(Size(num_rows_), -1);
  std::vector<RowList> lists;
  for (const int32_t j : columns) {
    for (const int32_t row : Rows(j)) {
      int32_t& slot = slot_of_row[Size(row)];
      if (slot < 0) {
        slot = static_cast<int32_t>(lists.size());
        lists.emplace_back();
      }
      ++lists[Size(slot)].reserved;
    }
  }
  int64_t total = 0;
  for (RowList& list : lists) {
    list.end = total;
    total += list.reserved;
  }
  AlignedVector<Entry> entries(Size(total));

  for (int32_t b = 0; b < std::ssize(columns); ++b) {
    const auto rows = Rows(columns[Size(b)]);
    const auto values = Values(columns[Size(b)]);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      RowList& list = lists[Size(slot_of_row[Size(rows[k])])];
      if (b >= first_new) {
        for (const Entry* e = &entries[0] + list.end - list.length; e < &entries[0] + list.end;
             ++e) {
          upper[e->column] += e->value * values[k];
        }
      }
      entries[Size(list.end++)] = {b, values[k]};
      ++list.length;
    }
    if (b >= first_new) upper += b;
  }
}

void ColumnMatrix::GramDense(std::span<const int32_t> columns,
                             int first_new,
                             double* upper,
                             ThreadPool& pool) const {
  using kernels::kPanelColumns;
  const int64_t count = std::ssize(columns);
  const auto column_of = [&](int64_t b) {  // entry a of it is x_a'x_b
    return upper + (b * (b - 1) - int64_t{first_new} * (first_new - 1)) / 2;
  };
  kernels::PackAndMultiplyPairs(
      num_rows_, (count + kPanelColumns - 1) / kPanelColumns, first_new / kPanelColumns, pool,
      [&](int64_t p, int64_t row, int64_t rows, double* panel) {
        const double* part[kPanelColumns];
        const int64_t at = kPanelColumns * p;
        const int width = static_cast<int>(std::min<int64_t>(kPanelColumns, count - at));
        for (int c = 0; c < width; ++c) part[c] = DenseColumn(columns[Size(at + c)]) + row;
        kernels::PackPanel(part, width, rows, panel);
      },
      [&](int64_t a, int64_t b, const double* products) {
        const int64_t i = kPanelColumns * a, last = std::min(kPanelColumns * (b + 1), count);
        for (int64_t j = std::max<int64_t>(kPanelColumns * b, first_new); j < last; ++j) {
          double* const to = column_of(j) + i;
          const int64_t most = std::min<int64_t>(kPanelColumns, j - i);
          for (int64_t r = 0; r < most; ++r)
            to[r] += products[kPanelColumns * r + j - kPanelColumns * b];
        }
      });
}

}  // namespace strads
