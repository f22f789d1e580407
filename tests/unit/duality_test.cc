#include "strads/duality.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "strads/prox.h"
#include "strads/random.h"

namespace strads {
namespace {

Eigen::MatrixXd RandomMatrix(Random& random, int rows, int cols) {
  Eigen::MatrixXd x(rows, cols);
  for (double& value : x.reshaped()) value = random.Uniform() - 0.5;
  return x;
}

class LassoDualTest : public ::testing::Test {
 protected:
  double Dual(const Eigen::VectorXd& b) const {
    const Eigen::VectorXd r = y_ - x_ * b;
    return LassoDual(y_.dot(r), r.squaredNorm(), (x_.transpose() * r).lpNorm<Eigen::Infinity>(),
                     lambda_);
  }
  double Primal(const Eigen::VectorXd& b) const {
    return 0.5 * (y_ - x_ * b).squaredNorm() + lambda_ * b.lpNorm<1>();
  }

  Random random_{5};
  Eigen::MatrixXd x_ = RandomMatrix(random_, 30, 10);
  Eigen::VectorXd y_ = RandomMatrix(random_, 30, 1);
  double lambda_ = 0.2 * (x_.transpose() * y_).lpNorm<Eigen::Infinity>();
};

TEST_F(LassoDualTest, IsBelowThePrimalOfEveryPoint) {
  for (int i = 0; i < 100; ++i) {
    const Eigen::VectorXd b = RandomMatrix(random_, 10, 1);
    const Eigen::VectorXd other = RandomMatrix(random_, 10, 1);
    EXPECT_LE(Dual(b), Primal(other));
  }
}

TEST_F(LassoDualTest, IsTheBestOfAllFeasibleMultiples) {
  const Eigen::VectorXd r = y_ - x_ * RandomMatrix(random_, 10, 1);
  const double steepest = (x_.transpose() * r).lpNorm<Eigen::Infinity>();
  const double dual = LassoDual(y_.dot(r), r.squaredNorm(), steepest, lambda_);
  for (double s = -lambda_ / steepest; s <= lambda_ / steepest; s += lambda_ / steepest / 512) {
    EXPECT_GE(dual + 1e-14, s * y_.dot(r) - 0.5 * s * s * r.squaredNorm());
  }
}

TEST_F(LassoDualTest, MeetsThePrimalAtTheOptimum) {
  Eigen::VectorXd b = Eigen::VectorXd::Zero(10);
  for (int sweep = 0; sweep < 1000; ++sweep) {
    for (int j = 0; j < 10; ++j) {
      const double xx = x_.col(j).squaredNorm();
      const double xr = x_.col(j).dot(y_ - x_ * b);
      b[j] = SoftThreshold(xr + xx * b[j], lambda_) / xx;
    }
  }
  EXPECT_NEAR(Dual(b), Primal(b), 1e-14);
}

TEST(LassoDual, OfNoResidualIsZero) { EXPECT_EQ(LassoDual(0, 0, 0, 1), 0); }

}  // namespace
}  // namespace strads
