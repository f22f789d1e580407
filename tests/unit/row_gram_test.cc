#include <gtest/gtest.h>
#include <strads/parallel.h>
#include <strads/random.h>
#include <strads/row_gram.h>

#include <Eigen/Core>
#include <vector>

namespace strads::testing {
namespace {

struct Sample {
  Eigen::MatrixXd x;
  RowMatrix rows;
};

enum class Values { kOnes, kSingles, kDoubles };

Sample Draw(int rows, int cols, double share, Values values) {
  Random random(5);
  Sample sample{Eigen::MatrixXd::Zero(rows, cols), {}};
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < cols; ++j) {
      if (random.Uniform() >= share) continue;
      const double value = random.Uniform() + 2;
      sample.x(i, j) = values == Values::kOnes      ? 1
                       : values == Values::kSingles ? static_cast<double>(static_cast<float>(value))
                                                    : value;
    }
  }
  ThreadPool pool(1);
  sample.rows = RowMatrix::FromColumns(ColumnMatrix::FromDense(sample.x), pool);
  return sample;
}

// Dense and sparse, ones, floats and doubles; widths around the panels' 8, and beyond those of
// which threads divide the rows; more rows than one panel, and one part, has.
TEST(RowGram, IsTheSumOfOuterProductsOfTheRowsThatWereNamed) {
  constexpr int kRows = 6000;
  for (const double share : {1.0, 0.1}) {
    for (const int cols : {1, 7, 8, 21, 300}) {
      const auto values = static_cast<Values>(cols % 3);
      const Sample sample = Draw(kRows, cols, share, values);
      ASSERT_EQ(sample.rows.is_dense(), share == 1.0);
      ASSERT_EQ(sample.rows.is_binary(), share < 1 && values == Values::kOnes);
      std::vector<int64_t> rows;
      std::vector<double> y, weights, centre;
      Random random(6);
      for (int i = 0; i < kRows; i += 1 + i % 2) {
        rows.push_back(i);
        y.push_back(random.Uniform());
        weights.push_back(random.Uniform() + 0.1);
      }
      for (int j = 0; j <= cols; ++j) centre.push_back(random.Uniform());
      Eigen::MatrixXd z(std::ssize(rows), cols + 1);
      for (Eigen::Index t = 0; t < z.rows(); ++t) {
        z.row(t) << sample.x.row(rows[static_cast<size_t>(t)]), y[static_cast<size_t>(t)];
        for (int j = 0; j <= cols; ++j) z(t, j) -= centre[static_cast<size_t>(j)];
      }
      const Eigen::Map<const Eigen::VectorXd> c(weights.data(), z.rows());
      const Eigen::MatrixXd expected = z.transpose() * c.asDiagonal() * z;
      const double precision = 1e-10 * expected.cwiseAbs().maxCoeff();
      std::vector<double> first;
      for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        const std::vector<double> upper =
            RowGram({.x = &sample.rows, .rows = rows, .y = y, .weights = weights}, centre, pool);
        ASSERT_EQ(std::ssize(upper), (cols + 1) * (cols + 2) / 2);
        for (int b = 0; b <= cols; ++b) {
          for (int a = 0; a <= b; ++a)
            EXPECT_NEAR(upper[static_cast<size_t>(b * (b + 1) / 2 + a)], expected(a, b), precision);
        }
        if (first.empty()) first = upper;
        EXPECT_EQ(upper, first) << "threads change the answer";
      }
    }
  }
}

}  // namespace
}  // namespace strads::testing
