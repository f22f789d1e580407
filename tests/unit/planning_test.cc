#include "coordinator/planning.h"

#include <gtest/gtest.h>

#include <tuple>

namespace strads {
namespace {

using Decided = std::tuple<int, int>;  // schedulers, lookahead

Decided Decide(Planning planning, int schedulers, int lookahead, bool has_free_core = false) {
  RunOptions options;
  options.schedulers = schedulers;
  options.lookahead = lookahead;
  const RunOptions decided = WithPlanning(planning, options, has_free_core);
  return {decided.schedulers, decided.lookahead};
}

constexpr Planning kAll[] = {Planning::kBetweenRounds, Planning::kAheadOfRounds,
                             Planning::kBesideRounds, Planning::kAtAnyTime, Planning::kOneByOne};

TEST(Planning, LeavesAloneWhatIsGiven) {
  for (const Planning planning : kAll) {
    for (const bool has_free_core : {false, true}) {
      EXPECT_EQ(Decide(planning, 0, 0, has_free_core), Decided(0, 0));
      EXPECT_EQ(Decide(planning, 3, 7, has_free_core), Decided(3, 7));
    }
  }
}

TEST(Planning, HasASchedulerOfItsOwnForLongPlansWhereACoreIsFree) {
  for (const Planning planning : kAll) {
    const bool is_beside = planning == Planning::kBesideRounds;
    EXPECT_EQ(std::get<0>(Decide(planning, -1, -1, true)), is_beside ? 1 : 0);
    EXPECT_EQ(std::get<0>(Decide(planning, -1, -1, false)), 0);
  }
}

// So that a model does not depend on how many cores a machine has.
TEST(Planning, PlansAsFarAheadWhoeverPlans) {
  for (const Planning planning : kAll) {
    EXPECT_EQ(std::get<1>(Decide(planning, -1, -1, true)),
              std::get<1>(Decide(planning, -1, -1, false)));
  }
  for (const Planning planning : {Planning::kAheadOfRounds, Planning::kBesideRounds}) {
    const int by_default = std::get<1>(Decide(planning, -1, -1));
    EXPECT_GT(by_default, 0);
    for (const int schedulers : {0, 1})
      EXPECT_EQ(std::get<1>(Decide(planning, schedulers, -1)), by_default);
  }
}

TEST(Planning, IsAheadOfNoUpdateThatAPlanNeeds) {
  for (const int schedulers : {-1, 0, 1})
    EXPECT_EQ(std::get<1>(Decide(Planning::kOneByOne, schedulers, -1)), 0);
  EXPECT_EQ(std::get<1>(Decide(Planning::kBetweenRounds, -1, -1)), 0);
  EXPECT_GT(std::get<1>(Decide(Planning::kBetweenRounds, 2, -1)), 2);
}

TEST(Planning, OnceDecidedStaysDecided) {
  for (const Planning planning : kAll) {
    for (const int schedulers : {-1, 0, 1, 4}) {
      const auto [who, ahead] = Decide(planning, schedulers, -1, true);
      EXPECT_EQ(Decide(planning, who, ahead, false), Decided(who, ahead));
    }
  }
}

}  // namespace
}  // namespace strads
