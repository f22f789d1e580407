#include "strads/row_matrix.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "strads/index.h"
#include "strads/parallel.h"

namespace strads {
namespace {

// Of the entries that are expected, so many times as many get memory, which costs nothing where
// none is used.
constexpr double kSpare = 1.05;

bool IsSingle(double value) { return static_cast<double>(static_cast<float>(value)) == value; }
bool IsOne(double value) { return value == 1; }

// Where a piece comes to lie.
struct Place {
  int64_t row = 0;
  int64_t entry = 0;
};

// Whether all of them are exactly floats.
bool CopySingles(std::span<const double> values, float* to) {
  bool is_single = true;
  for (const double value : values) {
    is_single &= IsSingle(value);
    *to++ = static_cast<float>(value);
  }
  return is_single;
}

}  // namespace

void RowMatrixBuilder::Append(std::span<const RowPiece> pieces, double share, ThreadPool& pool) {
  std::vector<Place> places;
  const int64_t before = x_.starts_.back();
  Place end = {.row = std::ssize(x_.starts_) - 1, .entry = before};
  for (const RowPiece& piece : pieces) {
    places.push_back(end);
    end.row += std::ssize(piece.sizes);
    end.entry += std::ssize(piece.columns);
  }
  const auto resize = [&](auto& entries) {
    const auto count = static_cast<double>(end.entry);
    if (Index(end.entry) > entries.capacity())
      entries.reserve(Index(std::llround(share < 1 ? kSpare * count / share : count)));
    entries.resize(Index(end.entry));
  };
  const auto for_each_piece = [&](const auto& body) {
    pool.ParallelFor(std::ssize(pieces), [&](int64_t first, int64_t last) {
      for (int64_t p = first; p < last; ++p) body(pieces[Index(p)], places[Index(p)]);
    });
  };
  const auto all = [&](const auto& holds) {
    std::atomic<bool> all_hold = true;
    for_each_piece([&](const RowPiece& piece, const Place&) {
      if (!holds(piece)) all_hold = false;
    });
    return all_hold.load();
  };
  const auto copy_columns = [&](auto& columns) {
    resize(columns);
    for_each_piece([&](const RowPiece& piece, const Place& at) {
      std::ranges::copy(piece.columns, columns.begin() + at.entry);
    });
  };
  x_.starts_.resize(Index(end.row + 1));
  for_each_piece([&](const RowPiece& piece, Place at) {
    for (const int32_t size : piece.sizes) x_.starts_[Index(++at.row)] = at.entry += size;
  });
  const auto is_narrow = [](int32_t column) { return column < RowMatrix::kMostNarrow; };
  if (x_.is_narrow_ &&
      !all([&](const RowPiece& piece) { return std::ranges::all_of(piece.columns, is_narrow); })) {
    x_.columns_.reserve(x_.narrow_.capacity());
    x_.columns_.assign(x_.narrow_.begin(), x_.narrow_.end());
    x_.narrow_ = {};
    x_.is_narrow_ = false;
  }
  if (x_.is_narrow_)
    copy_columns(x_.narrow_);
  else
    copy_columns(x_.columns_);
  if (x_.is_binary()) {
    if (all([](const RowPiece& piece) { return std::ranges::all_of(piece.values, IsOne); })) return;
    resize(x_.singles_);
    std::fill_n(x_.singles_.begin(), before, 1.0F);
    x_.kind_ = RowMatrix::Kind::kSingles;
  }
  if (x_.is_single()) {
    std::atomic<bool> is_single = true;
    resize(x_.singles_);
    for_each_piece([&](const RowPiece& piece, const Place& at) {
      if (!CopySingles(piece.values, x_.singles_.data() + at.entry)) is_single = false;
    });
    if (is_single) return;
    x_.Widen();
  }
  resize(x_.doubles_);
  for_each_piece([&](const RowPiece& piece, const Place& at) {
    std::ranges::copy(piece.values, x_.doubles_.begin() + at.entry);
  });
}

RowMatrix RowMatrixBuilder::Finish(int64_t cols, ThreadPool& pool) {
  x_.Settle(cols, pool);
  return std::exchange(x_, {});
}

void RowMatrix::Settle(int64_t cols, ThreadPool& pool) {
  num_rows_ = std::ssize(starts_) - 1;
  num_cols_ = cols;
  num_nonzeros_ = starts_.back();
  is_dense_ = num_rows_ > 0 &&
              static_cast<double>(num_nonzeros_) >=
                  kDenseFraction * static_cast<double>(num_rows_) * static_cast<double>(num_cols_);
  if (kind_ == Kind::kDoubles && std::ranges::all_of(doubles_, IsSingle)) {
    singles_.assign(doubles_.begin(), doubles_.end());
    doubles_ = {};
    kind_ = Kind::kSingles;
  }
  if (!is_dense_) {
    if (!is_narrow_ && num_cols_ <= kMostNarrow) {
      narrow_.assign(columns_.begin(), columns_.end());
      columns_ = {};
      is_narrow_ = true;
    }
    if (is_single() && std::ranges::all_of(singles_, IsOne)) {
      singles_ = {};
      kind_ = Kind::kOnes;
    }
    return;
  }
  if (is_binary()) {
    singles_.assign(Index(num_nonzeros_), 1.0F);
    kind_ = Kind::kSingles;
  }
  if (is_single())
    singles_ = Spread(singles_, pool);
  else
    doubles_ = Spread(doubles_, pool);
  columns_ = {};
  narrow_ = {};
  starts_ = {0};
}

template <class Value>
AlignedVector<Value> RowMatrix::Spread(const AlignedVector<Value>& values, ThreadPool& pool) const {
  AlignedVector<Value> spread(Index(num_rows_ * num_cols_));
  WithColumns([&](const auto& columns) {
    pool.ParallelFor(num_rows_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        Value* const row = spread.data() + i * num_cols_;
        std::fill_n(row, num_cols_, Value{0});
        for (auto k = Index(starts_[Index(i)]); k < Index(starts_[Index(i) + 1]); ++k)
          row[columns[k]] = values[k];
      }
    });
  });
  return spread;
}

RowMatrix RowMatrix::FromColumns(const ColumnMatrix& x, ThreadPool& pool) {
  RowMatrix made;
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
  made.starts_.assign(next.begin(), next.end());
  made.columns_.resize(Index(next.back()));
  made.doubles_.resize(Index(next.back()));
  for_each([&](int32_t row, int j, double value) {
    const std::size_t at = Index(next[Index(row)]++);
    made.columns_[at] = j;
    made.doubles_[at] = value;
  });
  made.Settle(x.num_cols(), pool);
  return made;
}

void RowMatrix::Widen() {
  if (is_binary()) {
    doubles_.assign(Index(num_nonzeros_), 1.0);
  } else if (is_single()) {
    doubles_.reserve(singles_.capacity());
    doubles_.assign(singles_.begin(), singles_.end());
    singles_ = {};
  }
  kind_ = Kind::kDoubles;
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
    WithColumns([&](const auto& columns) {
      for (std::size_t k = 0; k < doubles_.size(); ++k) doubles_[k] *= scale[Index(columns[k])];
    });
  }
}

RowMatrix RowMatrix::MapColumns(std::span<const int32_t> map,
                                int64_t cols,
                                ThreadPool& pool) const {
  RowMatrix made;
  made.starts_.reserve(Index(num_rows_) + 1);
  std::vector<std::pair<int32_t, double>> row;
  With([&](const auto& rows) {
    for (int64_t i = 0; i < num_rows_; ++i) {
      row.clear();
      rows.ForEach(i, [&](int32_t column, double value) {
        if (map[Index(column)] >= 0) row.emplace_back(map[Index(column)], value);
      });
      std::ranges::sort(row, {}, [](const auto& entry) { return entry.first; });
      for (const auto& [column, value] : row) {
        made.columns_.push_back(column);
        made.doubles_.push_back(value);
      }
      made.starts_.push_back(std::ssize(made.columns_));
    }
  });
  made.Settle(cols, pool);
  return made;
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
