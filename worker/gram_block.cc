#include <Eigen/Core>
#include <algorithm>

#include "strads/column_matrix.h"

namespace strads {
namespace {

std::size_t Size(int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

void ColumnMatrix::GramBlock(std::span<const int32_t> columns,
                             int first_new,
                             std::vector<double>& upper) const {
  const int64_t count = std::ssize(columns);
  const int64_t first = std::min<int64_t>(first_new, count);
  upper.assign(Size((count * (count - 1) - first * (first - 1)) / 2), 0.0);
  if (upper.empty()) return;
  is_dense_ ? GramDense(columns, first_new, upper.data())
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

void ColumnMatrix::GramDense(std::span<const int32_t> columns, int first_new, double* upper) const {
  // Rows are taken in panels small enough that the product does not split them again by the size
  // of this machine's caches: the order of the sums is the same everywhere.
  constexpr int64_t kPanelRows = 256;
  const int64_t count = std::ssize(columns), added = count - first_new;
  Eigen::MatrixXd panel(kPanelRows, count);
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(count, added);
  for (int64_t row = 0; row < num_rows_; row += kPanelRows) {
    const int64_t rows = std::min(kPanelRows, num_rows_ - row);
    for (int64_t c = 0; c < count; ++c) {
      std::copy_n(DenseColumn(columns[Size(c)]) + row, rows, panel.col(c).data());
    }
    const auto used = panel.topRows(rows);
    gram.noalias() += used.transpose() * used.rightCols(added);
  }
  for (int64_t b = 0; b < added; ++b) {
    upper = std::copy_n(gram.col(b).data(), first_new + b, upper);
  }
}

}  // namespace strads
