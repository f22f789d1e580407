#include "strads/rotation_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;

struct Shape {
  int workers;
  int blocks;
};
constexpr Shape kShapes[] = {{1, 1}, {1, 3}, {2, 2}, {2, 5}, {3, 3}, {3, 7}, {4, 8}, {5, 6}};

TEST(RotationSchedule, EachWorkerHasEachBlockOnceInAnEpochAndNoBlockIsAtTwo) {
  for (const auto& [workers, blocks] : kShapes) {
    const RotationSchedule schedule(workers, blocks, 3);
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      std::vector<std::set<int32_t>> had(static_cast<size_t>(workers));
      for (int64_t step = 0; step < blocks; ++step) {
        const Rotation rotation = schedule.At(epoch * blocks + step);
        const std::set<int32_t> here(rotation.block.begin(), rotation.block.end());
        EXPECT_EQ(std::ssize(here), workers);
        for (size_t p = 0; p < had.size(); ++p) had[p].insert(rotation.block[p]);
      }
      for (const auto& blocks_of_one : had) EXPECT_EQ(std::ssize(blocks_of_one), blocks);
    }
  }
}

TEST(RotationSchedule, ABlockIsMadeOnceAndFoundWhereItWasSent) {
  for (const auto& [workers, blocks] : kShapes) {
    const RotationSchedule schedule(workers, blocks, 5);
    std::map<int32_t, int32_t> at;
    for (int64_t round = 0; round < 4 * blocks; ++round) {
      const Rotation rotation = schedule.At(round);
      for (size_t p = 0; p < rotation.block.size(); ++p) {
        const int32_t block = rotation.block[p];
        EXPECT_EQ(rotation.first[p] != 0, !at.contains(block)) << "round " << round;
        if (at.contains(block)) {
          EXPECT_EQ(at[block], static_cast<int32_t>(p)) << "round " << round;
        }
      }
      for (size_t p = 0; p < rotation.block.size(); ++p) at[rotation.block[p]] = rotation.next[p];
    }
    EXPECT_EQ(std::ssize(at), blocks);
  }
}

TEST(RotationSchedule, OrderDiffersFromEpochToEpochIfShuffled) {
  const RotationSchedule shuffled(1, 20, 7), in_order(1, 20, 7, false);
  const auto order = [](const RotationSchedule& schedule, int64_t epoch) {
    std::vector<int32_t> blocks;
    for (int64_t step = 0; step < 20; ++step)
      blocks.push_back(schedule.At(20 * epoch + step).block[0]);
    return blocks;
  };
  EXPECT_NE(order(shuffled, 0), order(shuffled, 1));
  std::vector<int32_t> counted(20);
  std::iota(counted.begin(), counted.end(), 0);
  EXPECT_EQ(order(in_order, 1), counted);
}

TEST(RotationSchedule, RefusesFewerBlocksThanWorkers) {
  EXPECT_THROW(RotationSchedule(3, 2, 1), std::logic_error);
  EXPECT_THROW(RotationSchedule(0, 2, 1), std::logic_error);
}

TEST(BalancedParts, AreWithinTheBoundOfThePaper) {
  std::vector<int64_t> zipf;
  for (int64_t i = 1; i <= 500; ++i) zipf.push_back(100000 / i);
  for (const int parts : {1, 2, 3, 8}) {
    const std::vector<int32_t> part = BalancedParts(zipf, parts);
    std::vector<int64_t> loads(static_cast<size_t>(parts));
    for (size_t i = 0; i < zipf.size(); ++i) loads[static_cast<size_t>(part[i])] += zipf[i];
    const int64_t total = std::accumulate(zipf.begin(), zipf.end(), int64_t{0});
    const int64_t best = std::max(zipf[0], total / parts);  // at least this
    EXPECT_LE(*std::ranges::max_element(loads), best * 4 / 3);
  }
}

TEST(BalancedParts, OfEqualThingsAreEqualAndOfNothingNone) {
  EXPECT_THAT(BalancedParts(std::vector<int64_t>{5, 5, 5, 5}, 2), ElementsAre(0, 1, 0, 1));
  EXPECT_TRUE(BalancedParts({}, 3).empty());
  EXPECT_THROW(BalancedParts({}, 0), std::logic_error);
}

TEST(BalancedCuts, HaveTheSameWeightBetweenThem) {
  const std::vector<int64_t> weights = {1, 0, 7, 2, 0, 0, 90};
  const std::vector<double> cuts = BalancedCuts(weights);
  ASSERT_EQ(cuts.size(), weights.size() + 1);
  EXPECT_EQ(cuts.front(), 0);
  EXPECT_EQ(cuts.back(), 1);
  const auto weight_before = [&](double cut) {
    double sum = 0;
    for (size_t k = 0; k < weights.size(); ++k)
      sum +=
          static_cast<double>(weights[k]) * std::clamp(cut * 7 - static_cast<double>(k), 0.0, 1.0);
    return sum;
  };
  for (size_t k = 0; k < weights.size(); ++k)
    EXPECT_NEAR(weight_before(cuts[k + 1]) - weight_before(cuts[k]), 100.0 / 7, 1e-12);
  EXPECT_THAT(BalancedCuts(std::vector<int64_t>{3}), ElementsAre(0, 1));
  EXPECT_THAT(BalancedCuts(std::vector<int64_t>{0, 4}), ElementsAre(0, 0.75, 1));
  EXPECT_THROW(BalancedCuts(std::vector<int64_t>{0, 0}), std::logic_error);
  EXPECT_THROW(BalancedCuts(std::vector<int64_t>{3, -1}), std::logic_error);
  EXPECT_THROW(BalancedCuts({}), std::logic_error);
}

}  // namespace
}  // namespace strads
