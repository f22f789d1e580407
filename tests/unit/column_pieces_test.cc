#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "strads/column_matrix.h"

namespace strads {
namespace {

// Rows whose entries are named, below them some of which all are there, then no rows at all.
TEST(ColumnPieces, StandBelowEachOther) {
  constexpr int kCols = 6;
  for (const double density : {0.0, 0.1, 0.9}) {
    SCOPED_TRACE(density);
    std::srand(7);
    const Eigen::MatrixXd below = Eigen::MatrixXd::Random(2, kCols);
    const Eigen::MatrixXd above = Eigen::MatrixXd::Random(50, kCols).unaryExpr(
        [&](double v) { return 0.5 * (v + 1) < density ? v : 0.0; });
    std::vector<int32_t> counts, rows;
    std::vector<double> values;
    for (int j = 0; j < kCols; ++j) {
      counts.push_back(0);
      for (int32_t i = 0; i < above.rows(); ++i) {
        if (above(i, j) == 0) continue;
        ++counts.back();
        rows.push_back(i);
        values.push_back(above(i, j));
      }
    }
    const std::vector<int32_t> all(kCols, 2), none(kCols, 0);
    const std::vector<double> of_all(below.data(), below.data() + below.size());
    const std::vector<ColumnPiece> pieces = {
        {counts, rows, values, 0, 50}, {all, {}, of_all, 50, 2}, {none, {}, {}, 52, 0}};
    const ColumnMatrix x = ColumnMatrix::FromColumns(pieces);
    EXPECT_EQ(x.is_dense(), density > 0.5);
    EXPECT_EQ(x.num_rows(), 52);
    ASSERT_EQ(x.num_cols(), kCols);
    for (int j = 0; j < kCols; ++j) {
      Eigen::VectorXd column = Eigen::VectorXd::Zero(52), expected(52);
      x.AddColumn(j, 1, column);
      expected << above.col(j), below.col(j);
      EXPECT_EQ(column, expected);
    }
  }
}

}  // namespace
}  // namespace strads
