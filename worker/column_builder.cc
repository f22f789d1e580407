#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "strads/column_matrix.h"
#include "strads/error.h"
#include "strads/parallel.h"

namespace strads {
namespace {

using Pieces = std::span<const TripletPiece>;

std::size_t Size(int64_t n) { return static_cast<std::size_t>(n); }

template <class F>
void ForEachPiece(Pieces pieces, ThreadPool& pool, F&& body) {
  pool.ParallelFor(std::ssize(pieces), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) body(Size(p), pieces[Size(p)]);
  });
}

[[noreturn]] void ThrowRepeated(Pieces pieces) {
  std::vector<std::pair<int64_t, int32_t>> positions;
  for (const TripletPiece& piece : pieces) {
    for (const Triplet& t : piece.entries)
      positions.emplace_back(piece.first_row + t.row, t.column);
  }
  std::sort(positions.begin(), positions.end());
  const auto [row, column] = *std::adjacent_find(positions.begin(), positions.end());
  throw DataError("the matrix entry (" + std::to_string(row) + ", " + std::to_string(column) +
                  ") is given twice, expected once");
}

// Counts the entries of each column. Returns whether they are ordered by row and in a row by
// column, each position once and no zeros: then no column needs a sort.
bool CountColumns(const TripletPiece& piece, int64_t* counts) {
  bool canonical = true;
  int64_t last = -1;
  for (const Triplet& t : piece.entries) {
    ++counts[t.column];
    const int64_t position = (int64_t{t.row} << 32) + t.column;
    canonical &= (position > last) & (t.value != 0);
    last = position;
  }
  return canonical;
}

bool FollowInOrder(Pieces pieces) {
  int64_t last = -1;
  for (const TripletPiece& piece : pieces) {
    if (piece.entries.empty()) continue;
    if (piece.first_row + piece.entries.front().row <= last) return false;
    last = piece.first_row + piece.entries.back().row;
  }
  return true;
}

}  // namespace

ColumnMatrix ColumnMatrix::FromPieces(
    int64_t rows, int64_t cols, Pieces pieces, Storage storage, ThreadPool& pool) {
  ColumnMatrix matrix;
  matrix.num_rows_ = rows;
  matrix.num_cols_ = cols;
  for (const TripletPiece& piece : pieces) matrix.num_nonzeros_ += std::ssize(piece.entries);
  const double cells = static_cast<double>(rows) * static_cast<double>(cols);
  const bool is_full = static_cast<double>(matrix.num_nonzeros_) >= kDenseFraction * cells;
  matrix.is_dense_ = storage == Storage::kDense || (storage == Storage::kAuto && is_full);
  if (matrix.is_dense_) {
    matrix.FillDense(pieces, pool);
  } else {
    matrix.FillSparse(pieces, pool);
  }
  return matrix;
}

ColumnMatrix ColumnMatrix::FromColumns(std::span<const ColumnPiece> pieces) {
  ColumnMatrix matrix;
  for (const ColumnPiece& piece : pieces) {
    matrix.num_rows_ += piece.num_rows;
    matrix.num_cols_ = std::ssize(piece.counts);
    matrix.num_nonzeros_ += std::ssize(piece.values);
  }
  const int64_t cells = matrix.num_rows_ * matrix.num_cols_;
  matrix.is_dense_ =
      static_cast<double>(matrix.num_nonzeros_) >= kDenseFraction * static_cast<double>(cells);
  if (matrix.is_dense_) {
    matrix.leading_ = (matrix.num_rows_ + 7) / 8 * 8;
    matrix.values_.resize(Size(matrix.leading_ * matrix.num_cols_), 0.0);
  } else {
    matrix.starts_.resize(Size(matrix.num_cols_) + 1, 0);
    matrix.rows_.resize(Size(matrix.num_nonzeros_));
    matrix.values_.resize(Size(matrix.num_nonzeros_));
  }
  std::vector<std::size_t> at(pieces.size(), 0);
  std::size_t to = 0;
  for (int64_t j = 0; j < matrix.num_cols_; ++j) {
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      const ColumnPiece& piece = pieces[p];
      const std::size_t count = Size(piece.counts[Size(j)]);
      const double* const values = piece.values.data() + at[p];
      const int32_t* const rows = piece.rows.empty() ? nullptr : piece.rows.data() + at[p];
      at[p] += count;
      if (matrix.is_dense_) {
        double* const column = matrix.values_.data() + matrix.leading_ * j + piece.first_row;
        if (rows == nullptr) std::copy_n(values, count, column);
        for (std::size_t k = 0; rows != nullptr && k < count; ++k) column[rows[k]] = values[k];
        continue;
      }
      std::copy_n(values, count, matrix.values_.data() + to);
      for (std::size_t k = 0; k < count; ++k, ++to) {
        const int64_t row = rows == nullptr ? static_cast<int64_t>(k) : rows[k];
        matrix.rows_[to] = static_cast<int32_t>(piece.first_row + row);
      }
    }
    if (!matrix.is_dense_) matrix.starts_[Size(j) + 1] = static_cast<int64_t>(to);
  }
  return matrix;
}

void ColumnMatrix::FillDense(Pieces pieces, ThreadPool& pool) {
  // Marks a cell that no entry has set: a NaN that no computation makes.
  constexpr uint64_t kUnsetBits = 0x7ff8'5354'5241'4453;
  const auto unset = std::bit_cast<double>(kUnsetBits);
  leading_ = (num_rows_ + 7) / 8 * 8;
  values_.resize(Size(leading_ * num_cols_));
  pool.ParallelFor(leading_ * num_cols_, [&](int64_t begin, int64_t end) {
    std::fill(values_.begin() + begin, values_.begin() + end, unset);
  });
  ForEachPiece(pieces, pool, [&](std::size_t, const TripletPiece& piece) {
    for (const Triplet& t : piece.entries) {
      // Atomic because another piece may hold the same position; that is refused below.
      double& cell = values_[Size(leading_ * t.column + piece.first_row + t.row)];
      std::atomic_ref(cell).store(t.value, std::memory_order_relaxed);
    }
  });
  std::atomic<int64_t> set = 0, nonzeros = 0;
  pool.ParallelFor(leading_ * num_cols_, [&](int64_t begin, int64_t end) {
    int64_t set_here = 0, nonzeros_here = 0;
    for (int64_t i = begin; i < end; ++i) {
      double& cell = values_[Size(i)];
      const bool is_set = std::bit_cast<uint64_t>(cell) != kUnsetBits;
      if (!is_set) cell = 0;
      set_here += is_set;
      nonzeros_here += cell != 0;
    }
    set += set_here;
    nonzeros += nonzeros_here;
  });
  if (set != num_nonzeros_) ThrowRepeated(pieces);
  num_nonzeros_ = nonzeros;
}

void ColumnMatrix::FillSparse(Pieces pieces, ThreadPool& pool) {
  // Where the next entry of piece p in column j goes: cursors[p][j].
  std::vector<AlignedVector<int64_t>> cursors(pieces.size());
  std::atomic<bool> canonical = FollowInOrder(pieces);
  ForEachPiece(pieces, pool, [&](std::size_t p, const TripletPiece& piece) {
    cursors[p].resize(Size(num_cols_), 0);
    if (!CountColumns(piece, cursors[p].data())) canonical = false;
  });
  starts_.resize(Size(num_cols_) + 1);
  int64_t position = 0;
  for (std::size_t j = 0; j < Size(num_cols_); ++j) {
    starts_[j] = position;
    for (auto& cursor : cursors) position += std::exchange(cursor[j], position);
  }
  starts_.back() = position;

  constexpr int kAhead = 16;
  rows_.resize(Size(position));
  values_.resize(Size(position));
  ForEachPiece(pieces, pool, [&](std::size_t p, const TripletPiece& piece) {
    int64_t* const cursor = cursors[p].data();
    const auto first_row = static_cast<int32_t>(piece.first_row);
    const Triplet* const end = piece.entries.data() + piece.entries.size();
    for (const Triplet& t : piece.entries) {
      // Neighbours in a row go to distant columns: fetch their lines early.
      const Triplet& ahead = &t + kAhead < end ? *(&t + kAhead) : t;
      __builtin_prefetch(&rows_[Size(cursor[ahead.column])], 1);
      __builtin_prefetch(&values_[Size(cursor[ahead.column])], 1);
      const auto at = Size(cursor[t.column]++);
      rows_[at] = t.row + first_row;
      values_[at] = t.value;
    }
  });
  if (canonical) return;

  std::atomic<bool> repeated = false;
  pool.ParallelFor(
      num_cols_,
      [&](int64_t begin, int64_t end) {
        for (auto j = static_cast<int>(begin); j < end; ++j) {
          SortRows(j);
          const auto rows = Rows(j);
          if (std::adjacent_find(rows.begin(), rows.end()) != rows.end()) repeated = true;
        }
      },
      64);
  if (repeated) ThrowRepeated(pieces);
  DropZeros();
}

void ColumnMatrix::SortRows(int j) {
  const auto rows = Rows(j);
  if (std::is_sorted(rows.begin(), rows.end())) return;
  std::vector<std::pair<int32_t, double>> entries(rows.size());
  for (std::size_t k = 0; k < rows.size(); ++k) entries[k] = {rows[k], Values(j)[k]};
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  auto at = Size(starts_[Index(j)]);
  for (const auto& [row, value] : entries) {
    rows_[at] = row;
    values_[at++] = value;
  }
}

void ColumnMatrix::DropZeros() {
  std::size_t kept = 0, next = 0;
  for (std::size_t j = 0; j < Size(num_cols_); ++j) {
    starts_[j] = static_cast<int64_t>(kept);
    for (; next < Size(starts_[j + 1]); ++next) {
      if (values_[next] == 0) continue;
      rows_[kept] = rows_[next];
      values_[kept++] = values_[next];
    }
  }
  starts_.back() = static_cast<int64_t>(kept);
  rows_.resize(kept);
  values_.resize(kept);
  num_nonzeros_ = static_cast<int64_t>(kept);
}

}  // namespace strads
