#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>

#include "tests/support/descent_app.h"
#include "tests/support/sim_cluster.h"

namespace strads::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using wire::Seconds;

const wire::Faults kLossy = {.drop = 0.1, .duplicate = 0.1, .max_delay = Seconds(0.05)};

struct Policy {
  std::string consistency;
  int staleness = 0;
  int backup_workers = 0;

  friend void PrintTo(const Policy& policy, std::ostream* out) {
    *out << policy.consistency << policy.staleness;
  }
};

SimCluster::Config MakeConfig(const Policy& policy, int64_t max_rounds) {
  SimCluster::Config config;
  config.run.workers = 3;
  config.run.consistency = policy.consistency;
  config.run.staleness = policy.staleness;
  config.run.backup_workers = policy.backup_workers;
  config.run.max_rounds = max_rounds;
  config.run.delay_mean = 0.02;
  config.run.join_timeout = 60;
  config.run.load_timeout = 120;
  config.run.round_timeout = 60;
  return config;
}

// One worker takes `slowness` times as long as the others.
void AddWorkers(SimCluster& cluster, int workers, double slowness) {
  for (int i = 0; i < workers; ++i) {
    wire::MemberOptions options;
    options.push_takes = Seconds(i == 1 ? 0.02 * slowness : 0.02);
    cluster.AddWorker(Seconds(0.5 * i), options);
  }
}

RunResult RunOf(const SimCluster::Config& config, double slowness = 4) {
  SimCluster cluster(DescentProgram(), config);
  AddWorkers(cluster, config.run.workers, slowness);
  cluster.Run();
  return cluster.Result();
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
    EXPECT_EQ(model.pulled, 30 * (3 - GetParam().backup_workers));
    EXPECT_EQ(observed.total(), 2 * model.pulled);
    if (GetParam().consistency == "backup") {
      // The app counts gradients of its own; those of clocks that were left out never come.
      EXPECT_EQ(observed.max(), 0);
      EXPECT_EQ(observed.variance(), 0);
      continue;
    }
    EXPECT_EQ(observed.max(), model.staleness_max);
    EXPECT_NEAR(observed.mean() * static_cast<double>(observed.total()),
                static_cast<double>(model.staleness_sum), 1e-6);
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
    // Ranks are given in order of arrival: one comes after the other, so that names are ranks.
    for (int i = 0; i < 3; ++i) {
      wire::MemberOptions options;
      options.push_takes = Seconds(0.02);
      cluster.AddWorker(Seconds(3.0 * i), options);
    }
    Random random(seed, 9);
    const auto rank = random.Below(3);
    auto& victim = cluster.actor("worker-" + std::to_string(rank));
    cluster.At(Seconds(5 + 15 * random.Uniform()),
               [&] { seed % 2 == 0 ? cluster.Crash(victim) : cluster.Kill(victim); });
    ASSERT_NO_THROW(cluster.Run());
    const std::string name = "worker " + std::to_string(rank) + " ";
    try {
      const RunResult result = cluster.Result();
      EXPECT_EQ(result.summary.rounds, rounds);
      EXPECT_TRUE(result.complete);
      EXPECT_EQ(std::ssize(Unpack<Descent::Model>(result.model).parameters().clocks), 3);
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

INSTANTIATE_TEST_SUITE_P(,
                         DataParallelPolicy,
                         ::testing::Values(Policy{"bsp"},
                                           Policy{"ssp", 0},
                                           Policy{"ssp", 3},
                                           Policy{"ssp", 10},
                                           Policy{"essp", 1},
                                           Policy{"essp", 10},
                                           Policy{"async"},
                                           Policy{"backup", 0, 1}),
                         [](const auto& tested) {
                           return tested.param.consistency + std::to_string(tested.param.staleness);
                         });

TEST(DataParallel, BspEndsWithTheBytesOfTheUndisturbedRun) {
  const RunResult expected = RunOf(MakeConfig({"bsp"}, 30));
  EXPECT_EQ(expected.summary.rounds, 30);
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimCluster::Config config = MakeConfig({"bsp"}, 30);
    config.run.seed = static_cast<int64_t>(seed);  // of delays
    config.seed = seed;
    config.faults = kLossy;
    ASSERT_EQ(RunOf(config).model.view(), expected.model.view()) << "seed " << seed;
  }
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

TEST(DataParallel, TracesTheObjectiveThatARunOfThatLengthEndsWith) {
  SimCluster::Config config = MakeConfig({"bsp"}, 20);
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
    EXPECT_EQ(trace[i].objective, RunOf(MakeConfig({"bsp"}, trace[i].round)).summary.objective);
  }
}

TEST(DataParallel, RefusesOptionsOfOtherPatternsBeforeAnyoneJoins) {
  SimCluster::Config config = MakeConfig({"bsp"}, 5);
  config.run.schedulers = 1;
  EXPECT_THROW(SimCluster(DescentProgram(), config), Error);
  EXPECT_THROW(SimCluster(DescentProgram(), MakeConfig({"bsp", 3}, 5)), Error);
  EXPECT_THROW(SimCluster(ToyProgram(), MakeConfig({"ssp", 3}, 5)), Error);
}

}  // namespace
}  // namespace strads::testing
