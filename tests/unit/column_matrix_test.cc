#include "strads/column_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "strads/error.h"
#include "strads/parallel.h"

namespace strads {
namespace {

Eigen::MatrixXd RandomMatrix(int rows, int cols, double density) {
  std::mt19937 random(static_cast<unsigned>(rows * 1000 + cols));
  std::normal_distribution<double> normal;
  std::bernoulli_distribution is_set(density);
  return Eigen::MatrixXd::NullaryExpr(rows, cols,
                                      [&] { return is_set(random) ? normal(random) : 0.0; });
}

std::vector<Triplet> TripletsOf(const Eigen::MatrixXd& values) {
  std::vector<Triplet> entries;
  for (int i = 0; i < values.rows(); ++i) {
    for (int j = 0; j < values.cols(); ++j) {
      if (values(i, j) != 0) entries.push_back({i, j, values(i, j)});
    }
  }
  return entries;
}

ColumnMatrix Make(const Eigen::MatrixXd& values, Storage storage) {
  return ColumnMatrix::FromTriplets(values.rows(), values.cols(), TripletsOf(values), storage);
}

Eigen::VectorXd ColumnOf(const ColumnMatrix& x, int j) {
  Eigen::VectorXd column = Eigen::VectorXd::Zero(x.num_rows());
  x.AddColumn(j, 1, column);
  return column;
}

struct Case {
  int rows;
  Storage storage;

  friend void PrintTo(const Case& c, std::ostream* out) {
    *out << c.rows << " rows, " << (c.storage == Storage::kDense ? "dense" : "sparse");
  }
};

class ColumnMatrixTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int kCols = 13;
  const Eigen::MatrixXd values_ = RandomMatrix(GetParam().rows, kCols, 0.4);
  const ColumnMatrix x_ = Make(values_, GetParam().storage);
};

TEST_P(ColumnMatrixTest, HasTheShapeAndStorageAskedFor) {
  EXPECT_EQ(x_.num_rows(), values_.rows());
  EXPECT_EQ(x_.num_cols(), values_.cols());
  EXPECT_EQ(x_.num_nonzeros(), (values_.array() != 0).count());
  EXPECT_EQ(x_.is_dense(), GetParam().storage == Storage::kDense);
}

TEST_P(ColumnMatrixTest, DotsAndNormsAgreeWithEigen) {
  const Eigen::VectorXd r = Eigen::VectorXd::LinSpaced(values_.rows(), -1, 2);
  for (int j = 0; j < kCols; ++j) {
    EXPECT_NEAR(x_.Dot(j, r), values_.col(j).dot(r), 1e-12 * (1 + r.squaredNorm()));
    EXPECT_NEAR(x_.SquaredNorm(j), values_.col(j).squaredNorm(), 1e-11);
  }
}

TEST_P(ColumnMatrixTest, MultipliesAllColumnsAsOneByOne) {
  const Eigen::VectorXd r = Eigen::VectorXd::LinSpaced(values_.rows(), -1, 2);
  const Eigen::VectorXd products = x_.TransposedTimes(r);
  const Eigen::VectorXd norms = x_.SquaredNorms();
  ASSERT_EQ(products.size(), values_.cols());
  for (int j = 0; j < values_.cols(); ++j) {
    EXPECT_EQ(products[j], x_.Dot(j, r));
    // Of some columns, in any order, more than once.
    const std::vector<int32_t> columns = {j, 0, j};
    std::vector<double> dots(columns.size());
    x_.Dots(columns, r, dots.data());
    EXPECT_EQ(dots, std::vector<double>({products[j], products[0], products[j]}));
    EXPECT_EQ(norms[j], x_.SquaredNorm(j));
  }
}

TEST_P(ColumnMatrixTest, SpreadIsThatAroundAMean) {
  const Eigen::VectorXd e = Eigen::VectorXd::LinSpaced(values_.rows(), 0.5, 2);
  const Eigen::VectorXd w = Eigen::VectorXd::LinSpaced(values_.rows(), 3, 1);
  const Eigen::VectorXd none;
  for (int j = 0; j < kCols; ++j) {
    const Eigen::ArrayXd x = values_.col(j), left = x - 0.3 * e.array();
    EXPECT_NEAR(x_.Spread(j, 0.3, e, w, w.dot(e.cwiseAbs2())), (w.array() * left.square()).sum(),
                1e-10);
    EXPECT_NEAR(x_.Spread(j, 0.3, e, none, e.squaredNorm()), left.square().sum(), 1e-10);
    EXPECT_NEAR(x_.Spread(j, 0.3, none, none, static_cast<double>(values_.rows())),
                (x - 0.3).square().sum(), 1e-10);
  }
}

TEST_P(ColumnMatrixTest, ShiftsColumnsInAllRows) {
  std::vector<double> shifts(kCols, 0.0);
  shifts[1] = 3;
  shifts[kCols - 1] = -0.25;
  ColumnMatrix shifted = x_;
  shifted.Shift(shifts);
  const Eigen::MatrixXd expected =
      values_.rowwise() - Eigen::Map<const Eigen::RowVectorXd>(shifts.data(), kCols);
  EXPECT_EQ(shifted.is_dense(), x_.is_dense());
  for (int j = 0; j < kCols; ++j) EXPECT_EQ(ColumnOf(shifted, j), expected.col(j));
}

TEST_P(ColumnMatrixTest, AppendsColumnsOfEitherStorage) {
  for (const Storage storage : {Storage::kSparse, Storage::kDense}) {
    const Eigen::MatrixXd more = RandomMatrix(GetParam().rows, 5, 0.6);
    ColumnMatrix x = x_;
    x.Append(Make(more, storage));
    EXPECT_EQ(x.is_dense(), x_.is_dense());
    EXPECT_EQ(x.num_cols(), kCols + 5);
    EXPECT_EQ(x.num_nonzeros(), x_.num_nonzeros() + (more.array() != 0).count());
    for (int j = 0; j < x.num_cols(); ++j)
      EXPECT_EQ(ColumnOf(x, j),
                j < kCols ? Eigen::VectorXd(values_.col(j)) : Eigen::VectorXd(more.col(j - kCols)));
    ColumnMatrix none;
    none.Append(x_);
    EXPECT_EQ(none.is_dense(), x_.is_dense());
    EXPECT_EQ(ColumnOf(none, 3), values_.col(3));
  }
}

TEST_P(ColumnMatrixTest, ScalesRows) {
  const Eigen::VectorXd scale = Eigen::VectorXd::LinSpaced(values_.rows(), 0, 3);
  ColumnMatrix x = x_;
  x.ScaleRows(scale);
  const Eigen::MatrixXd expected = scale.asDiagonal() * values_;
  for (int j = 0; j < kCols; ++j) {
    EXPECT_EQ(ColumnOf(x, j), expected.col(j));
    EXPECT_NEAR(x_.WeightedSquaredNorm(j, scale), values_.col(j).cwiseAbs2().dot(scale), 1e-10);
  }
}

TEST_P(ColumnMatrixTest, KeepsTheRowsAskedFor) {
  std::vector<int32_t> rows;
  for (int32_t i = 0; i < values_.rows(); ++i) {
    if (i % 3 != 1) rows.push_back(i);
  }
  for (const std::vector<int32_t>& some : {rows, std::vector<int32_t>()}) {
    const ColumnMatrix part = x_.OfRows(some);
    EXPECT_EQ(part.is_dense(), x_.is_dense());
    EXPECT_EQ(part.num_rows(), std::ssize(some));
    const Eigen::MatrixXd expected = values_(some, Eigen::all);
    EXPECT_EQ(part.num_nonzeros(), (expected.array() != 0).count());
    for (int j = 0; j < kCols; ++j) EXPECT_EQ(ColumnOf(part, j), expected.col(j));
  }
}

TEST_P(ColumnMatrixTest, TransposesToColumnsThatAreRows) {
  const ColumnMatrix rows = x_.Transposed();
  EXPECT_EQ(rows.is_dense(), x_.is_dense());
  EXPECT_EQ(rows.num_rows(), x_.num_cols());
  ASSERT_EQ(rows.num_cols(), x_.num_rows());
  for (int i = 0; i < x_.num_rows(); ++i) EXPECT_EQ(ColumnOf(rows, i), values_.row(i).transpose());
  EXPECT_EQ(ColumnMatrix().Transposed().num_cols(), 0);
}

TEST_P(ColumnMatrixTest, AddsColumnsAndTracksHalfTheSquaredNorm) {
  Eigen::VectorXd r = Eigen::VectorXd::LinSpaced(values_.rows(), -1, 2), tracked = r;
  for (int j = 0; j < kCols; ++j) {
    const Eigen::VectorXd expected = r + (0.5 - j) * values_.col(j);
    const double before = r.squaredNorm() / 2;
    x_.AddColumn(j, 0.5 - j, r);
    const double change = x_.AddColumnTracked(j, 0.5 - j, tracked.data());
    EXPECT_LE((r - expected).lpNorm<Eigen::Infinity>(), 1e-13 * (1 + r.norm()));
    EXPECT_EQ(r, tracked);
    EXPECT_NEAR(change, r.squaredNorm() / 2 - before, 1e-12 * (1 + r.squaredNorm()));
  }
}

TEST_P(ColumnMatrixTest, GramBlockHoldsTheNewPairsInOrder) {
  const std::vector<int32_t> columns = {7, 0, 12, 3, 4, 9, 1};
  for (int first_new = 0; first_new <= std::ssize(columns); ++first_new) {
    std::vector<double> upper(3, -1.0);
    ThreadPool pool(2);
    x_.GramBlock(columns, first_new, upper, pool);
    std::size_t next = 0;
    for (std::size_t b = static_cast<std::size_t>(first_new); b < columns.size(); ++b) {
      for (std::size_t a = 0; a < b; ++a) {
        ASSERT_LT(next, upper.size());
        EXPECT_NEAR(upper[next++], values_.col(columns[a]).dot(values_.col(columns[b])), 1e-11);
      }
    }
    EXPECT_EQ(next, upper.size());
  }
}

TEST_P(ColumnMatrixTest, DoesNotDependOnOrderOrCutOfTheEntries) {
  std::vector<Triplet> entries = TripletsOf(values_);
  std::shuffle(entries.begin(), entries.end(), std::mt19937(1));
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    std::vector<TripletPiece> pieces;
    const std::span<const Triplet> all = entries;
    for (std::size_t first = 0; first < all.size(); first += 100) {
      pieces.push_back(
          {.entries = all.subspan(first, std::min<std::size_t>(100, all.size() - first))});
    }
    const auto again =
        ColumnMatrix::FromPieces(values_.rows(), values_.cols(), pieces, GetParam().storage, pool);
    EXPECT_EQ(again.num_nonzeros(), x_.num_nonzeros());
    for (int j = 0; j < kCols; ++j) {
      if (!x_.is_dense()) {
        EXPECT_TRUE(std::ranges::is_sorted(again.Rows(j)));
        EXPECT_TRUE(std::ranges::equal(again.Rows(j), x_.Rows(j)));
      }
      for (int i = 0; i < values_.rows(); ++i) {
        const Eigen::VectorXd unit = Eigen::VectorXd::Unit(values_.rows(), i);
        ASSERT_EQ(again.Dot(j, unit), values_(i, j));
      }
    }
  }
}

TEST_P(ColumnMatrixTest, RefusesWhatIsGivenTwiceOrOutOfRange) {
  const auto message = [](std::vector<Triplet> entries) -> std::string {
    try {
      ColumnMatrix::FromTriplets(3, 2, entries, GetParam().storage);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_EQ(message({{2, 1, 1.0}, {0, 0, 0.0}, {2, 1, 0.0}}),
            "the matrix entry (2, 1) is given twice, expected once");
  for (const Triplet& bad : {Triplet{3, 0, 1.0}, {0, 2, 1.0}, {-1, 0, 1.0}, {0, -1, 1.0}}) {
    EXPECT_NE(message({bad}).find("out of range, expected a 3 x 2 matrix"), std::string::npos);
  }
}

TEST_P(ColumnMatrixTest, StoresNoZeros) {
  const std::vector<Triplet> entries = {{1, 1, 0.0}, {0, 1, 4.0}, {2, 0, -0.0}};
  const auto x = ColumnMatrix::FromTriplets(3, 2, entries, GetParam().storage);
  EXPECT_EQ(x.num_nonzeros(), 1);
  EXPECT_EQ(x.SquaredNorm(0), 0);
  EXPECT_EQ(x.SquaredNorm(1), 16);
}

INSTANTIATE_TEST_SUITE_P(Storages,
                         ColumnMatrixTest,
                         ::testing::Values(Case{1, Storage::kSparse},
                                           Case{300, Storage::kSparse},
                                           Case{1, Storage::kDense},
                                           Case{37, Storage::kDense},
                                           Case{800, Storage::kDense}));

TEST(ColumnMatrixStorageTest, IsDenseFromTheGivenShareOfNonzerosOn) {
  Eigen::MatrixXd values = Eigen::MatrixXd::Zero(10, 10);
  values.topRows(4).setOnes();
  ASSERT_EQ(kDenseFraction, 0.4);
  EXPECT_TRUE(Make(values, Storage::kAuto).is_dense());
  values(0, 0) = 0;
  EXPECT_FALSE(Make(values, Storage::kAuto).is_dense());
}

TEST(ColumnMatrixStorageTest, KeepsDenseColumnsAlignedAndPaddedWithZeros) {
  const Eigen::MatrixXd values = RandomMatrix(37, 5, 1.0);
  for (const auto& x : {ColumnMatrix::FromDense(values), Make(values, Storage::kDense)}) {
    for (int j = 0; j < 5; ++j) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(x.DenseColumn(j)) % 64, 0u);
      for (int i = 0; i < 40; ++i) EXPECT_EQ(x.DenseColumn(j)[i], i < 37 ? values(i, j) : 0.0);
    }
  }
}

// The documented order of the sum, which no instruction set may change.
TEST(ColumnMatrixStorageTest, SumsADenseDotInSixteenLanes) {
  const Eigen::MatrixXd values = RandomMatrix(1003, 2, 1.0);
  const auto x = ColumnMatrix::FromDense(values);
  double lanes[16] = {};
  for (int i = 0; i < 1003; ++i) lanes[i % 16] += values(i, 0) * values(i, 1);
  for (int width = 8; width > 0; width /= 2) {
    for (int k = 0; k < width; ++k) lanes[k] += lanes[k + width];
  }
  EXPECT_EQ(x.Dot(0, x.DenseColumn(1)), lanes[0]);
}

TEST(ColumnMatrixStorageTest, AllowsNoRowsAndNoColumns) {
  EXPECT_EQ(ColumnMatrix().num_cols(), 0);
  for (const Storage storage : {Storage::kAuto, Storage::kSparse, Storage::kDense}) {
    const auto x = ColumnMatrix::FromTriplets(0, 3, {}, storage);
    EXPECT_EQ(x.num_cols(), 3);
    EXPECT_EQ(x.Dot(2, Eigen::VectorXd()), 0);
    std::vector<double> upper;
    ThreadPool pool(1);
    x.GramBlock(std::vector<int32_t>{0, 1, 2}, 1, upper, pool);
    EXPECT_EQ(upper, (std::vector<double>{0, 0, 0}));
  }
}

TEST(ColumnMatrix, AddsColumnsTheSameWayWithAnyNumberOfThreads) {
  for (const Storage storage : {Storage::kDense, Storage::kSparse}) {
    std::vector<Triplet> entries;
    for (int32_t j = 0; j < 6; ++j) {
      for (int32_t i = 0; i < 5000; i += 1 + j) entries.push_back({i, j, std::sin(i * 7 + j)});
    }
    const ColumnMatrix x = ColumnMatrix::FromTriplets(5000, 6, entries, storage);
    const std::vector<int32_t> columns = {4, 0, 5};
    const std::vector<double> scales = {0.5, -1.25, 2};
    const Eigen::VectorXd start = Eigen::VectorXd::LinSpaced(5000, -1, 1);
    Eigen::VectorXd one_by_one = start;
    for (size_t c = 0; c < columns.size(); ++c) x.AddColumn(columns[c], scales[c], one_by_one);
    double first_change = 0;
    for (const int threads : {1, 2, 3}) {
      ThreadPool pool(threads);
      Eigen::VectorXd r = start;
      const double change = x.AddColumnsTracked(columns, scales, r.data(), pool);
      EXPECT_EQ(r, one_by_one);
      EXPECT_NEAR(change, 0.5 * (r.squaredNorm() - start.squaredNorm()), 1e-9);
      if (threads == 1) first_change = change;
      EXPECT_EQ(change, first_change) << threads << " threads";
    }
  }
}

// More rows and columns than are multiplied at a time, and no multiple of either.
TEST(ColumnMatrix, MultipliesManyColumnsTheSameWayWithAnyNumberOfThreads) {
  const Eigen::MatrixXd values = RandomMatrix(531, 150, 1);
  const ColumnMatrix x = ColumnMatrix::FromDense(values);
  std::vector<int32_t> columns;
  for (int32_t j = 0; j < 149; ++j) columns.push_back(j * 7 % 150);
  for (const int first_new : {0, 1, 64, 77, 148}) {
    SCOPED_TRACE(first_new);
    std::vector<double> first;
    for (const int threads : {1, 2, 5}) {
      ThreadPool pool(threads);
      std::vector<double> upper;
      x.GramBlock(columns, first_new, upper, pool);
      if (threads == 1) first = upper;
      EXPECT_EQ(upper, first) << threads << " threads";
    }
    const double* pair = first.data();
    for (size_t b = static_cast<size_t>(first_new); b < columns.size(); ++b) {
      for (size_t a = 0; a < b; ++a)
        ASSERT_NEAR(*pair++, values.col(columns[a]).dot(values.col(columns[b])), 1e-11);
    }
  }
}

TEST(ColumnMatrix, WidensByEmptyColumns) {
  for (const Storage storage : {Storage::kDense, Storage::kSparse}) {
    const std::vector<Triplet> entries = {{0, 0, 2.0}, {2, 1, -3.0}};
    ColumnMatrix x = ColumnMatrix::FromTriplets(3, 2, entries, storage);
    x.Widen(5);
    x.Widen(1);
    EXPECT_EQ(x.num_cols(), 5);
    const Eigen::VectorXd r = Eigen::VectorXd::Ones(3);
    EXPECT_EQ(x.Dot(1, r), -3);
    for (int j = 2; j < 5; ++j) {
      EXPECT_EQ(x.Dot(j, r), 0);
      EXPECT_EQ(x.SquaredNorm(j), 0);
    }
    std::vector<double> gram;
    ThreadPool pool(1);
    x.GramBlock(std::vector<int32_t>{4, 1, 0}, 0, gram, pool);
    EXPECT_EQ(gram, (std::vector<double>{0, 0, 0}));
  }
}

}  // namespace
}  // namespace strads
