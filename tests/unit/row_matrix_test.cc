#include <gtest/gtest.h>
#include <strads/parallel.h>
#include <strads/row_matrix.h>

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

// Rows 0, 2, 3 in three pieces, the last of them without entries; row 1 is empty.
RowMatrix Make(const std::vector<Triplet>& first,
               const std::vector<Triplet>& second,
               int64_t cols,
               int threads = 1) {
  ThreadPool pool(threads);
  const std::vector<TripletPiece> pieces = {
      {.entries = first, .first_row = 0}, {.entries = second, .first_row = 2}, {{}, 4}};
  return RowMatrix::FromPieces(5, cols, pieces, pool);
}

TEST(RowMatrix, HoldsWhatItWasGiven) {
  const std::vector<Triplet> first = {{0, 1, 0.5}, {0, 9, 2}}, second = {{0, 0, 0}, {1, 3, 4}};
  for (const int threads : {1, 3}) {
    const RowMatrix x = Make(first, second, 10, threads);
    EXPECT_FALSE(x.is_dense());
    EXPECT_TRUE(x.is_single());
    EXPECT_EQ(x.num_nonzeros(), 3);
    Dense expected(5, std::vector<double>(10, 0.0));
    expected[0][1] = 0.5;
    expected[0][9] = 2;
    expected[3][3] = 4;
    EXPECT_EQ(ToDense(x), expected);
  }
}

TEST(RowMatrix, KeepsDoublesThatAreNoFloats) {
  const RowMatrix x = Make({{0, 0, 0.1}}, {}, 10);
  EXPECT_FALSE(x.is_single());
  EXPECT_EQ(ToDense(x)[0][0], 0.1);
}

TEST(RowMatrix, DotAndAddAreThoseOfTheDefinition) {
  std::vector<Triplet> dense, sparse;
  for (int32_t i = 0; i < 2; ++i) {
    for (int32_t j = 0; j < 13; ++j) {
      dense.push_back({i, j, 0.5 * (i + 1) + 0.1 * j});
      if (j % 4 != 0) sparse.push_back({i, 5 * j, 0.1 * j - i});
    }
  }
  for (const RowMatrix& x : {Make(dense, dense, 13), Make(sparse, {}, 100)}) {
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
  RowMatrix x = Make({{0, 0, 1}, {0, 1, 2}, {0, 2, 4}}, {}, 10);
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
  const TripletPiece piece{.entries = entries};
  const RowMatrix rows = RowMatrix::FromPieces(3, 4, {&piece, 1}, pool);
  for (const Storage storage : {Storage::kSparse, Storage::kDense}) {
    const auto columns = ColumnMatrix::FromTriplets(3, 4, entries, storage);
    EXPECT_EQ(ToDense(RowMatrix::FromColumns(columns, pool)), ToDense(rows));
  }
}

}  // namespace
}  // namespace strads
