#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/descent_app.h"
#include "tests/support/sim_cluster.h"

namespace strads::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using wire::Seconds;

const wire::Faults kLossy = {.drop = 0.1, .duplicate = 0.1, .max_delay = Seconds(0.05)};

struct Policy {
  std::string consistency;
  int staleness = 0;
  int backup_workers = 0;
  int holders = 0;

  std::string Name() const {
    return consistency + std::to_string(staleness) +
           (holders > 0 ? "With" + std::to_string(holders) + "Holders" : "");
  }
  friend void PrintTo(const Policy& policy, std::ostream* out) { *out << policy.Name(); }
};

SimCluster::Config MakeConfig(const Policy& policy, int64_t max_rounds) {
  SimCluster::Config config;
  config.run.workers = 3;
  config.run.consistency = policy.consistency;
  config.run.staleness = policy.staleness;
  config.run.backup_workers = policy.backup_workers;
  config.run.holders = policy.holders;
  config.run.max_rounds = max_rounds;
  config.run.delay_mean = 0.02;
  config.run.join_timeout = 60;
  config.run.load_timeout = 120;
  config.run.round_timeout = 60;
  return config;
}

// One worker takes `slowness` times as long as the others. Ranks are given in order of arrival: one
// comes `apart` seconds after the other, so that names are ranks.
void AddMembers(SimCluster& cluster, const RunOptions& run, double slowness, double apart = 0.5) {
  for (int i = 0; i < run.workers; ++i) {
    wire::MemberOptions options;
    options.push_takes = Seconds(i == 1 ? 0.02 * slowness : 0.02);
    cluster.AddWorker(Seconds(apart * i), options);
  }
  for (int i = 0; i < run.holders; ++i) cluster.AddHolder(Seconds(apart * i));
}

// Of what a run without holders pulls.
int64_t TimesPulled(const Policy& policy) { return std::max(1, policy.holders); }

RunResult RunOf(const SimCluster::Config& config, double slowness = 4) {
  SimCluster cluster(DescentProgram(), config);
  AddMembers(cluster, config.run, slowness);
  cluster.Run();
  return cluster.TakeResult();
}

class DataParallelPolicy : public ::testing::TestWithParam<Policy> {};

TEST_P(DataParallelPolicy, KeepsItsBoundWhateverIsLostRepeatedOrLate) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimCluster::Config config = MakeConfig(GetParam(), 30);
    config.run.seed = static_cast<int64_t>(seed);
    config.seed = seed;
    config.faults = kLossy;
    const RunResult result = RunOf(config);
    ASSERT_EQ(result.summary.termination, Termination::kMaxRounds) << result.summary.message;
    EXPECT_EQ(result.summary.rounds, 30);
    ASSERT_TRUE(result.summary.clocks);
    const Staleness& observed = result.summary.clocks->staleness;
    const auto model = Unpack<Descent::Model>(result.model);
    const Descent::Books& books = model.books();
    EXPECT_EQ(books.pulled, TimesPulled(GetParam()) * 30 * (3 - GetParam().backup_workers));
    EXPECT_EQ(observed.total(), 2 * books.pulled);
    EXPECT_EQ(model.finished, 1);
    if (GetParam().consistency == "backup") {
      // The app counts gradients of its own; those of clocks that were left out never come.
      EXPECT_EQ(observed.max(), 0);
      EXPECT_EQ(observed.variance(), 0);
      continue;
    }
    EXPECT_EQ(observed.max(), books.staleness_max);
    EXPECT_NEAR(observed.mean() * static_cast<double>(observed.total()),
                static_cast<double>(books.staleness_sum), 1e-6);
    if (GetParam().consistency == "bsp") {
      EXPECT_EQ(observed.variance(), 0);
    }
    if (GetParam().consistency != "async") {
      EXPECT_LE(observed.max(), GetParam().staleness);
    }
  }
}

TEST_P(DataParallelPolicy, FindsTheSolutionOfTheNormalEquations) {
  SimCluster::Config config = MakeConfig(GetParam(), 1500);
  config.faults = {.max_delay = Seconds(0.02)};
  // Under backup a worker that is always late would not count.
  const RunResult result = RunOf(config, GetParam().consistency == "backup" ? 1 : 4);
  const Toy::Options problem = Descent::Options{}.problem();
  const Eigen::VectorXd solution = Toy::Solution(problem);
  const auto model = Unpack<Descent::Model>(result.model);
  EXPECT_LT((model.b() - solution).norm(), 1e-5 * solution.norm());
  const double found = Toy::Objective(problem, model.b());
  EXPECT_NEAR(result.summary.objective, found, 1e-9 * found);
  EXPECT_NEAR(found, Toy::Objective(problem, solution), 1e-9 * found);
}

TEST_P(DataParallelPolicy, NamesAWorkerThatIsLostAndNeverHangs) {
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimCluster::Config config = MakeConfig(GetParam(), 60);
    config.run.trace = seed % 4 == 0 ? 5 : 0;
    config.run.seed = static_cast<int64_t>(seed);
    config.seed = seed;
    config.faults = kLossy;
    int64_t rounds = 0;
    config.hooks.on_round = [&](const RoundRecord& record) { rounds = record.round + 1; };
    SimCluster cluster(DescentProgram(), config);
    AddMembers(cluster, config.run, 1, 3);
    Random random(seed, 9);
    const auto rank = random.Below(3);
    auto& victim = cluster.actor("worker-" + std::to_string(rank));
    cluster.At(Seconds(5 + 15 * random.Uniform()),
               [&] { seed % 2 == 0 ? cluster.Crash(victim) : cluster.Kill(victim); });
    ASSERT_NO_THROW(cluster.Run());
    const std::string name = "worker " + std::to_string(rank) + " ";
    try {
      const RunResult& result = cluster.Result();
      EXPECT_EQ(result.summary.rounds, rounds);
      EXPECT_EQ(result.complete, rounds > 0);
      if (rounds > 0) {
        const auto model = Unpack<Descent::Model>(result.model);
        EXPECT_EQ(model.b().size(), 6);
        EXPECT_EQ(model.finished, 1);
      }
      if (result.summary.termination == Termination::kMaxRounds) continue;  // it outlived the run
      ASSERT_EQ(result.summary.termination, Termination::kWorkerLost);
      EXPECT_THAT(result.summary.message, HasSubstr(name));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kPeer);
      EXPECT_THAT(error.what(),
                  AnyOf(HasSubstr(name), HasSubstr("--join_timeout"), HasSubstr("--load_timeout")));
      EXPECT_EQ(rounds, 0);
    }
  }
}

TEST_P(DataParallelPolicy, TellsOfAnErrorInAPush) {
  SimCluster::Config config = MakeConfig(GetParam(), 60);
  config.values = {{"bad_shard", "0"}, {"bad_clock", "5"}};
  config.faults = kLossy;
  try {
    RunOf(config);
    FAIL() << "the run has ended well";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("toy:9: the data went away"));
  }
}

TEST_P(DataParallelPolicy, EndsAtOnceAfterAnErrorInAPush) {
  SimCluster::Config config = MakeConfig(GetParam(), 60);
  config.values = {{"bad_shard", "0"}, {"bad_clock", "5"}};
  SimCluster cluster(DescentProgram(), config);
  AddMembers(cluster, config.run, 1);
  ASSERT_NO_THROW(cluster.Run());
  EXPECT_LT(cluster.Now(), Seconds(4)) << "someone has waited to be heard";
}

INSTANTIATE_TEST_SUITE_P(,
                         DataParallelPolicy,
                         ::testing::Values(Policy{"bsp"},
                                           Policy{"ssp", 0},
                                           Policy{"ssp", 3},
                                           Policy{"ssp", 10},
                                           Policy{"essp", 1},
                                           Policy{"essp", 10},
                                           Policy{"async"},
                                           Policy{"backup", 0, 1},
                                           Policy{"bsp", 0, 0, 1},
                                           Policy{"bsp", 0, 0, 3},
                                           Policy{"ssp", 3, 0, 2},
                                           Policy{"essp", 1, 0, 2},
                                           Policy{"async", 0, 0, 3},
                                           Policy{"backup", 0, 1, 2}),
                         [](const auto& tested) { return tested.param.Name(); });

TEST(DataParallel, BspEndsWithTheBytesOfTheUndisturbedRun) {
  const auto whole = Unpack<Descent::Model>(RunOf(MakeConfig({"bsp"}, 30)).model);
  for (const int holders : {0, 1, 2, 6, 7}) {
    const Policy policy{"bsp", 0, 0, holders};
    const RunResult expected = RunOf(MakeConfig(policy, 30));
    EXPECT_EQ(expected.summary.rounds, 30);
    EXPECT_EQ(Unpack<Descent::Model>(expected.model).b(), whole.b()) << holders << " holders";
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      SimCluster::Config config = MakeConfig(policy, 30);
      config.run.seed = static_cast<int64_t>(seed);  // of delays
      config.seed = seed;
      config.faults = kLossy;
      ASSERT_EQ(RunOf(config).model.view(), expected.model.view())
          << "seed " << seed << ", " << holders << " holders";
    }
  }
}

TEST(DataParallel, AHolderThatIsLostIsNamedAndTheRunEnds) {
  for (const Policy& policy : {Policy{"bsp", 0, 0, 2}, Policy{"essp", 3, 0, 2}}) {
    for (uint64_t seed = 1; seed <= 16; ++seed) {
      SCOPED_TRACE(policy.Name() + ", seed " + std::to_string(seed));
      SimCluster::Config config = MakeConfig(policy, 60);
      config.run.trace = seed % 4 == 0 ? 5 : 0;
      config.seed = seed;
      config.faults = kLossy;
      SimCluster cluster(DescentProgram(), config);
      AddMembers(cluster, config.run, 1, 3);
      Random random(seed, 9);
      const auto index = random.Below(2);
      auto& victim = cluster.actor("holder-" + std::to_string(index));
      cluster.At(Seconds(5 + 15 * random.Uniform()),
                 [&] { seed % 2 == 0 ? cluster.Crash(victim) : cluster.Kill(victim); });
      ASSERT_NO_THROW(cluster.Run());
      const std::string name = "holder " + std::to_string(index) + " ";
      try {
        const RunResult& result = cluster.Result();
        if (result.summary.termination == Termination::kMaxRounds) continue;  // it outlived the run
        ASSERT_EQ(result.summary.termination, Termination::kWorkerLost);
        EXPECT_THAT(result.summary.message, HasSubstr(name));
        EXPECT_FALSE(result.complete) << "what it had is gone";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kPeer);
        EXPECT_THAT(error.what(), AnyOf(HasSubstr(name), HasSubstr("--join_timeout"),
                                        HasSubstr("--load_timeout")));
      }
    }
  }
}

// A worker that still waits for the last parameters would take it for lost.
TEST(DataParallel, HoldersLeaveAfterTheWorkers) {
  SimCluster::Config config = MakeConfig({"bsp", 0, 0, 2}, 5);
  config.faults = {.min_delay = Seconds(0.1), .max_delay = Seconds(0.1)};
  SimCluster cluster(DescentProgram(), config);
  AddMembers(cluster, config.run, 1);
  ASSERT_NO_THROW(cluster.Run());
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds);
  for (const char* holder : {"holder-0", "holder-1"}) {
    for (const char* worker : {"worker-0", "worker-1", "worker-2"}) {
      EXPECT_GT(cluster.actor(holder).left_at, cluster.actor(worker).left_at);
      EXPECT_FALSE(cluster.actor(worker).error);
    }
  }
}

// Both reach the coordinator, but not each other.
TEST(DataParallel, AWorkerThatIsCutOffFromAHolderEndsTheRunWithTheModelSoFar) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimCluster::Config config = MakeConfig({"bsp", 0, 0, 2}, 0);
    config.run.max_time = 3600;
    config.seed = seed;
    SimCluster cluster(DescentProgram(), config);
    AddMembers(cluster, config.run, 1);
    cluster.At(Seconds(8),
               [&] { cluster.Cut(cluster.actor("worker-1"), cluster.actor("holder-0")); });
    ASSERT_NO_THROW(cluster.Run());
    const RunResult& result = cluster.Result();
    EXPECT_EQ(result.summary.termination, Termination::kWorkerLost);
    EXPECT_THAT(result.summary.message, HasSubstr("worker 1 "));
    EXPECT_THAT(result.summary.message, HasSubstr("holder 0 "));
    ASSERT_TRUE(result.complete);
    EXPECT_GT(Unpack<Descent::Model>(result.model).books().pulled, 0);
    EXPECT_LT(cluster.Now(), Seconds(60));
  }
}

TEST(DataParallel, AWorkerThatIsSilentIsFoundByTheRoundTimeoutThoughHoldersWait) {
  SimCluster::Config config = MakeConfig({"bsp", 0, 0, 2}, 0);
  config.run.round_timeout = 5;
  config.run.peer_timeout = 1000;
  SimCluster cluster(DescentProgram(), config);
  AddMembers(cluster, config.run, 1);
  cluster.At(Seconds(8), [&] { cluster.Crash(cluster.actor("worker-2")); });
  ASSERT_NO_THROW(cluster.Run());
  const RunResult& result = cluster.Result();
  EXPECT_EQ(result.summary.termination, Termination::kWorkerLost);
  EXPECT_THAT(result.summary.message, AllOf(HasSubstr("worker 2 "), HasSubstr("--round_timeout")));
  EXPECT_TRUE(result.complete);
}

TEST(DataParallel, ReadsAreFresherUnderEsspThanUnderSsp) {
  for (const int staleness : {1, 3, 10}) {
    for (const double slowness : {1, 4}) {
      for (uint64_t seed = 1; seed <= 3; ++seed) {
        const auto mean = [&](const std::string& consistency) {
          SimCluster::Config config = MakeConfig({consistency, staleness}, 60);
          config.run.seed = static_cast<int64_t>(seed);
          config.seed = seed;
          return RunOf(config, slowness).summary.clocks->staleness.mean();
        };
        EXPECT_LT(mean("essp"), mean("ssp"))
            << "staleness " << staleness << ", slowness " << slowness << ", seed " << seed;
      }
    }
  }
}

// Parameters that it has no time to read would be kept by both ends.
TEST(DataParallel, AWorkerOfBackupIsSentParametersAsOftenAsItPushes) {
  for (const int holders : {0, 1, 2}) {
    SCOPED_TRACE(std::to_string(holders) + " holders");
    SimCluster::Config config = MakeConfig({"backup", 0, 1, holders}, 200);
    config.values = {{"columns", "400"}};
    config.run.delay_mean = 0;
    SimCluster* running = nullptr;
    std::vector<int64_t> bytes(3);
    config.hooks.on_round = [&](const RoundRecord& record) {
      if (record.round + 1 < config.run.max_rounds) return;
      for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = running->actor("worker-" + std::to_string(i)).inner->traffic().bytes_received;
    };
    SimCluster cluster(DescentProgram(), config);
    running = &cluster;
    AddMembers(cluster, config.run, 20);
    cluster.Run();
    const ClockSummary& clocks = *cluster.Result().summary.clocks;
    // Worker 1 is always late, the others never; one push of each may be under way.
    EXPECT_GT(clocks.late_gradients, 5);
    const double parameters = static_cast<double>(bytes[0]) / 200;
    EXPECT_LT(static_cast<double>(bytes[1]),
              parameters * static_cast<double>(clocks.late_gradients + 3));
  }
}

class DataParallelTrace : public ::testing::TestWithParam<int> {};

TEST_P(DataParallelTrace, HasTheObjectiveThatARunOfThatLengthEndsWith) {
  SimCluster::Config config = MakeConfig({"bsp", 0, 0, GetParam()}, 20);
  config.run.trace = 6;
  const RunResult traced = RunOf(config);
  EXPECT_EQ(traced.summary.objective, RunOf(MakeConfig({"bsp"}, 20)).summary.objective);
  const auto& trace = traced.summary.clocks->trace;
  ASSERT_EQ(trace.size(), 4u);
  const Toy::Options problem = Descent::Options{}.problem();
  const double null = Toy::Objective(problem, Eigen::VectorXd::Zero(problem.columns));
  EXPECT_NEAR(trace[0].objective, null, 1e-12 * null);
  for (size_t i = 1; i < trace.size(); ++i) {
    EXPECT_EQ(trace[i].round, 6 * static_cast<int64_t>(i));
    EXPECT_GT(trace[i].seconds, trace[i - 1].seconds);
    // The penalty is a sum over holders.
    const double objective = RunOf(MakeConfig({"bsp"}, trace[i].round)).summary.objective;
    EXPECT_NEAR(trace[i].objective, objective, GetParam() > 0 ? 1e-14 * objective : 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Holders, DataParallelTrace, ::testing::Values(0, 1, 3));

TEST(DataParallel, RefusesOptionsOfOtherPatternsBeforeAnyoneJoins) {
  SimCluster::Config config = MakeConfig({"bsp"}, 5);
  config.run.schedulers = 1;
  EXPECT_THROW(SimCluster(DescentProgram(), config), Error);
  EXPECT_THROW(SimCluster(DescentProgram(), MakeConfig({"bsp", 3}, 5)), Error);
  EXPECT_THROW(SimCluster(ToyProgram(), MakeConfig({"ssp", 3}, 5)), Error);
  config = MakeConfig({"bsp", 0, 0, 1}, 5);
  config.run.workers = 4096;
  EXPECT_THROW(SimCluster(DescentProgram(), config), Error) << "a begin has 4097 parts";
  EXPECT_THROW(SimCluster(ToyProgram(), MakeConfig({"bsp", 0, 0, 1}, 5)), Error);
}

}  // namespace
}  // namespace strads::testing
