#include "strads/prox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace strads {
namespace {

// The minimiser of f over a grid of step 1/1024 on [low, 4].
double MinimiserOnGrid(const std::function<double(double)>& f, double low) {
  double best = low;
  for (double b = low; b <= 4; b += 1.0 / 1024) {
    if (f(b) < f(best)) best = b;
  }
  return best;
}

class ProxTest : public ::testing::TestWithParam<double> {
 protected:
  static constexpr double kGrid = 1.0 / 1024;
};

TEST_P(ProxTest, SoftThresholdMinimisesItsObjective) {
  const double z = GetParam();
  for (const double lambda : {0.0, 0.3, 1.0, 2.5}) {
    const auto f = [&](double b) { return (b - z) * (b - z) / 2 + lambda * std::abs(b); };
    EXPECT_NEAR(SoftThreshold(z, lambda), MinimiserOnGrid(f, -4), kGrid) << lambda;
  }
}

TEST_P(ProxTest, ElasticNetProxMinimisesItsObjective) {
  const double z = GetParam();
  for (const double l1 : {0.0, 0.7}) {
    for (const double l2 : {0.0, 0.5, 3.0}) {
      const auto f = [&](double b) {
        return (b - z) * (b - z) / 2 + l1 * std::abs(b) + l2 / 2 * b * b;
      };
      EXPECT_NEAR(ElasticNetProx(z, l1, l2), MinimiserOnGrid(f, -4), kGrid) << l1 << " " << l2;
    }
  }
}

TEST_P(ProxTest, NonnegativeSoftThresholdMinimisesItsObjective) {
  const double z = GetParam();
  for (const double lambda : {0.0, 0.3, 1.0}) {
    const auto f = [&](double b) { return (b - z) * (b - z) / 2 + lambda * b; };
    EXPECT_NEAR(NonnegativeSoftThreshold(z, lambda), MinimiserOnGrid(f, 0), kGrid) << lambda;
  }
}

INSTANTIATE_TEST_SUITE_P(Values,
                         ProxTest,
                         ::testing::Values(-3.5, -1.0, -0.31, 0.0, 0.2, 0.3, 2.75));

TEST(SoftThresholdTest, KeepsNaN) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(SoftThreshold(nan, 1)));
  EXPECT_TRUE(std::isnan(NonnegativeSoftThreshold(nan, 1)));
}

}  // namespace
}  // namespace strads
