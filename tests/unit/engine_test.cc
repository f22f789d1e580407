#include "coordinator/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "strads/random.h"

namespace strads {
namespace {

using ::testing::ElementsAre;

std::string Text(const Bytes& bytes) { return std::string(bytes.view()); }
double PenaltyAfter(int64_t updates) { return 1000.0 * static_cast<double>(updates) + 0.25; }
double LossOf(int rank, int64_t updates) {
  return static_cast<double>(updates) + 1.0 / static_cast<double>(1 << rank);
}
std::string UpdateName(int64_t round) { return "u" + std::to_string(round); }

// Writes down what it is given.
class LoggingModel final : public ModelRole {
 public:
  Bytes Pull(const Bytes& plan, std::span<const Bytes> partials) override {
    std::string line = Text(plan) + ":";
    for (const Bytes& partial : partials) line += " " + Text(partial);
    log.push_back(line);
    if (on_pull) on_pull();
    return Bytes::Copy(UpdateName(std::ssize(log) - 1));
  }
  strads::Report Report() const override {
    strads::Report report;
    report.penalty = PenaltyAfter(std::ssize(log));
    report.loads = std::ssize(log) <= loading_rounds;
    return report;
  }
  Bytes Save() const override { return {}; }

  std::vector<std::string> log;
  std::function<void()> on_pull;
  int64_t loading_rounds = 0;
};

// Workers and schedulers that answer when the test lets them.
class FakeCluster final : public Engine::Outlet {
 public:
  FakeCluster(Engine::Shape shape, std::function<bool(int64_t)> is_fenced, bool plans_at_once)
      : shape_(shape),
        is_fenced_(std::move(is_fenced)),
        plans_at_once_(plans_at_once),
        engine(model, shape, clock, *this) {}

  void RequestPlan(int index, int64_t round, const std::vector<Bytes>& feedback) override {
    EXPECT_EQ(index, round % shape_.schedulers);
    std::string line = "plan " + std::to_string(round) + " after";
    for (const Bytes& update : feedback) fed_back[index].push_back(Text(update));
    for (const std::string& update : fed_back[index]) line += " " + update;
    scheduler_log[index].push_back(line);
    if (plans_at_once_) {
      clock.AdvanceTo(clock.Now() + planning);
      engine.OnPlan(round, PlanOf(round), is_fenced_(round));
    } else {
      plans_due[index].push_back(round);
    }
  }

  void Push(int64_t round, std::vector<Bytes> updates_and_plan) override {
    EXPECT_EQ(Text(updates_and_plan.back()), Text(PlanOf(round)));
    updates_and_plan.pop_back();
    for (const Bytes& update : updates_and_plan) {
      EXPECT_EQ(Text(update), UpdateName(synced_)) << "an update was repeated or skipped";
      ++synced_;
    }
    EXPECT_EQ(round, std::ssize(seen)) << "rounds are pushed out of order";
    seen.push_back(synced_);
    for (int rank = 0; rank < shape_.workers; ++rank) partials_due[rank].push_back(round);
  }

  void Release(int64_t round) override { released.push_back(round); }

  bool OnRound(const RoundResult& result) override {
    EXPECT_EQ(result.round, std::ssize(objectives));
    objectives.push_back(result.objective);
    EXPECT_EQ(result.report.penalty, PenaltyAfter(result.round + 1));
    return result.round + 1 == stop_after;
  }

  Bytes PlanOf(int64_t round) const { return Bytes::Copy("p" + std::to_string(round)); }

  void AnswerPlan(int index) {
    const int64_t round = plans_due[index].front();
    plans_due[index].pop_front();
    engine.OnPlan(round, PlanOf(round), is_fenced_(round));
    engine.Advance();
  }
  // The partial of the oldest round that `rank` owes, or of one of the next.
  void AnswerPush(int rank, int64_t next = 0) {
    const auto due = partials_due[rank].begin() + next;
    const int64_t round = *due;
    partials_due[rank].erase(due);
    SendPartial(rank, round);
    engine.Advance();
  }
  void SendPartial(int rank, int64_t round) {
    const std::string name = std::to_string(rank) + "@" + std::to_string(round);
    engine.OnPartial(rank, round, Bytes::Copy(name),
                     LossOf(rank, seen[static_cast<size_t>(round)]));
  }

  // One answer of someone who owes one, at random; false if no one does.
  bool AnswerOne(Random& random, bool repeat_partials) {
    std::vector<std::function<void()>> choices;
    for (auto& [index, due] : plans_due) {
      if (!due.empty()) choices.push_back([this, index = index] { AnswerPlan(index); });
    }
    for (auto& [rank, due] : partials_due) {
      if (due.empty()) continue;
      choices.push_back([&, rank = rank, &due = due] {
        const auto next = static_cast<int64_t>(random.Below(due.size()));
        const int64_t round = due[static_cast<size_t>(next)];
        AnswerPush(rank, next);
        if (repeat_partials && round >= engine.rounds()) {
          engine.OnPartial(rank, round, Bytes::Copy("a repetition"), 1e9);
          engine.Advance();
        }
      });
    }
    if (choices.empty()) return false;
    choices[random.Below(choices.size())]();
    return true;
  }

 private:
  const Engine::Shape shape_;
  const std::function<bool(int64_t)> is_fenced_;
  const bool plans_at_once_;
  int64_t synced_ = 0;

 public:
  wire::VirtualClock clock;
  wire::Time planning{0};  // what a plan that is made at once takes
  LoggingModel model;
  Engine engine;
  int64_t stop_after = 40;
  std::vector<int64_t> seen;  // updates synced before the push of each round
  std::vector<double> objectives;
  std::vector<int64_t> released;
  std::map<int, std::vector<std::string>> scheduler_log;
  std::map<int, std::vector<std::string>> fed_back;
  std::map<int, std::deque<int64_t>> plans_due;
  std::map<int, std::deque<int64_t>> partials_due;
};

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
}  // namespace strads
