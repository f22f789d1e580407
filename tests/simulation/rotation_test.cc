#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "tests/support/rotating_app.h"
#include "tests/support/sim_cluster.h"

namespace strads::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using wire::Seconds;

constexpr int64_t kRounds = 30;
const wire::Faults kLossy = {.drop = 0.1, .duplicate = 0.1, .max_delay = Seconds(0.05)};

SimCluster::Config MakeConfig(Rotating::Options& options, int workers) {
  options.workers = workers;
  SimCluster::Config config;
  config.run.workers = workers;
  config.run.max_rounds = kRounds;
  config.run.tolerance = 0;
  config.run.join_timeout = 30;
  config.run.round_timeout = 60;
  config.values = ToValues(options);
  return config;
}

Rotating::Model ModelOf(const SimCluster& cluster) {
  const RunResult result = cluster.Result();
  EXPECT_TRUE(result.complete);
  return Unpack<Rotating::Model>(result.model);
}

int64_t Sum(const std::vector<int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

TEST(Rotation, EveryBlockGoesWhereThePlansSayWhateverTheNetworkDoes) {
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const int workers = 1 + static_cast<int>(seed % 5);
    Rotating::Options options{.num_blocks = workers + static_cast<int>(seed % 3),
                              .seed = static_cast<int64_t>(seed),
                              .plain_every = seed % 4 == 0 ? 3 : 0};
    SimCluster::Config config = MakeConfig(options, workers);
    config.run.schedulers = static_cast<int>(seed % 3);
    config.run.staleness = static_cast<int>(seed % 2) * 3;
    config.faults = kLossy;
    config.seed = seed;
    SimCluster cluster(RotatingProgram(), config);
    cluster.AddAll();
    ASSERT_NO_THROW(cluster.Run());
    const Rotating::Model model = ModelOf(cluster);
    EXPECT_EQ(model.rounds, kRounds);
    // Rounds that were pushed ahead of the last one are done too.
    const auto least = Rotating::VisitsOf(options, kRounds);
    const auto most = Rotating::VisitsOf(options, kRounds + config.run.staleness);
    ASSERT_EQ(model.visits.size(), most.size());
    for (const auto& [block, visits] : model.visits) {
      EXPECT_GE(visits.size(), least.at(block).size());
      ASSERT_LE(visits.size(), most.at(block).size());
      EXPECT_TRUE(std::ranges::equal(visits, std::span(most.at(block)).first(visits.size())))
          << "block " << block;
    }
    std::vector<int64_t> shares = model.shares, expected;
    for (int rank = 0; rank < workers; ++rank) {
      for (int part = 0; part < options.num_shares; ++part) expected.push_back(100 * rank + part);
    }
    std::ranges::sort(shares);
    EXPECT_EQ(shares, expected);
  }
}

TEST(Rotation, WhoeverIsDoneEarlyExtendsUntilTheSlowestIsDone) {
  Rotating::Options options{.num_blocks = 3, .extend = true};
  const SimCluster::Config config = MakeConfig(options, 3);
  SimCluster cluster(RotatingProgram(), config);
  // Ranks are given in order of arrival.
  wire::MemberOptions worker;
  worker.extend_takes = Seconds(0.01);
  worker.push_takes = Seconds(0.1);
  cluster.AddWorker(Seconds(0), worker);
  cluster.AddWorker(Seconds(1), worker);
  worker.push_takes = Seconds(0.4);
  cluster.AddWorker(Seconds(2), worker);
  ASSERT_NO_THROW(cluster.Run());
  const Rotating::Model model = ModelOf(cluster);
  EXPECT_EQ(model.visits, Rotating::VisitsOf(options, kRounds));
  ASSERT_EQ(std::ssize(model.extended), 3 * kRounds);
  for (size_t i = 0; i < model.extended.size(); i += 3) {
    // 0.3 s of waiting, 0.01 s for each: the slowest has nothing to wait for.
    EXPECT_NEAR(static_cast<double>(model.extended[i]), 29, 1);
    EXPECT_NEAR(static_cast<double>(model.extended[i + 1]), 29, 1);
    EXPECT_EQ(model.extended[i + 2], 0);
  }
  int64_t of_blocks = 0;
  for (const auto& [block, extended] : model.block_extended) of_blocks += Sum(extended);
  EXPECT_EQ(of_blocks, Sum(model.extended));
}

TEST(Rotation, ExtendedRoundsSurviveALossyNetwork) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rotating::Options options{.num_blocks = 4, .seed = 5, .extend = true};
    SimCluster::Config config = MakeConfig(options, 3);
    config.faults = kLossy;
    config.seed = seed;
    config.run.staleness = seed % 2 == 0 ? 2 : 0;
    wire::MemberOptions worker;
    worker.extend_takes = Seconds(0.01);
    SimCluster cluster(RotatingProgram(), config);
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(0), worker);
    ASSERT_NO_THROW(cluster.Run());
    const Rotating::Model model = ModelOf(cluster);
    int64_t visits = 0;
    for (const auto& [block, of_block] : model.visits) visits += std::ssize(of_block);
    EXPECT_GE(visits, 3 * kRounds);
  }
}

TEST(Rotation, ALostWorkerEndsTheRunByNameAndLeavesNoModel) {
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rotating::Options options{.num_blocks = 5, .extend = seed % 2 == 0};
    SimCluster::Config config = MakeConfig(options, 3);
    config.run.max_rounds = 1'000'000;
    config.faults = kLossy;
    config.seed = seed;
    wire::MemberOptions worker;
    worker.extend_takes = worker.push_takes = Seconds(0.02);
    SimCluster cluster(RotatingProgram(), config);
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(3 * i), worker);
    Random random(seed, 9);
    auto& victim = cluster.actor("worker-" + std::to_string(random.Below(3)));
    cluster.At(Seconds(12 + 5 * random.Uniform()),
               [&] { seed % 4 < 2 ? cluster.Crash(victim) : cluster.Kill(victim); });
    ASSERT_NO_THROW(cluster.Run());
    const RunResult result = cluster.Result();
    EXPECT_EQ(result.summary.termination, Termination::kWorkerLost);
    EXPECT_THAT(result.summary.message, HasSubstr("worker " + victim.name.substr(7)));
    EXPECT_FALSE(result.complete);
    EXPECT_TRUE(result.model.empty());
  }
}

TEST(Rotation, WorkersThatAreCutOffFromEachOtherGoOnAfterwardsOrAreNamed) {
  for (const double seconds : {1.0, 4.0, 30.0}) {
    SCOPED_TRACE(seconds);
    Rotating::Options options{.num_blocks = 3};
    SimCluster::Config config = MakeConfig(options, 3);
    wire::MemberOptions worker;
    worker.push_takes = Seconds(0.2);
    SimCluster cluster(RotatingProgram(), config);
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(i), worker);
    auto& a = cluster.actor("worker-1");
    auto& b = cluster.actor("worker-2");
    cluster.At(Seconds(5), [&] { cluster.Cut(a, b); });
    cluster.At(Seconds(5 + seconds), [&] { cluster.Heal(a, b); });
    ASSERT_NO_THROW(cluster.Run());
    if (seconds < config.run.peer_timeout) {
      EXPECT_EQ(ModelOf(cluster).visits, Rotating::VisitsOf(options, kRounds));
    } else {
      const Summary summary = cluster.Result().summary;
      EXPECT_EQ(summary.termination, Termination::kWorkerLost);
      EXPECT_THAT(summary.message, AnyOf(HasSubstr("lost worker 1"), HasSubstr("lost worker 2")));
    }
  }
}

TEST(Rotation, APlanThatWouldDoubleABlockFailsTheRunAndSaysWhich) {
  Rotating::Options options{.num_blocks = 3, .bad_round = 7};
  SimCluster cluster(RotatingProgram(), MakeConfig(options, 3));
  cluster.AddAll();
  ASSERT_NO_THROW(cluster.Run());
  EXPECT_THAT(cluster.Result().summary.message, HasSubstr("a plan gives block"));
  EXPECT_EQ(cluster.Result().summary.rounds, 7);
}

}  // namespace
}  // namespace strads::testing
