#include <gtest/gtest.h>
#include <strads/parallel.h>
#include <strads/random.h>
#include <strads/row_matrix.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace strads {
namespace {

using Dense = std::vector<std::vector<double>>;

Dense ToDense(const RowMatrix& x) {
  Dense rows(static_cast<size_t>(x.num_rows()),
             std::vector<double>(static_cast<size_t>(x.num_cols()), 0.0));
  x.With([&](const auto& all) {
    for (size_t i = 0; i < rows.size(); ++i)
      all.ForEach(static_cast<int64_t>(i),
                  [&](int32_t j, double value) { rows[i][static_cast<size_t>(j)] = value; });
  });
  return rows;
}

using Entries = std::vector<std::pair<int32_t, double>>;  // columns and values of a row

// The matrix of these rows.
RowMatrix Make(const std::vector<Entries>& rows, int64_t cols) {
  std::vector<int32_t> sizes, columns;
  std::vector<double> values;
  for (const Entries& row : rows) {
    sizes.push_back(static_cast<int32_t>(row.size()));
    for (const auto& [column, value] : row) {
      columns.push_back(column);
      values.push_back(value);
    }
  }
  const RowPiece piece = {sizes, columns, values};
  ThreadPool pool(1);
  RowMatrixBuilder builder;
  builder.Append({&piece, 1}, 1, pool);
  return builder.Finish(cols, pool);
}

// In batches of pieces: floats first, then a double, then floats; a piece without entries, a batch
// without pieces, and shares that say too little and too much of what comes.
TEST(RowMatrix, HoldsWhatItWasGiven) {
  const std::vector<int32_t> first = {2, 0}, second = {0, 1}, third = {0}, columns = {1, 9, 3};
  const std::vector<double> singles = {0.5, 2, 4}, doubles = {0.5, 2, 0.1};
  for (const int threads : {1, 3}) {
    for (const double share : {0.9, 0.01}) {
      for (const std::vector<double>& last : {singles, doubles}) {
        ThreadPool pool(threads);
        RowMatrixBuilder builder;
        const std::span<const int32_t> c = columns;
        const std::span<const double> v = singles, w = last;
        builder.Append(std::vector<RowPiece>{{first, c.first(2), v.first(2)}, {third, {}, {}}},
                       share, pool);
        builder.Append({}, share, pool);
        builder.Append(std::vector<RowPiece>{{second, c.last(1), w.last(1)}}, share, pool);
        builder.Append(std::vector<RowPiece>{{first, c.first(2), v.first(2)}}, 1, pool);
        const RowMatrix x = builder.Finish(10, pool);
        EXPECT_FALSE(x.is_dense());
        EXPECT_EQ(x.is_single(), last == singles);
        EXPECT_EQ(x.num_nonzeros(), 5);
        Dense expected(7, std::vector<double>(10, 0.0));
        expected[0][1] = expected[5][1] = 0.5;
        expected[0][9] = expected[5][9] = 2;
        expected[4][3] = last[2];
        EXPECT_EQ(ToDense(x), expected);
      }
    }
  }
}

// Until a batch brings another value.
TEST(RowMatrix, StoresNoValuesWhereAllAreOne) {
  const std::vector<int32_t> sizes = {2, 0, 1}, columns = {1, 9, 3};
  const std::vector<double> ones = {1, 1, 1}, singles = {1, 2, 1}, doubles = {1, 1, 0.1};
  for (const std::vector<double>& last : {ones, singles, doubles}) {
    ThreadPool pool(2);
    RowMatrixBuilder builder;
    const std::vector<RowPiece> begin = {{sizes, columns, ones}, {sizes, columns, ones}};
    builder.Append(begin, 0.5, pool);
    builder.Append(std::vector<RowPiece>{{sizes, columns, last}, {sizes, columns, ones}}, 1, pool);
    const RowMatrix x = builder.Finish(10, pool);
    EXPECT_EQ(x.is_binary(), last == ones);
    EXPECT_EQ(x.is_single(), last == singles);
    Dense expected(12, std::vector<double>(10, 0.0));
    for (size_t piece = 0; piece < 4; ++piece) {
      const std::vector<double>& values = piece == 2 ? last : ones;
      expected[3 * piece][1] = values[0];
      expected[3 * piece][9] = values[1];
      expected[3 * piece + 2][3] = values[2];
    }
    EXPECT_EQ(ToDense(x), expected);
  }
}

TEST(RowMatrix, OfOnesIsTheMatrixOfTheirValues) {
  Random random(4);
  for (const int64_t cols : {13, 200}) {  // dense, sparse
    std::vector<Entries> rows(50);
    for (Entries& row : rows) {
      for (int32_t j = 0; j < 13; ++j) {
        if (random.Uniform() < 0.8) row.emplace_back(j, 1);
      }
    }
    const RowMatrix ones = Make(rows, cols);
    EXPECT_EQ(ones.is_binary(), cols == 200);
    RowMatrix doubles = ones;
    const std::vector<double> twice(static_cast<size_t>(cols), 2.0), half(twice.size(), 0.5);
    doubles.ScaleColumns(twice);
    EXPECT_EQ(ToDense(doubles)[3][1], 2 * ToDense(ones)[3][1]);
    doubles.ScaleColumns(half);
    EXPECT_FALSE(doubles.is_binary());
    EXPECT_EQ(ToDense(ones), ToDense(doubles));
    Eigen::VectorXd w(cols), of_ones(cols), of_doubles(cols);
    for (double& weight : w) weight = random.Uniform();
    of_ones = of_doubles = w;
    for (int64_t i = 0; i < ones.num_rows(); ++i) {
      EXPECT_EQ(ones.Dot(i, w), doubles.Dot(i, w));
      ones.Add(i, 0.1, of_ones);
      doubles.Add(i, 0.1, of_doubles);
    }
    EXPECT_EQ(of_ones, of_doubles);
  }
}

// Of the last column that 16 bits can name and the first that they cannot, which comes at once, in
// a later batch, with new columns, or goes.
TEST(RowMatrix, HoldsColumnsOnEitherSideOf16Bits) {
  constexpr int32_t kLast = 65535;
  const std::vector<int32_t> sizes = {2}, low = {7, kLast}, high = {kLast, kLast + 1};
  const std::vector<double> values = {2, 3};
  ThreadPool pool(2);
  for (const auto& [first, second] :
       {std::pair(low, low), std::pair(low, high), std::pair(high, low)}) {
    RowMatrixBuilder builder;
    builder.Append(std::vector<RowPiece>{{sizes, first, values}}, 0.5, pool);
    builder.Append(std::vector<RowPiece>{{sizes, second, values}}, 1, pool);
    RowMatrix x = builder.Finish(std::max(first[1], second[1]) + 1, pool);
    x.Resize(kLast + 3, pool);
    for (int64_t i = 0; i < 2; ++i) {
      const std::vector<int32_t>& columns = i == 0 ? first : second;
      std::vector<double> expected(kLast + 3, 0.0);
      for (size_t k = 0; k < 2; ++k) expected[static_cast<size_t>(columns[k])] = values[k];
      EXPECT_EQ(ToDense(x)[static_cast<size_t>(i)], expected);
      Eigen::VectorXd w = Eigen::VectorXd::LinSpaced(kLast + 3, 0, kLast + 2);
      EXPECT_EQ(x.Dot(i, w), 2 * columns[0] + 3 * columns[1]);
    }
    x.Resize(kLast + 1, pool);
    EXPECT_EQ(ToDense(x)[0][kLast], first == low ? 3 : 2);
    std::vector<double> twice(kLast + 1, 2.0);
    x.ScaleColumns(twice);
    EXPECT_EQ(ToDense(x)[0][kLast], first == low ? 6 : 4);
    EXPECT_EQ(ToDense(RowMatrix::FromColumns(ColumnMatrix::FromRows(x, pool), pool)), ToDense(x));
  }
}

// What is dropped was all that was not 1.
TEST(RowMatrix, BecomesBinaryWhereOtherValuesGo) {
  ThreadPool pool(1);
  RowMatrix x = Make({{{0, 1}, {15, 2}}, {{3, 1}}}, 20);
  EXPECT_FALSE(x.is_binary());
  x.Resize(10, pool);
  EXPECT_TRUE(x.is_binary());
  EXPECT_EQ(ToDense(x)[0][0], 1);
  EXPECT_EQ(x.num_nonzeros(), 2);
}

TEST(RowMatrix, KeepsDoublesThatAreNoFloats) {
  const RowMatrix x = Make({{{0, 0.1}}}, 10);
  EXPECT_FALSE(x.is_single());
  EXPECT_EQ(ToDense(x)[0][0], 0.1);
}

TEST(RowMatrix, DotAndAddAreThoseOfTheDefinition) {
  std::vector<Entries> dense(2), sparse(2);
  for (int32_t i = 0; i < 2; ++i) {
    for (int32_t j = 0; j < 13; ++j) {
      dense[static_cast<size_t>(i)].emplace_back(j, 0.5 * (i + 1) + 0.1 * j);
      if (j % 4 != 0) sparse[static_cast<size_t>(i)].emplace_back(5 * j, 0.1 * j - i);
    }
  }
  for (const RowMatrix& x : {Make(dense, 13), Make(sparse, 100)}) {
    std::vector<double> w(static_cast<size_t>(x.num_cols()));
    for (size_t j = 0; j < w.size(); ++j) w[j] = 1.0 / static_cast<double>(j + 1);
    const Dense rows = ToDense(x);
    x.With([&](const auto& all) {
      double expected = 0;
      for (size_t j = 0; j < w.size(); ++j) expected += rows[1][j] * w[j];
      EXPECT_NEAR(all.Dot(1, w.data()), expected, 1e-14);
      std::vector<double> sum = w;
      all.Add(1, -2, sum.data());
      for (size_t j = 0; j < w.size(); ++j) EXPECT_EQ(sum[j], w[j] + -2 * rows[1][j]);
      // One row of the matrix, whatever it holds.
      const Eigen::Map<const Eigen::VectorXd> vector(w.data(), x.num_cols());
      EXPECT_EQ(x.Dot(1, vector), all.Dot(1, w.data()));
      const Eigen::VectorXd product = x.Times(vector);
      ASSERT_EQ(product.size(), x.num_rows());
      for (int64_t i = 0; i < x.num_rows(); ++i) EXPECT_EQ(product[i], all.Dot(i, w.data()));
      Eigen::VectorXd of_matrix = vector;
      x.Add(1, -2, of_matrix);
      for (Eigen::Index j = 0; j < of_matrix.size(); ++j)
        EXPECT_EQ(of_matrix[j], sum[static_cast<size_t>(j)]);
    });
  }
}

TEST(RowMatrix, ColumnsAreScaledMovedAndDropped) {
  RowMatrix x = Make({{{0, 1}, {1, 2}, {2, 4}}, {}}, 10);
  std::vector<double> scale(10, 1.0);
  scale[2] = 0.1;
  x.ScaleColumns(scale);
  ThreadPool pool(1);
  std::vector<int32_t> map(10, -1);
  map[0] = 1;
  map[2] = 0;
  EXPECT_EQ(ToDense(x.MapColumns(map, 2, pool))[0], (std::vector<double>{0.4, 1}));
  x.Resize(12, pool);
  EXPECT_EQ(x.num_cols(), 12);
  x.Resize(2, pool);
  EXPECT_EQ(ToDense(x)[0], (std::vector<double>{1, 2}));
}

TEST(RowMatrix, IsTheSameReadByColumns) {
  ThreadPool pool(2);
  const std::vector<Triplet> entries = {{0, 3, 1}, {2, 0, 0.1}, {2, 3, -1}};
  const RowMatrix rows = Make({{{3, 1}}, {}, {{0, 0.1}, {3, -1}}}, 4);
  for (const Storage storage : {Storage::kSparse, Storage::kDense}) {
    const auto columns = ColumnMatrix::FromTriplets(3, 4, entries, storage);
    EXPECT_EQ(ToDense(RowMatrix::FromColumns(columns, pool)), ToDense(rows));
  }
}

// Sparse and dense, floats and doubles, more rows than are copied at a time, and none.
TEST(RowMatrix, BecomesTheColumnsOfTheSameEntries) {
  Random random(3);
  for (const int num_rows : {0, 1, 200}) {
    for (const double density : {0.1, 0.9}) {
      for (const double unit : {0.5, 0.1}) {
        constexpr int kCols = 13;
        std::vector<Entries> rows(static_cast<size_t>(num_rows));
        std::vector<Triplet> entries;
        for (int32_t i = 0; i < num_rows; ++i) {
          for (int32_t j = 0; j < kCols; ++j) {
            if (random.Uniform() >= density) continue;
            entries.push_back({i, j, unit * static_cast<double>(1 + random.Below(5))});
            rows[static_cast<size_t>(i)].emplace_back(j, entries.back().value);
          }
        }
        const RowMatrix x = Make(rows, kCols);
        const auto expected = ColumnMatrix::FromTriplets(num_rows, kCols, entries);
        for (const int threads : {1, 3}) {
          ThreadPool pool(threads);
          const ColumnMatrix columns = ColumnMatrix::FromRows(x, pool);
          EXPECT_EQ(columns.is_dense(), expected.is_dense());
          EXPECT_EQ(columns.num_nonzeros(), expected.num_nonzeros());
          ASSERT_EQ(columns.num_cols(), kCols);
          for (int j = 0; j < kCols; ++j) {
            Eigen::VectorXd ours = Eigen::VectorXd::Zero(num_rows), theirs = ours;
            columns.AddColumn(j, 1, ours);
            expected.AddColumn(j, 1, theirs);
            EXPECT_EQ(ours, theirs);
            if (!columns.is_dense()) {
              EXPECT_TRUE(std::ranges::equal(columns.Rows(j), expected.Rows(j)));
            }
            for (int64_t i = num_rows; columns.is_dense() && i < (num_rows + 7) / 8 * 8; ++i)
              EXPECT_EQ(columns.DenseColumn(j)[i], 0) << "of the padding";
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace strads
