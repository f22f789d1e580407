#include "strads/column_matrix.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/kernels.h"

namespace strads {

ColumnMatrix ColumnMatrix::FromTriplets(int64_t rows,
                                        int64_t cols,
                                        std::span<const Triplet> entries,
                                        Storage storage) {
  for (const Triplet& entry : entries) {
    if (entry.row < 0 || entry.row >= rows || entry.column < 0 || entry.column >= cols) {
      throw DataError("the matrix entry (" + std::to_string(entry.row) + ", " +
                      std::to_string(entry.column) + ") is out of range, expected a " +
                      std::to_string(rows) + " x " + std::to_string(cols) + " matrix");
    }
  }
  ThreadPool pool(1);
  const TripletPiece piece = {.entries = entries};
  return FromPieces(rows, cols, {&piece, 1}, storage, pool);
}

ColumnMatrix ColumnMatrix::FromDense(const Eigen::MatrixXd& values) {
  ColumnMatrix matrix;
  matrix.num_rows_ = values.rows();
  matrix.num_cols_ = values.cols();
  matrix.num_nonzeros_ = (values.array() != 0).count();
  matrix.is_dense_ = true;
  matrix.leading_ = (values.rows() + 7) / 8 * 8;
  matrix.values_.resize(static_cast<std::size_t>(matrix.leading_ * values.cols()), 0.0);
  Eigen::Map<Eigen::MatrixXd>(matrix.values_.data(), matrix.leading_, values.cols())
      .topRows(values.rows()) = values;
  return matrix;
}

ColumnMatrix ColumnMatrix::Transposed() const {
  std::vector<Triplet> entries;
  entries.reserve(static_cast<std::size_t>(num_nonzeros_));
  for (int32_t j = 0; j < num_cols_; ++j) {
    if (is_dense_) {
      for (int32_t i = 0; i < num_rows_; ++i) {
        if (const double value = DenseColumn(j)[i]; value != 0) entries.push_back({j, i, value});
      }
    } else {
      for (std::size_t k = 0; k < Count(j); ++k) entries.push_back({j, Rows(j)[k], Values(j)[k]});
    }
  }
  return FromTriplets(num_cols_, num_rows_, entries,
                      is_dense_ ? Storage::kDense : Storage::kSparse);
}

double ColumnMatrix::Dot(int j, const double* r) const {
  if (is_dense_) return kernels::DenseDot(DenseColumn(j), r, num_rows_);
  const auto rows = Rows(j);
  return kernels::SparseDot(rows.data(), Values(j).data(), std::ssize(rows), r);
}

void ColumnMatrix::Dots(std::span<const int32_t> columns,
                        const Eigen::VectorXd& r,
                        double* dots) const {
  if (!is_dense_) {
    kernels::SparseDots(starts_.data(), rows_.data(), values_.data(), columns, r.data(), dots);
    return;
  }
  for (std::size_t i = 0; i < columns.size(); ++i)
    dots[i] = kernels::DenseDot(DenseColumn(columns[i]), r.data(), num_rows_);
}

Eigen::VectorXd ColumnMatrix::TransposedTimes(const Eigen::VectorXd& r) const {
  Eigen::VectorXd products(num_cols_);
  for (int j = 0; j < num_cols_; ++j) products[j] = Dot(j, r);
  return products;
}

Eigen::VectorXd ColumnMatrix::SquaredNorms() const {
  Eigen::VectorXd norms(num_cols_);
  for (int j = 0; j < num_cols_; ++j) norms[j] = SquaredNorm(j);
  return norms;
}

void ColumnMatrix::AddColumn(int j, double scale, double* r) const {
  if (is_dense_) return kernels::DenseAxpy(scale, DenseColumn(j), r, num_rows_);
  const auto rows = Rows(j);
  kernels::SparseAxpy(scale, rows.data(), Values(j).data(), std::ssize(rows), r);
}

double ColumnMatrix::AddColumnTracked(int j, double scale, double* r) const {
  if (is_dense_) return kernels::DenseAxpyTracked(scale, DenseColumn(j), r, num_rows_);
  const auto rows = Rows(j);
  return kernels::SparseAxpyTracked(scale, rows.data(), Values(j).data(), std::ssize(rows), r);
}

double ColumnMatrix::SquaredNorm(int j) const {
  if (is_dense_) return kernels::DenseDot(DenseColumn(j), DenseColumn(j), num_rows_);
  const auto values = Values(j);
  return kernels::DenseDot(values.data(), values.data(), std::ssize(values));
}

int32_t ColumnMatrix::CountNonzeros(int j) const {
  if (!is_dense_) return static_cast<int32_t>(Count(j));
  const double* const column = DenseColumn(j);
  return static_cast<int32_t>(num_rows_ - std::count(column, column + num_rows_, 0.0));
}

double ColumnMatrix::WeightedSquaredNorm(int j, const Eigen::VectorXd& w) const {
  if (is_dense_) {
    const Eigen::Map<const Eigen::ArrayXd> column(DenseColumn(j), num_rows_);
    return (w.array() * column.square()).sum();
  }
  const auto rows = Rows(j);
  const auto values = Values(j);
  double sum = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) sum += w[rows[k]] * values[k] * values[k];
  return sum;
}

double ColumnMatrix::Spread(
    int j, double m, const Eigen::VectorXd& e, const Eigen::VectorXd& w, double whole) const {
  const auto own = [](const Eigen::VectorXd& v, int64_t i) { return v.size() > 0 ? v[i] : 1.0; };
  const auto square = [&](int64_t i, double value) {
    const double left = value - m * own(e, i);
    return own(w, i) * left * left;
  };
  double sum = 0;
  if (is_dense_) {
    for (int64_t i = 0; i < num_rows_; ++i) sum += square(i, DenseColumn(j)[i]);
    return sum;
  }
  const auto rows = Rows(j);
  const auto values = Values(j);
  double met = 0;  // sum over the entries of w_i e_i^2
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const int64_t i = rows[k];
    sum += square(i, values[k]);
    met += own(w, i) * own(e, i) * own(e, i);
  }
  // What is missing of a column that has all rows is rounding, which m may be far larger than.
  return std::ssize(rows) == num_rows_ ? sum : sum + m * m * std::max(0.0, whole - met);
}

void ColumnMatrix::ScaleRows(const Eigen::VectorXd& scale) {
  if (is_dense_) {
    for (int64_t j = 0; j < num_cols_; ++j)
      Eigen::Map<Eigen::ArrayXd>(values_.data() + leading_ * j, num_rows_) *= scale.array();
    return;
  }
  for (std::size_t k = 0; k < values_.size(); ++k) values_[k] *= scale[rows_[k]];
}

void ColumnMatrix::Shift(std::span<const double> shifts) {
  if (is_dense_) {
    for (int j = 0; j < num_cols_; ++j) {
      const double shift = shifts[Index(j)];
      if (shift == 0) continue;
      Eigen::Map<Eigen::ArrayXd>(values_.data() + leading_ * j, num_rows_) -= shift;
    }
    return;
  }
  AlignedVector<int64_t> starts(static_cast<std::size_t>(num_cols_) + 1, 0);
  for (int j = 0; j < num_cols_; ++j)
    starts[Index(j) + 1] =
        starts[Index(j)] + (shifts[Index(j)] == 0 ? static_cast<int64_t>(Count(j)) : num_rows_);
  AlignedVector<int32_t> rows(static_cast<std::size_t>(starts.back()));
  AlignedVector<double> values(rows.size());
  for (int j = 0; j < num_cols_; ++j) {
    const auto from = Rows(j);
    const auto was = Values(j);
    int32_t* const row = rows.data() + starts[Index(j)];
    double* const value = values.data() + starts[Index(j)];
    const double shift = shifts[Index(j)];
    if (shift == 0) {
      std::ranges::copy(from, row);
      std::ranges::copy(was, value);
      continue;
    }
    std::iota(row, row + num_rows_, 0);
    std::fill_n(value, num_rows_, -shift);
    for (std::size_t k = 0; k < from.size(); ++k) value[from[k]] += was[k];
  }
  starts_ = std::move(starts);
  rows_ = std::move(rows);
  values_ = std::move(values);
  num_nonzeros_ = std::ssize(values_);
}

namespace {

// Room for as many, and if it has to grow a quarter more than there was: amortised.
template <class T>
void MakeRoom(AlignedVector<T>& vector, std::size_t size) {
  const std::size_t had = vector.capacity();
  if (size > had) vector.reserve(std::max(size, had + had / 4));
}

}  // namespace

void ColumnMatrix::Append(ColumnMatrix other) {
  if (num_cols_ == 0) {
    *this = std::move(other);
    return;
  }
  if (is_dense_) {
    MakeRoom(values_, static_cast<std::size_t>(leading_ * (num_cols_ + other.num_cols_)));
  } else {
    MakeRoom(rows_, rows_.size() + static_cast<std::size_t>(other.num_nonzeros_));
    MakeRoom(values_, values_.size() + static_cast<std::size_t>(other.num_nonzeros_));
  }
  const int64_t before = num_cols_;
  num_nonzeros_ += other.num_nonzeros_;
  Widen(before + other.num_cols_);
  for (int j = 0; j < other.num_cols_; ++j) {
    if (is_dense_) {
      other.AddColumn(j, 1, values_.data() + leading_ * (before + j));
      continue;
    }
    if (other.is_dense_) {
      const double* const column = other.DenseColumn(j);
      for (int32_t row = 0; row < num_rows_; ++row) {
        if (column[row] == 0) continue;
        rows_.push_back(row);
        values_.push_back(column[row]);
      }
    } else {
      const auto rows = other.Rows(j);
      const auto values = other.Values(j);
      rows_.insert(rows_.end(), rows.begin(), rows.end());
      values_.insert(values_.end(), values.begin(), values.end());
    }
    starts_[static_cast<std::size_t>(before + j) + 1] = std::ssize(values_);
  }
}

ColumnMatrix ColumnMatrix::OfRows(std::span<const int32_t> ascending) const {
  ColumnMatrix part;
  part.num_rows_ = std::ssize(ascending);
  part.num_cols_ = num_cols_;
  part.is_dense_ = is_dense_;
  if (is_dense_) {
    part.leading_ = (part.num_rows_ + 7) / 8 * 8;
    part.values_.resize(static_cast<std::size_t>(part.leading_ * num_cols_), 0.0);
    for (int j = 0; j < num_cols_; ++j) {
      double* to = part.values_.data() + part.leading_ * j;
      for (const int32_t row : ascending) {
        *to = DenseColumn(j)[row];
        part.num_nonzeros_ += *to++ != 0;
      }
    }
    return part;
  }
  AlignedVector<int32_t> place(static_cast<std::size_t>(num_rows_), -1);
  for (std::size_t i = 0; i < ascending.size(); ++i)
    place[static_cast<std::size_t>(ascending[i])] = static_cast<int32_t>(i);
  part.starts_.resize(static_cast<std::size_t>(num_cols_) + 1, 0);
  for (int j = 0; j < num_cols_; ++j) {
    const auto rows = Rows(j);
    const auto values = Values(j);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const int32_t to = place[static_cast<std::size_t>(rows[k])];
      if (to < 0) continue;
      part.rows_.push_back(to);
      part.values_.push_back(values[k]);
    }
    part.starts_[Index(j) + 1] = std::ssize(part.values_);
  }
  part.num_nonzeros_ = std::ssize(part.values_);
  return part;
}

void ColumnMatrix::Widen(int64_t num_cols) {
  if (num_cols <= num_cols_) return;
  if (is_dense_) {
    values_.resize(static_cast<std::size_t>(leading_ * num_cols), 0.0);
  } else {
    starts_.resize(static_cast<std::size_t>(num_cols) + 1, starts_.empty() ? 0 : starts_.back());
  }
  num_cols_ = num_cols;
}

}  // namespace strads
