#include "apps/lasso/summed_rows.h"

#include <gtest/gtest.h>
#include <strads/random.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tests/numerics/solve.h"

namespace strads::lasso {
namespace {

using testing::DrawProblem;
using testing::Problem;

struct Case {
  Dataset data;
  Eigen::MatrixXd x;
};

Case Draw(double density, bool is_weighted, uint64_t seed) {
  const Problem problem =
      DrawProblem({.rows = 70, .cols = 9, .density = density, .correlation = 0.5, .seed = seed});
  Case made{.data = {}, .x = Eigen::MatrixXd(problem.x)};
  std::vector<Triplet> entries;
  for (int i = 0; i < 70; ++i) {
    for (int j = 0; j < 9; ++j) {
      if (made.x(i, j) != 0) entries.push_back({i, j, made.x(i, j)});
    }
  }
  made.data.x =
      density < 1 ? ColumnMatrix::FromTriplets(70, 9, entries) : ColumnMatrix::FromDense(made.x);
  made.data.y = problem.y.array() + 3;
  if (is_weighted) {
    Random random(seed);
    made.data.weights = Eigen::VectorXd::NullaryExpr(70, [&] { return double(random.Below(4)); });
  }
  return made;
}

std::optional<SummedRows> RowsOf(const Dataset& data) {
  ThreadPool pool(2);
  const Eigen::MatrixXd products = ProductsOf(data, pool);
  const auto is_combination = Combinations(data, products);
  return is_combination ? RowsWith(products, *is_combination) : std::nullopt;
}

double LossOf(const SummedRows& rows, const Eigen::VectorXd& b, double b0) {
  Eigen::VectorXd left = rows.y - rows.x * b;
  left[0] -= b0 * std::sqrt(rows.weight);
  return left.squaredNorm();
}

Eigen::VectorXd SomeCoefficients(Eigen::Index size, uint64_t seed) {
  Random random(seed);
  return Eigen::VectorXd::NullaryExpr(size, [&] { return random.Uniform() - 0.5; });
}

TEST(SummedRows, HaveTheSquaredLossOfThoseTheyStandFor) {
  for (const double density : {0.2, 1.0}) {
    for (const bool is_weighted : {false, true}) {
      const Case made = Draw(density, is_weighted, 61);
      const auto rows = RowsOf(made.data);
      ASSERT_TRUE(rows);
      EXPECT_LE(rows->x.rows(), 9 + 2);
      const Eigen::VectorXd w = is_weighted ? made.data.weights : Eigen::VectorXd::Ones(70).eval();
      EXPECT_NEAR(rows->weight, w.sum(), 1e-12 * w.sum());
      for (uint64_t seed = 1; seed < 6; ++seed) {
        const Eigen::VectorXd b = SomeCoefficients(9, seed);
        const double b0 = 2.5;
        const Eigen::VectorXd residual = (made.data.y - made.x * b).array() - b0;
        const double loss = residual.cwiseAbs2().dot(w);
        EXPECT_NEAR(LossOf(*rows, b, b0), loss, 1e-12 * loss);
      }
    }
  }
}

TEST(SummedRows, OfDisjointRowsAddUp) {
  const Case made = Draw(1, true, 62);
  ThreadPool pool(1);
  std::vector<int32_t> some, others;
  for (int32_t i = 0; i < 70; ++i) (i % 3 == 0 ? some : others).push_back(i);
  const auto part = [&](const std::vector<int32_t>& rows) {
    return ProductsOf({made.data.x.OfRows(rows), made.data.y(rows), made.data.weights(rows)}, pool);
  };
  const Eigen::MatrixXd whole = ProductsOf(made.data, pool);
  EXPECT_LE((part(some) + part(others) - whole).norm(), 1e-13 * whole.norm());
}

TEST(SummedRows, SayExactlyWhichColumnsDoNotVary) {
  Case made = Draw(1, false, 63);
  made.x.col(2).setConstant(7.3);
  made.x.col(5).setZero();
  made.data.x = ColumnMatrix::FromDense(made.x);
  const auto rows = RowsOf(made.data);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->x.col(2).tail(rows->x.rows() - 1), Eigen::VectorXd::Zero(rows->x.rows() - 1));
  EXPECT_NEAR(rows->x(0, 2), 7.3 * std::sqrt(70), 1e-12 * 7.3 * std::sqrt(70));
  EXPECT_EQ(rows->x.col(5).norm(), 0);
}

// The squares of their products do not tell what they differ by.
TEST(SummedRows, AreNoneWhereProductsSayTooLittle) {
  const auto has_rows = [](const Eigen::MatrixXd& x, const Eigen::VectorXd& y) {
    return RowsOf({ColumnMatrix::FromDense(x), y, {}}).has_value();
  };
  const Case made = Draw(1, false, 64);
  ASSERT_TRUE(has_rows(made.x, made.data.y));
  Eigen::MatrixXd near = made.x;
  near.col(1) = near.col(0) + 1e-5 * near.col(3);
  EXPECT_FALSE(has_rows(near, made.data.y));
  near.col(1) = near.col(0) + 1e-9 * near.col(3);
  EXPECT_FALSE(has_rows(near, made.data.y));
  near.col(1) = near.col(0);
  EXPECT_TRUE(has_rows(near, made.data.y)) << "it is told from the rows";
  EXPECT_FALSE(has_rows(made.x, made.x.col(0) - made.x.col(4)));
  for (const double mean : {1e5, 1e8}) {
    EXPECT_FALSE(has_rows(made.x.array() + mean, made.data.y));
    EXPECT_FALSE(has_rows(made.x, made.data.y.array() + mean));
  }
}

// Each category's indicators sum to 1, in any of the rows.
TEST(SummedRows, OfIndicatorsOfCategoriesTellTheirLoss) {
  Random random(66);
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(90, 4 + 3 + 2);
  for (int i = 0; i < 90; ++i) {
    x(i, random.Below(4)) = x(i, 4 + random.Below(3)) = 1;
    x(i, 7) = random.Uniform();
    x(i, 8) = 2 * x(i, 7) - 3 * x(i, 0);
  }
  const Eigen::VectorXd y = SomeCoefficients(90, 67) + x.col(1);
  const Dataset data{ColumnMatrix::FromDense(x), y, {}};
  std::vector<int32_t> kept;
  for (int32_t i = 0; i < 90; ++i) {
    if (i % 5 != 0) kept.push_back(i);
  }
  ThreadPool pool(1);
  const Eigen::MatrixXd products = ProductsOf(data, pool);
  const auto is_combination = Combinations(data, products);
  ASSERT_TRUE(is_combination);
  EXPECT_EQ(std::ranges::count(*is_combination, true), 3);
  for (const bool all : {true, false}) {
    const Dataset part = all ? data : Dataset{data.x.OfRows(kept), y(kept), {}};
    const auto rows = RowsWith(ProductsOf(part, pool), *is_combination);
    ASSERT_TRUE(rows);
    for (uint64_t seed = 1; seed < 6; ++seed) {
      const Eigen::VectorXd b = SomeCoefficients(9, seed);
      const Eigen::VectorXd residual = y - x * b - 0.5 * Eigen::VectorXd::Ones(90);
      const double loss = all ? residual.squaredNorm() : residual(kept).squaredNorm();
      EXPECT_NEAR(LossOf(*rows, b, 0.5), loss, 1e-10 * loss);
    }
  }
}

TEST(SummedRows, ShiftsLeaveColumnsThatTheirMeansDoNotDrown) {
  Case made = Draw(0.2, true, 65);
  made.x.col(2).array() += 1e6;
  made.x.col(3).setConstant(-4);
  made.data.x = ColumnMatrix::FromDense(made.x);
  const Shifts shifts = ShiftsFor(made.data);
  const Eigen::VectorXd& w = made.data.weights;
  EXPECT_NEAR(shifts.of_target, made.data.y.dot(w) / w.sum(), 1e-12);
  EXPECT_NEAR(shifts.of_columns[2], made.x.col(2).dot(w) / w.sum(), 1e-6);
  EXPECT_EQ(shifts.of_columns[3], 0) << "it does not vary";
  made.data.x.Shift(shifts.of_columns);
  EXPECT_TRUE(RowsOf(made.data));
}

}  // namespace
}  // namespace strads::lasso
