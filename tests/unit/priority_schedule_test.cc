#include "strads/schedule/priority_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

#include "strads/error.h"

namespace strads {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The quantile of the chi-squared distribution that a right sampler exceeds with probability 1e-4
// (Wilson and Hilferty's approximation).
double SignificantChiSquared(size_t outcomes) {
  const double freedom = static_cast<double>(outcomes) - 1;
  const double a = 2 / (9 * freedom);
  return freedom * std::pow(1 - a + 3.719 * std::sqrt(a), 3);
}

using Probabilities = std::map<std::vector<int32_t>, double>;

// Adds the probability of every ordered choice of `count` variables that begins with `chosen`.
void Enumerate(const std::vector<double>& weights,
               size_t count,
               std::vector<int32_t> chosen,
               double probability,
               Probabilities& result) {
  if (chosen.size() == count) {
    result[chosen] = probability;
    return;
  }
  double left = 0;
  for (size_t j = 0; j < weights.size(); ++j) {
    if (!std::ranges::count(chosen, static_cast<int32_t>(j))) left += weights[j];
  }
  for (size_t j = 0; j < weights.size(); ++j) {
    const auto variable = static_cast<int32_t>(j);
    if (weights[j] == 0 || std::ranges::count(chosen, variable)) continue;
    chosen.push_back(variable);
    Enumerate(weights, count, chosen, probability * weights[j] / left, result);
    chosen.pop_back();
  }
}

void ExpectSuccessiveSampling(PrioritySchedule& schedule,
                              const std::vector<double>& priorities,
                              int count,
                              int trials) {
  Probabilities probabilities;
  Enumerate(priorities, static_cast<size_t>(count), {}, 1, probabilities);
  std::map<std::vector<int32_t>, int> outcomes;
  for (int i = 0; i < trials; ++i) ++outcomes[schedule.Draw(count)];
  double sum = 0;
  for (const auto& [outcome, probability] : probabilities) {
    const double expected = probability * trials;
    ASSERT_GE(expected, 5) << "too few trials for the chi-squared test";
    const double difference = outcomes[outcome] - expected;
    sum += difference * difference / expected;
  }
  EXPECT_EQ(outcomes.size(), probabilities.size()) << "an impossible draw";
  EXPECT_LT(sum, SignificantChiSquared(probabilities.size())) << "count " << count;
}

void ChangeAll(PrioritySchedule& schedule, int32_t first, const std::vector<double>& changes) {
  std::vector<int32_t> variables(changes.size());
  std::iota(variables.begin(), variables.end(), first);
  schedule.Changed(variables, changes);
}

TEST(PrioritySchedule, DrawsByTheExactProbabilitiesOfSuccessiveSampling) {
  for (const int count : {1, 2, 3, 4}) {
    PrioritySchedule schedule(0, 4, 21, static_cast<uint64_t>(count));
    schedule.SetFloor(0.25);
    ChangeAll(schedule, 0, {1, -2, 0, 0.5});
    ExpectSuccessiveSampling(schedule, {1.25, 4.25, 0.25, 0.5}, count, 60000);
  }
}

TEST(PrioritySchedule, DrawsByTheSameProbabilitiesAfterTheFloorAndTheChangesMoved) {
  PrioritySchedule schedule(0, 5, 22);
  schedule.SetFloor(7);
  ChangeAll(schedule, 0, {9, 9, 9, 9, 9});
  schedule.Draw(3);
  ChangeAll(schedule, 0, {1, 0, 2, 0, 1});
  schedule.SetFloor(0);
  ExpectSuccessiveSampling(schedule, {1, 0, 4, 0, 1}, 2, 30000);
  schedule.SetFloorRatio(0.5);  // of a mean of 6/5
  ExpectSuccessiveSampling(schedule, {1.6, 0.6, 4.6, 0.6, 1.6}, 3, 60000);
}

TEST(PrioritySchedule, DrawsEachOfManyVariablesInProportionToItsPriority) {
  constexpr int32_t kSize = 5000;  // four levels of the tree
  PrioritySchedule schedule(0, kSize, 23);
  schedule.SetFloor(0.5);
  std::vector<double> changes(kSize);
  double total = 0;
  for (size_t j = 0; j < kSize; ++j) {
    changes[j] = static_cast<double>(j % 4);
    total += changes[j] * changes[j] + 0.5;
  }
  ChangeAll(schedule, 0, changes);
  constexpr int kTrials = 500000;
  std::vector<int> counts(kSize);
  for (int i = 0; i < kTrials; ++i) ++counts[static_cast<size_t>(schedule.Draw(1)[0])];
  double sum = 0;
  for (size_t j = 0; j < kSize; ++j) {
    const double expected = kTrials * (changes[j] * changes[j] + 0.5) / total;
    sum += (counts[j] - expected) * (counts[j] - expected) / expected;
  }
  EXPECT_LT(sum, SignificantChiSquared(kSize));
}

TEST(PrioritySchedule, SpendsTheShareOfTheFloorRatioOnVariablesThatDoNotChangeInAnyUnits) {
  constexpr int kTrials = 20000;
  for (const double unit : {1e-60, 1.0, 1e60}) {
    PrioritySchedule schedule(0, 1000, 24);
    schedule.SetFloorRatio(0.25);
    schedule.Changed(std::vector{17}, std::vector{unit});
    int explored = 0;
    for (int i = 0; i < kTrials; ++i) explored += schedule.Draw(1)[0] != 17;
    // ratio / (1 + ratio) = 0.2 of the draws, of which one in 1000 is variable 17 itself.
    const double share = 0.2 * 0.999;
    const double deviation = std::sqrt(kTrials * share * (1 - share));
    EXPECT_NEAR(explored, kTrials * share, 3.891 * deviation) << "significance 1e-4, unit " << unit;
  }
}

TEST(PrioritySchedule, IsUniformOverWhatIsLeftWhenEveryPriorityIsZero) {
  PrioritySchedule schedule(0, 4, 25);
  schedule.SetFloor(0);
  ExpectSuccessiveSampling(schedule, {1, 1, 1, 1}, 3, 24000);
}

TEST(PrioritySchedule, DrawsTheVariablesOfPriorityZeroLast) {
  PrioritySchedule schedule(100, 400, 26);
  schedule.SetFloor(0);
  const std::vector<int32_t> changed = {399, 100, 250};
  schedule.Changed(changed, std::vector{1e-3, 1.0, 1e3});
  for (int i = 0; i < 100; ++i) {
    const std::vector<int32_t> drawn = schedule.Draw(200);
    EXPECT_EQ(std::set(drawn.begin(), drawn.begin() + 3), std::set(changed.begin(), changed.end()));
    EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), 200);
  }
}

TEST(PrioritySchedule, DrawsTheLargestFirstOfPrioritiesFarApart) {
  constexpr int kSize = 130;
  PrioritySchedule schedule(0, kSize, 27);
  schedule.SetFloor(0);
  std::vector<double> changes(kSize);
  // Each priority is 1e2 times the next, so an inversion of two neighbours has probability 1e-2,
  // and one of two that stand eight apart has 1e-16.
  for (size_t j = 0; j < kSize; ++j) changes[j] = std::pow(10.0, 65 - static_cast<double>(j));
  ChangeAll(schedule, 0, changes);
  const std::vector<int32_t> drawn = schedule.Draw(kSize);
  for (int i = 0; i < kSize; ++i) EXPECT_LT(std::abs(drawn[static_cast<size_t>(i)] - i), 8);
}

TEST(PrioritySchedule, LeavesThePrioritiesAsTheyWereAfterADraw) {
  PrioritySchedule schedule(0, 1000, 28);
  Random random(29);
  std::vector<double> changes(1000);
  for (double& change : changes) change = std::exp(20 * random.Uniform());
  ChangeAll(schedule, 0, changes);
  const double total = schedule.TotalChange();
  const double floor = schedule.Floor();
  for (const int count : {1, 100, 999, 1000}) {
    schedule.Draw(count);
    EXPECT_EQ(schedule.TotalChange(), total);
    EXPECT_EQ(schedule.Floor(), floor);
  }
}

TEST(PrioritySchedule, DrawsByTheProbabilitiesOfSuccessiveSamplingAmongWhatIsNotHeld) {
  PrioritySchedule schedule(10, 16, 36);
  schedule.SetFloor(0.25);
  ChangeAll(schedule, 10, {1, 100, -2, 0, 0.5, 100});
  schedule.Hold(std::vector{11, 15});
  schedule.Hold(std::vector{15});
  schedule.Changed(std::vector{15}, std::vector{0.0});  // does not release it
  const double present = 1.25 + 4.25 + 0.25 + 0.5;
  std::vector<int> counts(6);
  constexpr int kTrials = 60000;
  for (int i = 0; i < kTrials; ++i) ++counts[static_cast<size_t>(schedule.Draw(1)[0] - 10)];
  EXPECT_EQ(counts[1] + counts[5], 0);
  for (const auto& [leaf, priority] : std::map<size_t, double>{{0, 1.25}, {2, 4.25}, {3, 0.25}}) {
    const double share = priority / present;
    EXPECT_NEAR(counts[leaf], kTrials * share, 3.891 * std::sqrt(kTrials * share * (1 - share)));
  }
  EXPECT_EQ(schedule.Draw(6).size(), 4u);
  EXPECT_EQ(schedule.TotalChange(), 1 + 1e4 + 4 + 0.25);
  schedule.Release(std::vector{11, 12, 15});
  EXPECT_EQ(schedule.Draw(6).size(), 6u);
  EXPECT_EQ(schedule.TotalChange(), 1 + 1e4 + 4 + 0.25);
}

TEST(PrioritySchedule, DrawsNothingWhileAllIsHeld) {
  PrioritySchedule schedule(0, 3, 37);
  schedule.Hold(std::vector{0, 1, 2});
  EXPECT_TRUE(schedule.Draw(2).empty());
  schedule.Release(std::vector{1});
  EXPECT_EQ(schedule.Draw(2), std::vector{1});
  EXPECT_THROW(schedule.Hold(std::vector{3}), std::logic_error);
}

TEST(PrioritySchedule, SumsTheSquaresOfTheLastChanges) {
  PrioritySchedule schedule(5, 10, 30);
  EXPECT_EQ(schedule.TotalChange(), 0);
  schedule.Changed(std::vector{5, 9, 9}, std::vector{3.0, 100.0, -4.0});
  EXPECT_EQ(schedule.TotalChange(), 25);
  schedule.Changed(std::vector{5}, std::vector{0.0});
  EXPECT_EQ(schedule.TotalChange(), 16);
}

TEST(PrioritySchedule, SurvivesChangesThatAreNotFiniteAndForgetsThemWithoutATrace) {
  PrioritySchedule schedule(0, 100, 31);
  schedule.SetFloorRatio(0);
  std::vector<double> changes(100, 0.5);
  ChangeAll(schedule, 0, changes);
  const double total = schedule.TotalChange();
  const std::vector<int32_t> bad = {3, 50, 98, 99};
  schedule.Changed(bad, std::vector{kInfinity, -kInfinity, std::nan(""), 1e200});
  EXPECT_TRUE(std::isfinite(schedule.TotalChange()));
  const std::vector<int32_t> drawn = schedule.Draw(20);
  EXPECT_EQ(std::set(drawn.begin(), drawn.begin() + 4), std::set(bad.begin(), bad.end()));
  EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), 20);
  schedule.Changed(bad, std::vector(4, 0.5));
  EXPECT_EQ(schedule.TotalChange(), total);
}

TEST(PrioritySchedule, SweepsOverTheVariablesWhoseInfiniteChangeIsNotYetReplaced) {
  constexpr int kSize = 300;
  PrioritySchedule schedule(0, kSize, 32);
  schedule.SetFloor(1e-6);
  ChangeAll(schedule, 0, std::vector<double>(kSize, kInfinity));
  std::set<int32_t> seen;
  for (int round = 0; round < 30; ++round) {
    const std::vector<int32_t> drawn = schedule.Draw(10);
    seen.insert(drawn.begin(), drawn.end());
    schedule.Changed(drawn, std::vector(drawn.size(), 1.0));
    EXPECT_EQ(seen.size(), 10 * static_cast<size_t>(round + 1));
  }
}

TEST(PrioritySchedule, RefusesSettingsThatAreNoNumberOfAtLeastZero) {
  PrioritySchedule schedule(0, 4, 33);
  for (const double bad : {-1.0, std::nan(""), kInfinity}) {
    EXPECT_THROW(schedule.SetFloor(bad), Error);
    EXPECT_THROW(schedule.SetFloorRatio(bad), Error);
  }
  schedule.SetFloor(1e300);
  EXPECT_EQ(schedule.Draw(4).size(), 4);
}

TEST(PrioritySchedule, ChangesNothingIfTheFeedbackIsNotAboutItsVariables) {
  PrioritySchedule schedule(10, 20, 34);
  EXPECT_THROW(schedule.Changed(std::vector{10, 20}, std::vector{1.0, 1.0}), std::logic_error);
  EXPECT_THROW(schedule.Changed(std::vector{10, 9}, std::vector{1.0, 1.0}), std::logic_error);
  EXPECT_THROW(schedule.Changed(std::vector{10}, std::vector{1.0, 1.0}), std::logic_error);
  EXPECT_EQ(schedule.TotalChange(), 0);
}

}  // namespace
}  // namespace strads
