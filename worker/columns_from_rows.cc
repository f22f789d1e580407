#include <algorithm>
#include <utility>
#include <vector>

#include "strads/column_matrix.h"
#include "strads/index.h"
#include "strads/parallel.h"
#include "strads/row_matrix.h"
#include "strads/shard.h"

namespace strads {
namespace {

// A tile of a dense matrix is copied at a time: columns lie far apart, and so do rows.
constexpr int64_t kTileRows = 64, kTileColumns = 8;
constexpr int64_t kAhead = 16;

}  // namespace

ColumnMatrix ColumnMatrix::FromRows(const RowMatrix& x, ThreadPool& pool) {
  ColumnMatrix made;
  made.num_rows_ = x.num_rows();
  made.num_cols_ = x.num_cols();
  made.num_nonzeros_ = x.num_nonzeros();
  const double cells = static_cast<double>(x.num_rows()) * static_cast<double>(x.num_cols());
  made.is_dense_ = static_cast<double>(x.num_nonzeros()) >= kDenseFraction * cells;
  x.With([&](const auto& rows) {
    if constexpr (requires { rows.starts; }) {
      // Of no rows, where a share of the entries says nothing.
      if (made.is_dense_) return;
      made.FillSparse(rows, pool);
    } else {
      made.FillDense(rows, pool);
    }
  });
  return made;
}

template <class Source>
void ColumnMatrix::FillDense(const Source& rows, ThreadPool& pool) {
  leading_ = (num_rows_ + 7) / 8 * 8;
  values_.resize(Index(leading_ * num_cols_));
  const int64_t tiles = (leading_ + kTileRows - 1) / kTileRows;
  pool.ParallelFor(tiles, [&](int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t first = tile * kTileRows, last = std::min(first + kTileRows, num_rows_);
      for (int64_t j = 0; j < num_cols_; j += kTileColumns) {
        const int64_t end_column = std::min(j + kTileColumns, num_cols_);
        for (int64_t i = first; i < last; ++i) {
          const auto* const row = rows.values + i * num_cols_;
          for (int64_t k = j; k < end_column; ++k)
            values_[Index(leading_ * k + i)] = static_cast<double>(row[k]);
        }
      }
      for (int64_t j = 0; last == num_rows_ && j < num_cols_; ++j)
        std::fill(values_.begin() + leading_ * j + last, values_.begin() + leading_ * (j + 1), 0.0);
    }
  });
}

// Each thread has some of the rows, and a place of its own in every column.
template <class Source>
void ColumnMatrix::FillSparse(const Source& rows, ThreadPool& pool) {
  std::vector<AlignedVector<int64_t>> cursors(Index(pool.threads()));
  const auto for_each_part = [&](const auto& body) {
    pool.ParallelFor(std::ssize(cursors), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const Shard part = {.rank = static_cast<int>(p), .num_workers = pool.threads()};
        const auto [first, last] = part.RangeOf(num_rows_);
        body(cursors[Index(p)], first, last);
      }
    });
  };
  for_each_part([&](AlignedVector<int64_t>& cursor, int64_t first, int64_t last) {
    cursor.resize(Index(num_cols_), 0);
    for (int64_t k = rows.starts[first]; k < rows.starts[last]; ++k)
      ++cursor[Index(rows.columns[k])];
  });
  starts_.resize(Index(num_cols_ + 1));
  int64_t position = 0;
  for (std::size_t j = 0; j < Index(num_cols_); ++j) {
    starts_[j] = position;
    for (auto& cursor : cursors) position += std::exchange(cursor[j], position);
  }
  starts_.back() = position;
  rows_.resize(Index(position));
  values_.resize(Index(position));
  for_each_part([&](AlignedVector<int64_t>& cursor, int64_t first, int64_t last) {
    const int64_t end = rows.starts[last];
    for (int64_t i = first; i < last; ++i) {
      for (int64_t k = rows.starts[i]; k < rows.starts[i + 1]; ++k) {
        // Neighbours in a row go to distant columns: fetch their lines early.
        const std::size_t ahead = Index(cursor[Index(rows.columns[std::min(k + kAhead, end - 1)])]);
        __builtin_prefetch(rows_.data() + ahead, 1);
        __builtin_prefetch(values_.data() + ahead, 1);
        const std::size_t at = Index(cursor[Index(rows.columns[k])]++);
        rows_[at] = static_cast<int32_t>(i);
        values_[at] = static_cast<double>(rows.values[k]);
      }
    }
  });
}

}  // namespace strads
