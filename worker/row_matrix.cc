#include "strads/row_matrix.h"

#include <algorithm>
#include <vector>

#include "strads/index.h"
#include "strads/parallel.h"

namespace strads {
namespace {

bool IsSingle(double value) { return static_cast<double>(static_cast<float>(value)) == value; }

// Entries of a piece, and where its first row and entry come to lie.
struct Part {
  int64_t nonzeros = 0;
  int64_t first_entry = 0;
  bool is_single = true;
};

}  // namespace

RowMatrix RowMatrix::FromPieces(int64_t rows,
                                int64_t cols,
                                std::span<const TripletPiece> pieces,
                                ThreadPool& pool) {
  RowMatrix x;
  x.num_rows_ = rows;
  x.num_cols_ = cols;
  std::vector<Part> parts(pieces.size());
  pool.ParallelFor(std::ssize(pieces), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      Part part;
      for (const Triplet& entry : pieces[Index(p)].entries) {
        part.nonzeros += entry.value != 0;
        part.is_single &= IsSingle(entry.value);
      }
      parts[Index(p)] = part;
    }
  });
  x.is_single_ = true;
  for (Part& part : parts) {
    part.first_entry = x.num_nonzeros_;
    x.num_nonzeros_ += part.nonzeros;
    x.is_single_ &= part.is_single;
  }
  x.is_dense_ =
      rows > 0 && static_cast<double>(x.num_nonzeros_) >=
                      kDenseFraction * static_cast<double>(rows) * static_cast<double>(cols);
  const auto fill = [&]<class Value>(AlignedVector<Value>& values) {
    if (x.is_dense_) {
      values.resize(Index(rows * cols), Value{0});
    } else {
      x.columns_.resize(Index(x.num_nonzeros_));
      values.resize(Index(x.num_nonzeros_));
      x.starts_.resize(Index(rows + 1));
    }
    pool.ParallelFor(std::ssize(pieces), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const TripletPiece& piece = pieces[Index(p)];
        const int64_t last_row = p + 1 < std::ssize(pieces) ? pieces[Index(p + 1)].first_row : rows;
        int64_t row = piece.first_row - 1, at = parts[Index(p)].first_entry;
        for (const Triplet& entry : piece.entries) {
          const int64_t of = piece.first_row + entry.row;
          if (x.is_dense_) {
            values[Index(of * cols + entry.column)] = static_cast<Value>(entry.value);
            continue;
          }
          while (row < of) x.starts_[Index(++row)] = at;
          if (entry.value == 0) continue;
          x.columns_[Index(at)] = entry.column;
          values[Index(at++)] = static_cast<Value>(entry.value);
        }
        while (!x.is_dense_ && row + 1 < last_row) x.starts_[Index(++row)] = at;
      }
    });
    if (!x.is_dense_) x.starts_[Index(rows)] = x.num_nonzeros_;
  };
  x.is_single_ ? fill(x.singles_) : fill(x.doubles_);
  return x;
}

RowMatrix RowMatrix::FromColumns(const ColumnMatrix& x, ThreadPool& pool) {
  std::vector<int64_t> next(Index(x.num_rows() + 1), 0);
  const auto for_each = [&](const auto& visit) {
    for (int j = 0; j < x.num_cols(); ++j) {
      if (x.is_dense()) {
        const double* const column = x.DenseColumn(j);
        for (int64_t row = 0; row < x.num_rows(); ++row) {
          if (column[row] != 0) visit(static_cast<int32_t>(row), j, column[row]);
        }
      } else {
        const auto rows = x.Rows(j);
        const auto values = x.Values(j);
        for (std::size_t k = 0; k < rows.size(); ++k) visit(rows[k], j, values[k]);
      }
    }
  };
  for_each([&](int32_t row, int, double) { ++next[Index(row) + 1]; });
  for (std::size_t row = 1; row < next.size(); ++row) next[row] += next[row - 1];
  AlignedVector<Triplet> entries(Index(next.back()));
  for_each([&](int32_t row, int j, double value) {
    entries[Index(next[Index(row)]++)] = {.row = row, .column = j, .value = value};
  });
  const TripletPiece piece = {.entries = entries};
  return FromPieces(x.num_rows(), x.num_cols(), {&piece, 1}, pool);
}

void RowMatrix::Widen() {
  if (!is_single_) return;
  doubles_.assign(singles_.begin(), singles_.end());
  singles_ = {};
  is_single_ = false;
}

Eigen::VectorXd RowMatrix::Times(const Eigen::VectorXd& w) const {
  Eigen::VectorXd product(num_rows_);
  With([&](const auto& x) {
    for (int64_t i = 0; i < num_rows_; ++i) product[i] = x.Dot(i, w.data());
  });
  return product;
}

void RowMatrix::ScaleColumns(std::span<const double> scale) {
  if (std::ranges::all_of(scale, [](double s) { return s == 1; })) return;
  Widen();
  if (is_dense_) {
    for (std::size_t k = 0; k < doubles_.size(); ++k) doubles_[k] *= scale[k % Index(num_cols_)];
  } else {
    for (std::size_t k = 0; k < doubles_.size(); ++k) doubles_[k] *= scale[Index(columns_[k])];
  }
}

RowMatrix RowMatrix::MapColumns(std::span<const int32_t> map,
                                int64_t cols,
                                ThreadPool& pool) const {
  AlignedVector<Triplet> entries;
  With([&](const auto& rows) {
    for (int64_t i = 0; i < num_rows_; ++i) {
      const auto first = std::ssize(entries);
      rows.ForEach(i, [&](int32_t column, double value) {
        const int32_t to = map[Index(column)];
        if (to >= 0)
          entries.push_back({.row = static_cast<int32_t>(i), .column = to, .value = value});
      });
      std::sort(entries.begin() + first, entries.end(),
                [](const Triplet& a, const Triplet& b) { return a.column < b.column; });
    }
  });
  const TripletPiece piece = {.entries = entries};
  return FromPieces(num_rows_, cols, {&piece, 1}, pool);
}

void RowMatrix::Resize(int64_t cols, ThreadPool& pool) {
  if (cols == num_cols_) return;
  if (!is_dense_ && cols > num_cols_) {
    num_cols_ = cols;
    return;
  }
  std::vector<int32_t> map(Index(num_cols_));
  for (int64_t j = 0; j < num_cols_; ++j) map[Index(j)] = j < cols ? static_cast<int32_t>(j) : -1;
  *this = MapColumns(map, cols, pool);
}

}  // namespace strads
