#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "strads/aligned_vector.h"
#include "strads/column_matrix.h"

namespace strads {

class ThreadPool;

// Has the cache lines of `count` elements from `first` on fetched. Inlined by force: gcc 12 takes a
// function that does nothing else for one without effect, and drops calls of it.
template <class T>
[[gnu::always_inline]] inline void PrefetchRange(const T* first, int64_t count) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t at = 0; at < count; at += kLine) __builtin_prefetch(first + at);
}

// Of a row, what is fetched ahead at most.
inline constexpr int64_t kMostAhead = 256;

// Values that are all 1, none of which is stored.
struct Ones {
  double operator[](int64_t) const { return 1; }
  Ones operator+(int64_t) const { return {}; }
};

// Borrowed rows of a sparse matrix; Values is const float*, const double* or Ones, Column uint16_t
// or int32_t.
template <class Values, class Column>
struct SparseRows {
  const int64_t* starts;
  const Column* columns;
  Values values;
  int64_t ahead;  // entries of a row that Prefetch asks for

  int64_t size(int64_t row) const { return starts[row + 1] - starts[row]; }

  // x_i' w, in four sums that are added at the end: the order never changes.
  double Dot(int64_t row, const double* w) const {
    const Column* const c = columns + starts[row];
    const Values v = values + starts[row];
    const int64_t n = size(row);
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    int64_t k = 0;
    for (; k + 4 <= n; k += 4) {
      s0 += static_cast<double>(v[k]) * w[c[k]];
      s1 += static_cast<double>(v[k + 1]) * w[c[k + 1]];
      s2 += static_cast<double>(v[k + 2]) * w[c[k + 2]];
      s3 += static_cast<double>(v[k + 3]) * w[c[k + 3]];
    }
    for (; k < n; ++k) s0 += static_cast<double>(v[k]) * w[c[k]];
    return (s0 + s1) + (s2 + s3);
  }

  // w += scale x_i
  void Add(int64_t row, double scale, double* w) const {
    const Column* const c = columns + starts[row];
    const Values v = values + starts[row];
    const int64_t n = size(row);
    for (int64_t k = 0; k < n; ++k) w[c[k]] += scale * static_cast<double>(v[k]);
  }

  // visit(column, value) for every non-zero.
  template <class Visit>
  void ForEach(int64_t row, Visit&& visit) const {
    for (int64_t k = starts[row]; k < starts[row + 1]; ++k)
      visit(static_cast<int32_t>(columns[k]), static_cast<double>(values[k]));
  }

  // For a loop over rows in any order: has what Prefetch needs of a row fetched into the cache.
  [[gnu::always_inline]] void PrefetchStart(int64_t row) const { __builtin_prefetch(starts + row); }
  // And its first entries, as many of each row: a count that changes from row to row takes longer
  // to guess than lines in vain. Of long rows the hardware fetches the rest.
  [[gnu::always_inline]] void Prefetch(int64_t row) const {
    PrefetchRange(columns + starts[row], ahead);
    if constexpr (!std::is_same_v<Values, Ones>) PrefetchRange(values + starts[row], ahead);
  }
};

// Borrowed rows of a dense matrix.
template <class Value>
struct DenseRows {
  const Value* values;
  int64_t width;

  int64_t size(int64_t) const { return width; }

  double Dot(int64_t row, const double* w) const {
    const Value* const v = values + row * width;
    double sums[8] = {};
    int64_t j = 0;
    for (; j + 8 <= width; j += 8) {
      for (int lane = 0; lane < 8; ++lane)
        sums[lane] += static_cast<double>(v[j + lane]) * w[j + lane];
    }
    for (; j < width; ++j) sums[0] += static_cast<double>(v[j]) * w[j];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
           ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }

  void Add(int64_t row, double scale, double* w) const {
    const Value* const v = values + row * width;
    for (int64_t j = 0; j < width; ++j) w[j] += scale * static_cast<double>(v[j]);
  }

  template <class Visit>
  void ForEach(int64_t row, Visit&& visit) const {
    const Value* const v = values + row * width;
    for (int64_t j = 0; j < width; ++j) {
      if (v[j] != Value{0}) visit(static_cast<int32_t>(j), static_cast<double>(v[j]));
    }
  }

  [[gnu::always_inline]] void PrefetchStart(int64_t) const {}
  [[gnu::always_inline]] void Prefetch(int64_t row) const {
    PrefetchRange(values + row * width, std::min(width, kMostAhead));
  }
};

// A matrix read by rows: shape num_rows x num_cols. Sparse: 64-bit row starts, column indices
// (ascending in a row) of 16 bits where all of them fit, else 32, zeros not stored; dense (from
// kDenseFraction on) row-major. Values are floats if all of them are exactly floats, else doubles:
// either way they are what was given. Of a sparse matrix whose values are all 1, as those of
// indicators are, none is stored.
// Const members may run concurrently.
class RowMatrix {
 public:
  RowMatrix() = default;  // 0 x 0

  // The same matrix as read by columns. O(non-zeros).
  static RowMatrix FromColumns(const ColumnMatrix& x, ThreadPool& pool);

  // Multiplies column j by scale[j]. O(non-zeros).
  void ScaleColumns(std::span<const double> scale);

  // The matrix whose column map[j] is this one's column j, dropped if map[j] is -1; the rest are
  // zero. O(non-zeros).
  RowMatrix MapColumns(std::span<const int32_t> map, int64_t cols, ThreadPool& pool) const;

  // Adds or drops columns at the end until there are `cols`. Does nothing to entries of a sparse
  // matrix unless columns with entries are dropped. O(non-zeros) at most.
  void Resize(int64_t cols, ThreadPool& pool);

  int64_t num_rows() const { return num_rows_; }
  int64_t num_cols() const { return num_cols_; }
  int64_t num_nonzeros() const { return num_nonzeros_; }
  bool is_dense() const { return is_dense_; }
  bool is_binary() const { return kind_ == Kind::kOnes; }
  bool is_single() const { return kind_ == Kind::kSingles; }

  // visit(rows) with SparseRows or DenseRows.
  template <class Visit>
  decltype(auto) With(Visit&& visit) const {
    if (is_dense_) {
      return is_single() ? visit(DenseRows<float>{singles_.data(), num_cols_})
                         : visit(DenseRows<double>{doubles_.data(), num_cols_});
    }
    const int64_t mean = num_nonzeros_ / std::max<int64_t>(num_rows_, 1);
    const int64_t ahead = std::min(mean + 1, kMostAhead);
    const auto with_columns = [&]<class Column>(const Column* columns) -> decltype(auto) {
      const auto with_values = [&]<class Values>(Values values) -> decltype(auto) {
        return visit(SparseRows<Values, Column>{starts_.data(), columns, values, ahead});
      };
      if (is_binary()) return with_values(Ones{});
      return is_single() ? with_values(singles_.data()) : with_values(doubles_.data());
    };
    return is_narrow_ ? with_columns(narrow_.data()) : with_columns(columns_.data());
  }

  // x_i' w, and g += scale x_i, one row at a time: a loop over many rows goes through With, which
  // looks once which kind they are of.
  double Dot(int64_t row, const Eigen::VectorXd& w) const {
    return With([&](const auto& x) { return x.Dot(row, w.data()); });
  }
  void Add(int64_t row, double scale, Eigen::VectorXd& g) const {
    With([&](const auto& x) { x.Add(row, scale, g.data()); });
  }
  // X w, of num_cols() weights. O(non-zeros).
  Eigen::VectorXd Times(const Eigen::VectorXd& w) const;

 private:
  friend class RowMatrixBuilder;

  enum class Kind { kOnes, kSingles, kDoubles };

  static constexpr int64_t kMostNarrow = int64_t{1} << 16;  // columns

  template <class Body>
  decltype(auto) WithColumns(Body&& body) const {
    return is_narrow_ ? body(narrow_) : body(columns_);
  }
  void Widen();  // to doubles
  // Of starts, columns and values as a sparse matrix has them: the rest, and the storage.
  void Settle(int64_t cols, ThreadPool& pool);
  template <class Value>
  AlignedVector<Value> Spread(const AlignedVector<Value>& values, ThreadPool& pool) const;

  int64_t num_rows_ = 0;
  int64_t num_cols_ = 0;
  int64_t num_nonzeros_ = 0;
  bool is_dense_ = false;
  Kind kind_ = Kind::kDoubles;
  AlignedVector<int64_t> starts_ = {0};  // sparse: num_rows_ + 1
  bool is_narrow_ = false;               // sparse: columns in narrow_, else in columns_
  AlignedVector<uint16_t> narrow_;
  AlignedVector<int32_t> columns_;
  AlignedVector<float> singles_;   // of kSingles
  AlignedVector<double> doubles_;  // of kDoubles
};

// Some rows, borrowed: how many entries each has, and these, row by row, columns ascending, no zero
// among them.
struct RowPiece {
  std::span<const int32_t> sizes;
  std::span<const int32_t> columns;
  std::span<const double> values;
};

// Makes a RowMatrix of rows that come piece by piece, none of which has to be kept: 2 bytes an
// entry, or 4 once a column needs them, and 8 of values, 4 as long as all are exactly floats, none
// as long as all are 1.
class RowMatrixBuilder {
 public:
  RowMatrixBuilder() {
    x_.kind_ = RowMatrix::Kind::kOnes;
    x_.is_narrow_ = true;
  }

  // The rows of these pieces follow those before. `share` of all entries, about, have come with
  // them: as much memory is asked for. O(entries + rows), over the pool's threads.
  void Append(std::span<const RowPiece> pieces, double share, ThreadPool& pool);

  // Of `cols` columns. O(entries) of a dense matrix.
  RowMatrix Finish(int64_t cols, ThreadPool& pool);

 private:
  RowMatrix x_;  // sparse
};

}  // namespace strads
