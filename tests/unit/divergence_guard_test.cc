#include "strads/divergence_guard.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "strads/error.h"
#include "strads/random.h"

namespace strads {
namespace {

// The round of the first alarm, counted from 1; 0 if there is none.
int FirstAlarm(DivergenceGuard& guard, const std::vector<double>& objectives) {
  for (size_t i = 0; i < objectives.size(); ++i) {
    if (guard.Observe(objectives[i])) return static_cast<int>(i) + 1;
  }
  return 0;
}

template <typename F>
std::vector<double> Sequence(int length, F&& value) {
  std::vector<double> result;
  for (int t = 0; t < length; ++t) result.push_back(value(t));
  return result;
}

TEST(DivergenceGuard, IsSilentOnSequencesThatNeverRiseByMoreThanRounding) {
  for (const int window : {1, 2, 5, 20}) {
    Random random(51, static_cast<uint64_t>(window));
    const auto noise = [&] { return 1e-12 * (2 * random.Uniform() - 1); };
    const std::vector<std::vector<double>> sequences = {
        Sequence(1000, [&](int) { return 1 + noise(); }),
        Sequence(1000, [&](int t) { return std::pow(0.9, t) * (1 + noise()); }),
        Sequence(1000, [&](int t) { return std::pow(0.9, t) + noise(); }),
        Sequence(1000, [&](int t) { return 1e9 * (std::pow(0.99, t) + noise()); }),
        Sequence(1000, [&](int t) { return 1 / (1.0 + t) - 0.5 + noise(); }),
        Sequence(1000, [&](int t) { return -1e6 * (1 - 1 / (1.0 + t)) + 1e6 * noise(); }),
        Sequence(1000, [&](int t) { return -t * 1.0; }),
        Sequence(1000, [&](int) { return 0.0; }),
        Sequence(1000, [&](int t) { return t < 3 ? 1e308 : 1.0; }),
    };
    for (size_t i = 0; i < sequences.size(); ++i) {
      DivergenceGuard guard(window);
      EXPECT_EQ(FirstAlarm(guard, sequences[i]), 0) << "sequence " << i << ", window " << window;
    }
  }
}

TEST(DivergenceGuard, NoticesGeometricGrowthWithinTwoWindows) {
  for (const int window : {1, 2, 5, 20}) {
    for (const double rate : {1e-6, 1e-3, 0.1, 3.0, 1e30}) {
      for (const double start : {1e-30, 1.0, 1e30}) {
        DivergenceGuard guard(window);
        const int alarm = FirstAlarm(
            guard, Sequence(2 * window, [&](int t) { return start * std::pow(1 + rate, t); }));
        EXPECT_GT(alarm, 0) << "window " << window << ", rate " << rate << ", start " << start;
      }
    }
  }
}

TEST(DivergenceGuard, NoticesGrowthFromANegativeObjective) {
  for (const double rate : {0.01, 0.5, 2.0}) {
    DivergenceGuard guard(5);
    EXPECT_GT(FirstAlarm(guard, Sequence(10, [&](int t) { return std::pow(1 + rate, t) - 50; })),
              0);
  }
}

TEST(DivergenceGuard, NoticesSwingsThatRise) {
  DivergenceGuard guard(6);
  const auto swings =
      Sequence(12, [](int t) { return 10 + (t % 2 ? 1 : -1) * std::pow(1.1, t) + 0.01 * t; });
  EXPECT_GT(FirstAlarm(guard, swings), 0);
}

TEST(DivergenceGuard, RingsAtOnceAboveTwiceTheBest) {
  DivergenceGuard guard(100);
  EXPECT_EQ(FirstAlarm(guard, {1000, 10, 1, 1.9}), 0);
  EXPECT_TRUE(guard.Observe(2.1));
}

TEST(DivergenceGuard, AllowsANegativeObjectiveToRiseAsHighAsItBegan) {
  DivergenceGuard guard(100);
  EXPECT_EQ(FirstAlarm(guard, {1000, 10, -5, 900}), 0);
  EXPECT_TRUE(guard.Observe(1001));
}

TEST(DivergenceGuard, RingsForAnObjectiveThatIsNotFinite) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    DivergenceGuard guard(5);
    EXPECT_FALSE(guard.Observe(1));
    EXPECT_TRUE(guard.Observe(bad));
    DivergenceGuard fresh(5);
    EXPECT_TRUE(fresh.Observe(bad));
  }
}

TEST(DivergenceGuard, RingsOnceAWindow) {
  DivergenceGuard guard(4);
  guard.Observe(1);
  for (int t = 0; t < 20; ++t) EXPECT_EQ(guard.Observe(10), t % 4 == 0) << t;
}

TEST(DivergenceGuard, StartsAfreshAfterAReset) {
  DivergenceGuard guard(4);
  guard.Observe(1);
  EXPECT_TRUE(guard.Observe(100));
  guard.Reset();
  EXPECT_EQ(FirstAlarm(guard, Sequence(20, [](int t) { return 100 * std::pow(0.5, t); })), 0);
  EXPECT_TRUE(guard.Observe(200));
}

TEST(DivergenceGuard, NoticesSwingsThatStayAboveWhereTheRunBegan) {
  DivergenceGuard guard(4);
  guard.Observe(1);
  EXPECT_TRUE(guard.Observe(100));
  guard.Reset();
  const auto swings = Sequence(20, [](int t) { return t % 2 == 0 ? 90.0 : 100.0; });
  const int alarm = FirstAlarm(guard, swings);
  EXPECT_GT(alarm, 0);
  EXPECT_LE(alarm, 8);
}

TEST(DivergenceGuard, RefusesAWindowBelowOne) {
  EXPECT_THROW(DivergenceGuard(0), Error);
  EXPECT_THROW(DivergenceGuard(-1), Error);
}

// Least squares by coordinate descent on unit columns with the Gram matrix given and x_j'y = 1:
// 1/2 b'Gb - sum b + 1/2 |y|^2, `parallelism` coordinates at a time from the same state.
std::vector<double> Descend(const std::vector<std::vector<double>>& gram,
                            size_t parallelism,
                            int rounds) {
  const size_t size = gram.size();
  std::vector<double> b(size, 0.0);
  std::vector<double> objectives;
  for (int t = 0; t < rounds; ++t) {
    std::vector<double> gradient(size, -1.0);
    for (size_t j = 0; j < size; ++j) {
      for (size_t k = 0; k < size; ++k) gradient[j] += gram[j][k] * b[k];
    }
    double objective = 0.5 * static_cast<double>(size);
    for (size_t j = 0; j < size; ++j) objective += 0.5 * b[j] * (gradient[j] - 1);
    objectives.push_back(objective);
    for (size_t i = 0; i < parallelism; ++i) {
      const size_t j = (static_cast<size_t>(t) * parallelism + i) % size;
      b[j] -= gradient[j];
    }
  }
  return objectives;
}

std::vector<std::vector<double>> IdenticalColumns(size_t count) {
  return std::vector(count, std::vector(count, 1.0));
}

TEST(DivergenceGuard, NoticesParallelDescentOnEightIdenticalColumnsAndNotSequential) {
  DivergenceGuard guard(10);
  const int alarm = FirstAlarm(guard, Descend(IdenticalColumns(8), 8, 20));
  EXPECT_GT(alarm, 0);
  DivergenceGuard other(10);
  EXPECT_EQ(FirstAlarm(other, Descend(IdenticalColumns(8), 1, 1000)), 0);
}

TEST(DivergenceGuard, NoticesParallelDescentOnTwoIdenticalColumnsBesideARelatedOne) {
  // The largest eigenvalue is (3 + sqrt 3) / 2 > 2, beyond which parallel steps overshoot.
  const std::vector<std::vector<double>> gram = {{1, 1, 0.5}, {1, 1, 0.5}, {0.5, 0.5, 1}};
  DivergenceGuard guard(10);
  EXPECT_GT(FirstAlarm(guard, Descend(gram, 3, 20)), 0);
  DivergenceGuard other(10);
  EXPECT_EQ(FirstAlarm(other, Descend(gram, 1, 1000)), 0);
}

TEST(DivergenceGuard, LeavesTwoIdenticalColumnsAloneWhoseStepsOvershootWithoutRising) {
  // The eigenvalue is exactly 2: the residual changes its sign for ever at the same objective.
  const std::vector<double> objectives = Descend(IdenticalColumns(2), 2, 1000);
  EXPECT_DOUBLE_EQ(objectives.back(), objectives.front());
  DivergenceGuard guard(10);
  EXPECT_EQ(FirstAlarm(guard, objectives), 0);
  DivergenceGuard other(10);
  EXPECT_EQ(FirstAlarm(other, Descend(IdenticalColumns(2), 1, 1000)), 0);
}

}  // namespace
}  // namespace strads
