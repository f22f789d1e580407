#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "coordinator/engine.h"

namespace strads {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Objective, IsTheSumOfLossesAndPenalty) {
  const std::vector<double> losses = {1, 2, 4};
  const Objective objective(losses, 8);
  EXPECT_TRUE(objective.measured);
  EXPECT_EQ(objective.value, 15);
}

TEST(Objective, IsNotKnownWhileALossIsNot) {
  for (const double other : {0.0, 1e308, kInf, -kInf, std::nan(""), kUnknownLoss}) {
    const std::vector<double> first = {kUnknownLoss, other}, last = {other, kUnknownLoss};
    EXPECT_FALSE(Objective(first, 1).measured) << other;
    EXPECT_FALSE(Objective(last, 1).measured) << other;
  }
}

TEST(Objective, IsMeasuredAndNotFiniteIfALossIsNotFinite) {
  for (const double bad : {kInf, -kInf, std::nan("")}) {
    const std::vector<double> losses = {1, bad};
    const Objective objective(losses, 0);
    EXPECT_TRUE(objective.measured) << bad;
    EXPECT_FALSE(std::isfinite(objective.value)) << bad;
  }
}

}  // namespace
}  // namespace strads
