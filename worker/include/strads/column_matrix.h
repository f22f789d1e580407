#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "strads/aligned_vector.h"
#include "strads/index.h"

namespace strads {

class RowMatrix;
class ThreadPool;

// One entry of a matrix; indices from 0.
struct Triplet {
  int32_t row = 0;
  int32_t column = 0;
  double value = 0;
};

// A part of a matrix's entries, borrowed; `first_row` is added to the row of each.
struct TripletPiece {
  std::span<const Triplet> entries;
  int64_t first_row = 0;
};

// Some rows of all columns of a matrix, borrowed: how many entries each column has, and these,
// column by column, rows ascending from `first_row` on. No `rows`: all columns have all of
// `num_rows`.
struct ColumnPiece {
  std::span<const int32_t> counts;
  std::span<const int32_t> rows;
  std::span<const double> values;
  int64_t first_row = 0;
  int64_t num_rows = 0;
};

enum class Storage {
  kAuto,    // dense if at least kDenseFraction of the entries are non-zero
  kSparse,  // compressed columns: 12 bytes for each non-zero
  kDense,   // column-major: 8 bytes for each entry
};

// The share of non-zeros at which a matrix becomes dense. Measured, dense columns are read faster
// from 0.25 on while the matrix fits in a cache, and from 0.6 on when it does not.
inline constexpr double kDenseFraction = 0.4;

// A matrix read by columns, for coordinate descent: shape num_rows x num_cols. Sparse: 64-bit
// column starts, 32-bit row indices (ascending in a column), double values, zeros not stored.
// Dense: column-major, each column on a 64-byte boundary, padded with zeros to a multiple of 8. All
// sums run in a fixed order: bit-identical results on every machine. Column indices are not
// checked. Const members may run concurrently.
class ColumnMatrix {
 public:
  ColumnMatrix() = default;  // 0 x 0

  // Entries in any order, zeros dropped. Throws kData for an index outside rows x cols and for a
  // position given twice. O(entries + cols), and once more the memory of the result.
  static ColumnMatrix FromTriplets(int64_t rows,
                                   int64_t cols,
                                   std::span<const Triplet> entries,
                                   Storage storage = Storage::kAuto);

  // The same from several pieces in parallel; the result does not depend on how they are cut.
  // Already ordered by row they cost one counting sort. Indices must be in range (not checked).
  static ColumnMatrix FromPieces(int64_t rows,
                                 int64_t cols,
                                 std::span<const TripletPiece> pieces,
                                 Storage storage,
                                 ThreadPool& pool);

  // The rows of each piece after those of the one before, dense if kDenseFraction are stored.
  // Indices must be in range and counts must fit (not checked). O(entries), and no memory but the
  // result's.
  static ColumnMatrix FromColumns(std::span<const ColumnPiece> pieces);

  // The same matrix as read by rows, dense if kDenseFraction are stored. O(non-zeros + cols), dense
  // O(rows cols), over the pool's threads.
  static ColumnMatrix FromRows(const RowMatrix& x, ThreadPool& pool);

  // Dense storage whatever the values are.
  static ColumnMatrix FromDense(const Eigen::MatrixXd& values);

  // Adds empty columns until there are num_cols: other shards may have columns that this one has
  // not. Does nothing if there are as many. O(columns added), for dense storage times rows.
  void Widen(int64_t num_cols);

  // Adds the columns of `other`, which has as many rows, stored as this matrix is (as `other`, if
  // this one has no columns yet). O(entries added), amortised.
  void Append(ColumnMatrix other);

  // The matrix of these rows alone, in ascending order, stored as this one is. O(non-zeros).
  ColumnMatrix OfRows(std::span<const int32_t> ascending) const;

  // The matrix whose column i is row i of this one, stored as this one is: for reading by rows.
  // O(non-zeros + rows + columns), dense O(rows columns), and 16 bytes of working memory for each
  // non-zero.
  ColumnMatrix Transposed() const;

  // Multiplies row i by scale[i]. Entries that become zero stay stored. O(non-zeros).
  void ScaleRows(const Eigen::VectorXd& scale);

  // Takes shifts[j] from column j, in all rows, so that a sparse matrix then stores all rows of
  // columns whose shift is not 0. num_cols() shifts. O(rows shifted), and a sparse matrix is
  // copied.
  void Shift(std::span<const double> shifts);

  int64_t num_rows() const { return num_rows_; }
  int64_t num_cols() const { return num_cols_; }
  int64_t num_nonzeros() const { return num_nonzeros_; }
  bool is_dense() const { return is_dense_; }

  // Column j of a dense matrix: num_rows() values, then zeros up to a multiple of 8.
  const double* DenseColumn(int j) const { return values_.data() + leading_ * j; }

  // Row indices and values of the non-zeros of column j of a sparse matrix.
  std::span<const int32_t> Rows(int j) const {
    return {rows_.data() + starts_[Index(j)], Count(j)};
  }
  std::span<const double> Values(int j) const {
    return {values_.data() + starts_[Index(j)], Count(j)};
  }

  // x_j' r, with r of num_rows() values. O(non-zeros of the column), dense O(num_rows()).
  double Dot(int j, const double* r) const;
  double Dot(int j, const Eigen::VectorXd& r) const { return Dot(j, r.data()); }

  // Dot of each of these columns, of equal bits, in less time where columns are short.
  void Dots(std::span<const int32_t> columns, const Eigen::VectorXd& r, double* dots) const;

  // X' r: num_cols() values. O(non-zeros), dense O(num_rows() num_cols()).
  Eigen::VectorXd TransposedTimes(const Eigen::VectorXd& r) const;

  // r += scale x_j. Cost as Dot.
  void AddColumn(int j, double scale, double* r) const;
  void AddColumn(int j, double scale, Eigen::VectorXd& r) const { AddColumn(j, scale, r.data()); }

  // AddColumn that returns the change of 1/2 |r|^2:
  //
  //   sum over the touched i of (r_i_new - r_i_old)(r_i_new + r_i_old) / 2
  double AddColumnTracked(int j, double scale, double* r) const;

  // r += sum over c of scales[c] x_columns[c], added in this order; returns the change of 1/2
  // |r|^2. Dense: rows are divided over the threads. The result is the same for any number of them.
  double AddColumnsTracked(std::span<const int32_t> columns,
                           std::span<const double> scales,
                           double* r,
                           ThreadPool& pool) const;

  // Of column j. O(1), dense O(num_rows()).
  int32_t CountNonzeros(int j) const;
  // |x_j|^2. Cost as Dot.
  double SquaredNorm(int j) const;
  // |x_j|^2 of all columns. Cost as TransposedTimes.
  Eigen::VectorXd SquaredNorms() const;
  // sum_i w_i (x_ij - m e_i)^2, as a sum of squares: of a column of about m it is what is left,
  // not rounding. w and e of num_rows() values each; empty: all are 1. `whole` is sum_i w_i e_i^2.
  // Cost as Dot.
  double Spread(
      int j, double m, const Eigen::VectorXd& e, const Eigen::VectorXd& w, double whole) const;
  // sum_i w_i x_ij^2, with w of num_rows() values. Cost as Dot.
  double WeightedSquaredNorm(int j, const Eigen::VectorXd& w) const;

  // The couplings x_a' x_b of the pairs a < b of `columns` (K of them; a, b are positions in it)
  // with b >= first_new, written to `upper` as
  //
  //   for b = first_new .. K-1: for a = 0 .. b-1: x_a' x_b
  //
  // Sparse: O(entries of these columns + pairs of entries that share a row), and num_rows() + 16
  // bytes per entry of working memory. Dense: O(K (K - first_new) num_rows()) in blocks.
  // The same for any number of threads, of which sparse matrices use one.
  void GramBlock(std::span<const int32_t> columns,
                 int first_new,
                 std::vector<double>& upper,
                 ThreadPool& pool) const;

 private:
  std::size_t Count(int j) const {
    return static_cast<std::size_t>(starts_[Index(j) + 1] - starts_[Index(j)]);
  }
  void FillDense(std::span<const TripletPiece> pieces, ThreadPool& pool);
  void FillSparse(std::span<const TripletPiece> pieces, ThreadPool& pool);
  template <class Source>
  void FillDense(const Source& rows, ThreadPool& pool);
  template <class Source>
  void FillSparse(const Source& rows, ThreadPool& pool);
  void SortRows(int j);
  void DropZeros();
  void GramSparse(std::span<const int32_t> columns, int first_new, double* upper) const;
  void GramDense(std::span<const int32_t> columns,
                 int first_new,
                 double* upper,
                 ThreadPool& pool) const;

  int64_t num_rows_ = 0;
  int64_t num_cols_ = 0;
  int64_t num_nonzeros_ = 0;
  bool is_dense_ = false;
  int64_t leading_ = 0;            // dense: distance of two columns in values_
  AlignedVector<int64_t> starts_;  // sparse: num_cols_ + 1
  AlignedVector<int32_t> rows_;    // sparse: parallel to values_
  AlignedVector<double> values_;
};

}  // namespace strads
