#include "strads/cholesky.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cstdint>

#include "strads/parallel.h"

namespace strads {
namespace {

Eigen::MatrixXd Definite(int64_t size) {
  std::srand(static_cast<unsigned>(size));
  const Eigen::MatrixXd root = Eigen::MatrixXd::Random(size, size);
  return root.transpose() * root + 0.1 * Eigen::MatrixXd::Identity(size, size);
}

bool Extend(Cholesky& factor, const Eigen::MatrixXd& a, int threads = 2) {
  ThreadPool pool(threads);
  return factor.Extend(
      a.cols(), [&](int64_t j, double* to) { std::copy_n(a.col(j).data(), j + 1, to); }, pool);
}

TEST(Cholesky, SolvesAsEigenDoes) {
  for (const int64_t size : {0, 1, 2, 63, 64, 65, 129, 300}) {
    SCOPED_TRACE(size);
    const Eigen::MatrixXd a = Definite(size);
    const Eigen::VectorXd right = Eigen::VectorXd::LinSpaced(size, -1, 2);
    Cholesky factor;
    ASSERT_TRUE(Extend(factor, a));
    EXPECT_EQ(factor.size(), size);
    const Eigen::VectorXd found = factor.Solve(right), expected = a.llt().solve(right);
    EXPECT_LE((found - expected).norm(), 1e-9 * (1 + expected.norm()));
  }
}

TEST(Cholesky, IsTheSameWithAnyNumberOfThreads) {
  const Eigen::MatrixXd a = Definite(333);
  const Eigen::VectorXd right = Eigen::VectorXd::LinSpaced(333, -1, 2);
  Cholesky one, many;
  ASSERT_TRUE(Extend(one, a, 1));
  ASSERT_TRUE(Extend(many, a, 5));
  EXPECT_EQ(one.Solve(right), many.Solve(right));
}

// What is kept is as if it were computed anew, whatever was behind it.
TEST(Cholesky, LosesItsLastColumnsAndGetsOthers) {
  const Eigen::MatrixXd large = Definite(400);
  Cholesky factor;
  ASSERT_TRUE(Extend(factor, large));
  for (const int64_t keep : {399, 320, 200, 130, 64, 63, 0}) {
    SCOPED_TRACE(keep);
    for (const int64_t size : {keep + 1, int64_t{257}, int64_t{500}}) {
      Eigen::MatrixXd a = Definite(500);
      a.topLeftCorner(400, 400) += large;
      a.topLeftCorner(keep, keep) = large.topLeftCorner(keep, keep);
      a.diagonal().array() += 1000;
      a.topLeftCorner(keep, keep).diagonal() = large.diagonal().head(keep);
      const Eigen::MatrixXd part = a.topLeftCorner(size, size);
      if (size <= keep || part.llt().info() != Eigen::Success) continue;
      ASSERT_TRUE(Extend(factor, large));
      const int64_t kept = factor.Keep(keep);
      EXPECT_LE(kept, keep);
      EXPECT_GT(kept, keep - Cholesky::kBlock);
      EXPECT_EQ(factor.size(), kept);
      ASSERT_TRUE(Extend(factor, part));
      Cholesky anew;
      ASSERT_TRUE(Extend(anew, part));
      const Eigen::VectorXd right = Eigen::VectorXd::LinSpaced(size, -1, 2);
      EXPECT_EQ(factor.Solve(right), anew.Solve(right));
      factor.Keep(0);
    }
  }
}

TEST(Cholesky, SaysThatAMatrixIsNotPositiveDefinite) {
  Eigen::MatrixXd a = Definite(100);
  a(90, 90) = -1;
  Cholesky factor;
  EXPECT_FALSE(Extend(factor, a));
  EXPECT_EQ(factor.size(), 0);
  EXPECT_TRUE(Extend(factor, Definite(100)));
}

}  // namespace
}  // namespace strads
