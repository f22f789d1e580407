#include "coordinator/clock_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "strads/random.h"
#include "tests/unit/fake_workers.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ClockPolicy : public ::testing::TestWithParam<Case> {};

TEST_P(ClockPolicy, EndsWithEveryClockPulledOnceInAnyOrderOfArrival) {
  constexpr int64_t kClocks = 25;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    FakeWorkers fake(GetParam().options(), kClocks);
    Random random(seed);
    int64_t pushes = 0;
    while (fake.PushOne(random)) ++pushes;
    EXPECT_EQ(fake.engine.rounds(), kClocks) << "a worker waits for ever";
    EXPECT_EQ(std::ssize(fake.clocks), kClocks);
    EXPECT_FALSE(fake.engine.HasOpenRound());
    std::multiset<std::string> pulled;
    for (const std::string& line : fake.model.log) {
      const std::string text = line + " ";
      for (size_t at = 0, end = 0; (end = text.find(' ', at)) != std::string::npos; at = end + 1)
        pulled.insert(text.substr(at, end - at));
    }
    EXPECT_EQ(std::set(pulled.begin(), pulled.end()).size(), pulled.size());
    EXPECT_EQ(std::ssize(pulled) + fake.engine.late(), pushes);
    const int counted = GetParam().workers - GetParam().backup_workers;
    EXPECT_EQ(std::ssize(pulled), counted * kClocks);
    if (GetParam().backup_workers == 0) {
      EXPECT_EQ(fake.engine.late(), 0);
    }
  }
}

TEST_P(ClockPolicy, KeepsItsBoundAndCountsTheStalenessThatReadsHave) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    FakeWorkers fake(GetParam().options(), 25);
    Random random(seed);
    Staleness expected;
    const bool synchronous = GetParam().consistency == "bsp" || GetParam().consistency == "backup";
    while (fake.PushOne(random)) {
    }
    for (const auto& [name, read] : fake.reads) {
      const int rank = std::stoi(name);
      const int64_t clock = std::stoll(name.substr(name.find('@') + 1));
      if (synchronous) {
        // Exactly what was pulled of earlier clocks.
        const std::set<std::string> lines(fake.model.log.begin(), fake.model.log.begin() + clock);
        std::set<std::string> allowed;
        for (const auto& line : lines) {
          const std::string text = line + " ";
          for (size_t at = 0, end = 0; (end = text.find(' ', at)) != std::string::npos;
               at = end + 1)
            allowed.insert(text.substr(at, end - at));
        }
        ASSERT_EQ(read, allowed) << name;
        continue;
      }
      for (int other = 0; other < GetParam().workers; ++other) {
        if (other == rank) continue;
        const int64_t staleness = fake.StalenessOf(rank, clock, other);
        if (GetParam().consistency != "async") {
          ASSERT_LE(staleness, GetParam().staleness) << name;
        }
        expected.Add(staleness);
      }
    }
    if (synchronous) {
      EXPECT_EQ(fake.engine.staleness().mean(), 0);
      EXPECT_EQ(fake.engine.staleness().variance(), 0);
    } else {
      EXPECT_EQ(fake.engine.staleness().counts, expected.counts);
    }
  }
}

TEST_P(ClockPolicy, StopsWhereItIsTold) {
  FakeWorkers fake(GetParam().options(), 0);
  fake.stop_after = 7;
  Random random(3);
  while (!fake.engine.stopped() && fake.PushOne(random)) {
  }
  EXPECT_TRUE(fake.engine.stopped());
  EXPECT_EQ(fake.engine.rounds(), 7);
  const size_t pulls = fake.model.log.size();
  while (fake.PushOne(random)) {
  }
  EXPECT_EQ(fake.model.log.size(), pulls) << "the model changed after the end";
}

INSTANTIATE_TEST_SUITE_P(,
                         ClockPolicy,
                         ::testing::Values(Case{"bsp", 1},
                                           Case{"bsp", 4},
                                           Case{"ssp", 1, 2},
                                           Case{"ssp", 2, 0},
                                           Case{"ssp", 3, 1},
                                           Case{"ssp", 4, 10},
                                           Case{"essp", 1, 2},
                                           Case{"essp", 3, 0},
                                           Case{"essp", 4, 1},
                                           Case{"essp", 2, 10},
                                           Case{"async", 1},
                                           Case{"async", 4},
                                           Case{"backup", 4, 0, 0},
                                           Case{"backup", 4, 0, 1},
                                           Case{"backup", 4, 0, 3}),
                         [](const auto& tested) {
                           const Case& c = tested.param;
                           return c.consistency + "P" + std::to_string(c.workers) + "s" +
                                  std::to_string(c.staleness) + "b" +
                                  std::to_string(c.backup_workers);
                         });

TEST(ClockEngine, PullsAClockOfBspInRankOrder) {
  FakeWorkers fake(Case{"bsp", 3}.options(), 2);
  for (const int rank : {2, 0, 1, 1, 2, 0}) fake.Push(rank);
  EXPECT_THAT(fake.model.log, ElementsAre("0@0 1@0 2@0", "0@1 1@1 2@1"));
}

TEST(ClockEngine, LetsAWorkerOfSspRunToTheBoundOnOneReadAndThenWaitForTheSlowest) {
  FakeWorkers fake(Case{"ssp", 2, 3}.options(), 0);
  for (int i = 0; i < 4; ++i) fake.Push(0);
  EXPECT_FALSE(fake.MayPush(0));
  EXPECT_EQ(fake.workers[0].sends, 1);
  fake.Push(1);
  EXPECT_TRUE(fake.MayPush(0));
  EXPECT_EQ(fake.workers[0].version, 5);
  EXPECT_EQ(fake.workers[1].sends, 1) << "parameters that are not too old were replaced";
}

TEST(ClockEngine, SendsParametersOfEsspWhileTheWorkerHasLeaveForMore) {
  FakeWorkers fake(Case{"essp", 2, 3}.options(), 0);
  for (int i = 0; i < 3; ++i) {
    fake.Push(0);
    EXPECT_EQ(fake.workers[1].version, i + 1);
  }
  EXPECT_EQ(fake.workers[0].version, 2) << "of no use: it has begun the last that it may push";
  fake.Push(1);
  EXPECT_EQ(fake.workers[0].version, 4) << "the slowest has advanced";
  EXPECT_EQ(fake.workers[0].last, 4);
}

TEST(ClockEngine, SendsParametersOfEsspFourTimesAClockHoweverManyWorkersThereAre) {
  constexpr int kWorkers = 16;
  constexpr int kClocks = 10;
  FakeWorkers fake(Case{"essp", kWorkers, 3}.options(), 0);
  for (int clock = 0; clock < kClocks; ++clock) {
    for (int rank = 0; rank < kWorkers; ++rank) fake.Push(rank);
  }
  for (const auto& worker : fake.workers) {
    EXPECT_GE(worker.sends, 4 * (kClocks - 1));
    EXPECT_LE(worker.sends, 5 * kClocks);
  }
}

TEST(ClockEngine, SendsNothingOfEsspToAWorkerThatHasNothingLeftToDo) {
  FakeWorkers fake(Case{"essp", 2, 3}.options(), 4);
  for (int i = 0; i < 4; ++i) fake.Push(1);
  const int sends = fake.workers[1].sends;
  for (int i = 0; i < 4; ++i) fake.Push(0);
  EXPECT_EQ(fake.workers[1].sends, sends);
  EXPECT_EQ(fake.clocks.size(), 4u);
}

TEST(ClockEngine, NeverHoldsBackAWorkerOfAsync) {
  FakeWorkers fake(Case{"async", 2}.options(), 0);
  for (int i = 0; i < 50; ++i) fake.Push(0);
  EXPECT_EQ(fake.workers[0].version, 50);
  EXPECT_THAT(fake.clocks, IsEmpty());
  fake.Push(1);
  EXPECT_EQ(fake.engine.staleness().max(), 49) << "the last of worker 0, which knew no clock of 1";
}

TEST(ClockEngine, DropsWhatComesLateUnderBackupAndLetsItsWorkerCatchUp) {
  FakeWorkers fake(Case{"backup", 3, 0, 1}.options(), 0);
  fake.Push(2);
  fake.Push(0);  // clock 0 is pulled without 1
  fake.Push(0);
  fake.Push(2);
  EXPECT_THAT(fake.model.log, ElementsAre("0@0 2@0", "0@1 2@1"));
  // Worker 1 was at clock 0 all the time.
  fake.engine.OnGradient(1, 0, 0, Bytes::Copy("late"));
  EXPECT_EQ(fake.engine.late(), 1);
  EXPECT_EQ(fake.workers[1].next, 2);
  fake.Push(1);
  fake.Push(2);
  EXPECT_EQ(fake.model.log.back(), "1@2 2@2");
}

// What it has not read would pile up, here and there.
TEST(ClockEngine, SendsAWorkerOfBackupThatIsBusyNothingUntilItHasPushed) {
  FakeWorkers fake(Case{"backup", 3, 0, 1}.options(), 0);
  for (int clock = 0; clock < 20; ++clock) {
    fake.Push(0);
    fake.Push(2);
  }
  EXPECT_EQ(fake.engine.rounds(), 20);
  EXPECT_EQ(fake.workers[1].sends, 1);
  fake.Push(1);
  EXPECT_EQ(fake.engine.late(), 1);
  EXPECT_EQ(fake.workers[1].sends, 2);
  EXPECT_EQ(fake.workers[1].version, 20) << "the newest parameters";
  EXPECT_EQ(fake.workers[1].next, 20);
}

TEST(ClockEngine, SendsTheNewestToAWorkerThatSkipsItsClock) {
  FakeWorkers fake(Case{"backup", 3, 0, 1}.options(), 0);
  for (int clock = 0; clock < 4; ++clock) {
    fake.Push(0);
    fake.Push(2);
  }
  fake.engine.OnSkip(1, 0);
  EXPECT_EQ(fake.workers[1].version, 4);
  EXPECT_EQ(fake.engine.late(), 0) << "no gradient has come";
  EXPECT_THROW(fake.engine.OnSkip(1, 5), Error) << "it has no leave for that";
  // It may skip an open one too, and is granted the next once that one is closed.
  fake.engine.OnSkip(1, 4);
  EXPECT_EQ(fake.workers[1].sends, 2);
  fake.Push(0);
  fake.Push(2);
  EXPECT_EQ(fake.workers[1].sends, 3);
  fake.Push(1);
  fake.Push(2);
  EXPECT_EQ(fake.model.log.back(), "1@5 2@5");
  EXPECT_THROW(FakeWorkers(Case{"ssp", 2, 1}.options(), 0).engine.OnSkip(0, 0), Error);
}

TEST(ClockEngine, RefusesAClockWithoutLeaveAndParametersThatWereNotSent) {
  FakeWorkers fake(Case{"ssp", 2, 1}.options(), 0);
  EXPECT_THROW(fake.engine.OnGradient(0, 2, 0, {}), Error);
  EXPECT_THROW(fake.engine.OnGradient(0, 1, 0, {}), Error) << "it skips a clock";
  EXPECT_THROW(fake.engine.OnGradient(0, 0, 7, {}), Error);
  EXPECT_THROW(FakeWorkers(Case{"bsp", 2}.options(), 0).engine.OnGradient(0, 1, 0, {}), Error);
}

TEST(ClockEngine, NamesTheWorkerThatHasBeenSilentForLongest) {
  FakeWorkers fake(Case{"ssp", 3, 5}.options(), 0);
  fake.clock.AdvanceTo(wire::Seconds(1));
  fake.Push(0);
  fake.clock.AdvanceTo(wire::Seconds(2));
  fake.Push(1);
  EXPECT_THAT(fake.engine.MissingRanks(), ElementsAre(2));
  EXPECT_EQ(fake.engine.OldestPush(), wire::Seconds(0));
  fake.Push(2);
  EXPECT_THAT(fake.engine.MissingRanks(), ElementsAre(0));
  EXPECT_EQ(fake.engine.OldestPush(), wire::Seconds(1));
}

TEST(ClockEngine, CountsHowLongWorkersWait) {
  FakeWorkers fake(Case{"bsp", 2}.options(), 0);
  fake.clock.AdvanceTo(wire::Seconds(1));
  fake.Push(0);
  fake.clock.AdvanceTo(wire::Seconds(4));
  EXPECT_EQ(fake.engine.waited(), wire::Seconds(3));
  fake.Push(1);
  fake.clock.AdvanceTo(wire::Seconds(9));
  EXPECT_EQ(fake.engine.waited(), wire::Seconds(3));
  EXPECT_EQ(fake.engine.idle(), wire::Seconds(0));
}

TEST(ClockEngine, CountsWaitsUntilItStopsAndNoLonger) {
  FakeWorkers fake(Case{"bsp", 2}.options(), 0);
  fake.Push(0);
  fake.clock.AdvanceTo(wire::Seconds(5));
  fake.engine.Stop();
  EXPECT_EQ(fake.engine.waited(), wire::Seconds(5));
  fake.clock.AdvanceTo(wire::Seconds(7));
  fake.engine.Stop();
  EXPECT_EQ(fake.engine.waited(), wire::Seconds(5));
}

TEST(ClockEngine, EndsWithinAClockThatOneWorkerDoesNotComplete) {
  FakeWorkers fake(Case{"async", 3}.options(), 0);
  fake.stop_within = 2;
  for (int pulls = 1; pulls <= 6; ++pulls) {
    EXPECT_FALSE(fake.engine.stopped());
    fake.Push(pulls % 2);
    EXPECT_EQ(fake.pulls_within, pulls / 3);
  }
  EXPECT_TRUE(fake.engine.stopped());
  EXPECT_EQ(fake.engine.rounds(), 0);
  EXPECT_EQ(fake.engine.pulls(), 6);
}

}  // namespace
}  // namespace strads
