#include "coordinator/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "strads/random.h"
#include "tests/support/fake_cluster.h"

namespace strads::testing {
namespace {

using ::testing::ElementsAre;

bool SomeAreFenced(int64_t round) { return round == 0 || round % 7 == 3 || round % 11 == 5; }
bool NoneIsFenced(int64_t) { return false; }

// The updates that round t must have seen, by the definition of staleness and fences.
std::vector<int64_t> UpdatesToBeSeen(int staleness, bool (*is_fenced)(int64_t), int64_t rounds) {
  std::vector<int64_t> seen;
  for (int64_t t = 0; t < rounds; ++t) {
    const bool alone = is_fenced(t) || (t > 0 && is_fenced(t - 1));
    int64_t updates = alone ? t : t - staleness;
    if (t > 0) updates = std::max({updates, int64_t{1}, seen.back()});
    seen.push_back(std::max<int64_t>(updates, 0));
  }
  return seen;
}

TEST(EngineTest, SaysHowLongAllWorkersWaitedForPullsAndForPlans) {
  FakeCluster cluster({.workers = 1, .schedulers = 1, .staleness = 0}, NoneIsFenced, false);
  const auto pass = [&](double seconds) {
    cluster.clock.AdvanceTo(cluster.clock.Now() + wire::Seconds(seconds));
  };
  cluster.model.on_pull = [&] { pass(2); };
  cluster.engine.Advance();
  pass(100);  // before there is anything to train
  cluster.AnswerPlan(0);
  for (int round = 0; round < 5; ++round) {
    pass(7);  // of work
    cluster.AnswerPush(0);
    pass(0.5);
    cluster.AnswerPlan(0);
  }
  EXPECT_EQ(cluster.engine.idle(), wire::Seconds(5 * 2.5));
  EXPECT_EQ(cluster.engine.waited_for_plans(), wire::Seconds(5 * 0.5));
}

TEST(EngineTest, RoundsThatLoadAreNoWaiting) {
  FakeCluster cluster({.workers = 1, .schedulers = 1, .staleness = 0}, NoneIsFenced, true);
  cluster.model.loading_rounds = 2;
  cluster.model.on_pull = [&] { cluster.clock.AdvanceTo(cluster.clock.Now() + wire::Seconds(2)); };
  cluster.engine.Advance();
  for (int round = 0; round < 2; ++round) cluster.AnswerPush(0);
  EXPECT_EQ(cluster.engine.idle(), wire::Seconds(0));
  for (int round = 2; round < 5; ++round) cluster.AnswerPush(0);
  EXPECT_EQ(cluster.engine.idle(), wire::Seconds(3 * 2));
}

// Plans that are made ahead are waited for no longer than they are late.
TEST(EngineTest, DoesNotWaitForPlansThatAreThereInTime) {
  for (const int schedulers : {1, 2}) {
    FakeCluster cluster({.workers = 1, .schedulers = schedulers, .lookahead = 1}, NoneIsFenced,
                        false);
    const auto second = [&] { cluster.clock.AdvanceTo(cluster.clock.Now() + wire::Seconds(1)); };
    cluster.engine.Advance();
    cluster.AnswerPlan(0);
    cluster.AnswerPush(0);
    cluster.AnswerPlan(1 % schedulers);
    for (int round = 2; round < 12; ++round) {
      second();
      cluster.AnswerPlan(round % schedulers);
      second();
      cluster.AnswerPush(0);
    }
    EXPECT_EQ(cluster.engine.waited_for_plans(), wire::Seconds(0));
  }
}

// What is made within RequestPlan while no worker has work is a wait, and anything else keeps the
// caller from what workers send.
TEST(EngineTest, SaysHowLongPlansWereMadeAheadByTheCallerItself) {
  for (const int lookahead : {0, 2}) {
    FakeCluster cluster({.workers = 1, .schedulers = 1, .lookahead = lookahead}, NoneIsFenced,
                        true);
    cluster.planning = wire::Seconds(3);
    cluster.engine.Advance();
    for (int round = 0; round < 6; ++round) cluster.AnswerPush(0);
    const wire::Time six = wire::Seconds(6 * 3);
    EXPECT_EQ(cluster.engine.waited_for_plans(), lookahead == 0 ? six : wire::Seconds(3));
    EXPECT_EQ(cluster.engine.planned_ahead(),
              lookahead == 0 ? wire::Time{0} : wire::Seconds(7 * 3));
  }
}

// Such plans are there before the first round is over, and no later one is waited for.
TEST(EngineTest, AsksForPlansThatNeedNoUpdateBeforeTheFirstRoundIsOver) {
  for (const bool plans_at_any_time : {false, true}) {
    FakeCluster cluster(
        {.workers = 1, .schedulers = 2, .lookahead = 3, .plans_at_any_time = plans_at_any_time},
        NoneIsFenced, false);
    cluster.engine.Advance();
    EXPECT_EQ(cluster.scheduler_log[0].size(), plans_at_any_time ? 2 : 1);
    EXPECT_EQ(cluster.scheduler_log[1].size(), plans_at_any_time ? 2 : 0);
    if (!plans_at_any_time) continue;
    for (int round = 0; round < 4; ++round) cluster.AnswerPlan(round % 2);
    for (int round = 4; round < 9; ++round) {
      cluster.clock.AdvanceTo(cluster.clock.Now() + wire::Seconds(1));
      cluster.AnswerPush(0);
      cluster.AnswerPlan(round % 2);
    }
    EXPECT_EQ(cluster.engine.waited_for_plans(), wire::Seconds(0));
    EXPECT_EQ(cluster.scheduler_log[0][2], "plan 4 after u0");
  }
}

class EngineOfShape : public ::testing::TestWithParam<std::tuple<int, int, int, int, bool>> {
 protected:
  Engine::Shape shape() const {
    return {std::get<0>(GetParam()), std::get<1>(GetParam()), std::get<2>(GetParam()),
            std::get<3>(GetParam())};
  }
  bool plans_at_once() const { return std::get<4>(GetParam()); }
};

TEST_P(EngineOfShape, GivesEveryRoleOneSequenceWhateverTheOrderOfArrival) {
  for (bool (*is_fenced)(int64_t) : {NoneIsFenced, SomeAreFenced}) {
    for (uint64_t seed = 1; seed <= 30; ++seed) {
      FakeCluster cluster(shape(), is_fenced, plans_at_once());
      Random random(seed);
      cluster.engine.Advance();
      while (!cluster.engine.stopped()) {
        ASSERT_TRUE(cluster.AnswerOne(random, seed % 2 == 0)) << "the engine waits for nothing";
      }
      ASSERT_EQ(cluster.engine.rounds(), cluster.stop_after);

      const auto expected = UpdatesToBeSeen(shape().staleness, is_fenced, std::ssize(cluster.seen));
      ASSERT_EQ(cluster.seen, expected) << "seed " << seed;
      for (int64_t t = 0; t < cluster.stop_after; ++t) {
        const auto i = static_cast<size_t>(t);
        std::string line = "p" + std::to_string(t) + ":";
        double objective = PenaltyAfter(expected[i]);
        for (int rank = 0; rank < shape().workers; ++rank) {
          line += " " + std::to_string(rank) + "@" + std::to_string(t);
          objective += LossOf(rank, expected[i]);
        }
        ASSERT_EQ(cluster.model.log[i], line);
        ASSERT_NEAR(cluster.objectives[i], objective, 1e-9 * objective);
      }
      const int64_t lead = shape().staleness + shape().lookahead;
      for (const auto& [index, log] : cluster.scheduler_log) {
        for (size_t i = 0; i < log.size(); ++i) {
          const int64_t t = static_cast<int64_t>(i) * shape().schedulers + index;
          std::string line = "plan " + std::to_string(t) + " after";
          for (int64_t u = 0; u < std::max(t - lead, std::min<int64_t>(t, 1)); ++u) {
            line += " " + UpdateName(u);
          }
          ASSERT_EQ(log[i], line);
        }
      }
    }
  }
}

TEST_P(EngineOfShape, TellsTheUpdatesThatWorkersLackAtTheEnd) {
  FakeCluster cluster(shape(), SomeAreFenced, plans_at_once());
  Random random(5);
  cluster.engine.Advance();
  while (cluster.AnswerOne(random, false)) {
  }
  ASSERT_TRUE(cluster.engine.stopped());
  std::vector<std::string> unsent;
  for (const Bytes& update : cluster.engine.UnsentUpdates()) unsent.push_back(Text(update));
  std::vector<std::string> expected;
  for (int64_t u = cluster.seen.back(); u < cluster.stop_after; ++u) {
    expected.push_back(UpdateName(u));
  }
  EXPECT_EQ(unsent, expected);
}

INSTANTIATE_TEST_SUITE_P(,
                         EngineOfShape,
                         ::testing::Combine(::testing::Values(1, 3),
                                            ::testing::Values(1, 2, 3),
                                            ::testing::Values(0, 1, 2, 5),
                                            ::testing::Values(0, 1, 4),
                                            ::testing::Bool()));

TEST(Engine, RunsAheadOfASilentWorkerByTheStalenessAndNoFurther) {
  for (const int staleness : {0, 1, 2, 5}) {
    FakeCluster cluster({2, 1, staleness}, NoneIsFenced, true);
    cluster.engine.Advance();
    cluster.AnswerPush(0);
    cluster.AnswerPush(1);
    while (!cluster.partials_due[0].empty()) cluster.AnswerPush(0);
    EXPECT_EQ(cluster.engine.rounds(), 1);
    EXPECT_EQ(std::ssize(cluster.seen), 2 + staleness);
    EXPECT_TRUE(cluster.engine.HasOpenRound());
    EXPECT_THAT(cluster.engine.MissingRanks(), ElementsAre(1));
  }
}

TEST(Engine, PlansNoRoundBeforeTheUpdateOfRoundZero) {
  FakeCluster cluster({1, 3, 5}, NoneIsFenced, false);
  cluster.engine.Advance();
  EXPECT_EQ(cluster.scheduler_log.size(), 1u);
  cluster.AnswerPlan(0);
  EXPECT_EQ(cluster.scheduler_log.size(), 1u);
  cluster.AnswerPush(0);
  EXPECT_EQ(cluster.scheduler_log.size(), 3u);
}

TEST(Engine, ReleasesARoundOnceAllWorkersHaveDoneTheirShareOfIt) {
  FakeCluster cluster({3, 1, 0}, NoneIsFenced, true);
  cluster.engine.Advance();
  for (const int rank : {2, 0, 0}) cluster.engine.OnDone(rank, 0);
  EXPECT_TRUE(cluster.released.empty());
  cluster.engine.OnDone(1, 0);
  EXPECT_EQ(cluster.released, std::vector<int64_t>{0});
  EXPECT_THROW(cluster.engine.OnDone(1, 1), Error);
}

TEST(Engine, TellsWhichPlanIsAwaitedAndSinceWhen) {
  FakeCluster cluster({1, 1, 0}, NoneIsFenced, false);
  EXPECT_FALSE(cluster.engine.AwaitedPlan());
  cluster.engine.Advance();
  ASSERT_TRUE(cluster.engine.AwaitedPlan());
  EXPECT_EQ(cluster.engine.AwaitedPlan()->round, 0);
  EXPECT_EQ(cluster.engine.AwaitedPlan()->since, wire::Time{0});
  cluster.AnswerPlan(0);
  EXPECT_FALSE(cluster.engine.AwaitedPlan());
}

TEST(Engine, AwaitsThePlanOfTheSchedulerThatIsLateThoughOthersHaveBeenAskedSince) {
  FakeCluster cluster({.workers = 1, .schedulers = 3, .lookahead = 2}, NoneIsFenced, false);
  cluster.engine.Advance();
  cluster.clock.AdvanceTo(wire::Seconds(1));
  cluster.AnswerPlan(0);
  cluster.AnswerPush(0);  // plans 1, 2 and 3 are asked for
  cluster.clock.AdvanceTo(wire::Seconds(2));
  cluster.AnswerPlan(1);
  cluster.AnswerPush(0);  // and 4
  cluster.AnswerPlan(0);
  cluster.AnswerPlan(1);
  ASSERT_TRUE(cluster.engine.AwaitedPlan());
  EXPECT_EQ(cluster.engine.AwaitedPlan()->round, 2);
  EXPECT_EQ(cluster.engine.AwaitedPlan()->since, wire::Seconds(1));
}

TEST(Engine, RefusesPartialsItDidNotAskFor) {
  FakeCluster cluster({2, 1, 0}, NoneIsFenced, true);
  cluster.engine.Advance();
  for (const int64_t round : {-1, 1, 2, 1000}) {
    EXPECT_THROW(cluster.engine.OnPartial(0, round, {}, 0), Error) << round;
  }
  cluster.AnswerPush(0);
  cluster.AnswerPush(1);
  EXPECT_THROW(cluster.engine.OnPartial(0, 0, {}, 0), Error) << "the round is over";
}

TEST(Engine, RefusesPlansItDidNotAskForAndRepeatedOnes) {
  FakeCluster cluster({1, 1, 2}, NoneIsFenced, false);
  cluster.engine.Advance();
  EXPECT_THROW(cluster.engine.OnPlan(1, {}, false), Error);
  EXPECT_THROW(cluster.engine.OnPlan(-1, {}, false), Error);
  cluster.AnswerPlan(0);
  EXPECT_THROW(cluster.engine.OnPlan(0, {}, false), Error) << "it was pushed";
  cluster.AnswerPush(0);
  cluster.engine.OnPlan(2, {}, false);
  EXPECT_THROW(cluster.engine.OnPlan(2, {}, false), Error);
}

TEST(Engine, DoesNothingMoreOnceItIsStopped) {
  FakeCluster cluster({1, 1, 2}, NoneIsFenced, true);
  cluster.stop_after = 5;
  cluster.engine.Advance();
  Random random(3);
  while (cluster.AnswerOne(random, false)) {
  }
  EXPECT_TRUE(cluster.engine.stopped());
  EXPECT_EQ(cluster.objectives.size(), 5u);
  EXPECT_FALSE(cluster.engine.AwaitedPlan());
}

}  // namespace
}  // namespace strads::testing
