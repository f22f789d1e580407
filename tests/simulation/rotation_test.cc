#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/block_watch.h"
#include "tests/support/rotating_app.h"
#include "tests/support/sim_cluster.h"

namespace strads::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
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
  const RunResult& result = cluster.Result();
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
    BlockWatch watch;
    SimCluster cluster(watch.Watched(RotatingProgram()), config);
    cluster.AddAll();
    ASSERT_NO_THROW(cluster.Run());
    const Rotating::Model model = ModelOf(cluster);
    EXPECT_EQ(model.rounds, kRounds);
    EXPECT_EQ(model.visits, Rotating::VisitsOf(options, kRounds));
    std::vector<int64_t> shares;  // in rank order, whoever was first
    for (int rank = 0; rank < workers; ++rank) {
      for (int part = 0; part < options.num_shares; ++part) shares.push_back(100 * rank + part);
    }
    EXPECT_EQ(model.shares, shares);
    EXPECT_THAT(watch.problems(), IsEmpty());
    EXPECT_EQ(watch.collected(), options.num_blocks);
  }
}

// Rounds that were under way when the model said that it is done are in its blocks: as many
// whatever the network does.
TEST(Rotation, TheModelIsThatOfItsRoundsHoweverTheRunEnds) {
  constexpr int kDone = 7;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const bool stops = seed % 2 == 0;  // by the user's wish
    Rotating::Options options{.num_blocks = 4, .done_after = stops ? 0 : kDone};
    SimCluster::Config config = MakeConfig(options, 3);
    config.run.staleness = 1 + static_cast<int>(seed % 3);
    config.run.max_rounds = seed % 5 == 0 ? kDone + 1 : 0;
    config.faults = kLossy;
    config.seed = seed;
    std::atomic<bool> stop = false;
    config.hooks.stop = &stop;
    config.hooks.on_round = [&](const RoundRecord& record) {
      stop = stops && record.round + 1 >= kDone;
    };
    SimCluster cluster(RotatingProgram(), config);
    cluster.AddAll();
    ASSERT_NO_THROW(cluster.Run());
    const Rotating::Model model = ModelOf(cluster);
    EXPECT_EQ(cluster.Result().summary.rounds, model.rounds);
    EXPECT_EQ(model.visits, Rotating::VisitsOf(options, model.rounds));
    EXPECT_EQ(model.rounds, kDone + (seed % 5 == 0 ? 1 : config.run.staleness));
    EXPECT_EQ(cluster.Result().summary.termination,
              stops ? Termination::kUserStop : Termination::kConverged);
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

// A pass over a block in 8 parts, and one of two workers of a quarter of the speed.
TEST(Rotation, BesideAWorkerOfAQuarterOfTheSpeedTheOtherDoesThreeMoreSharesInTheSameTime) {
  constexpr double kShare = 0.1, kDelay = 0.001, kSlow = 4;
  constexpr int kParts = 8;
  Rotating::Options options{.num_blocks = 4, .extend = true};
  SimCluster::Config config = MakeConfig(options, 2);
  config.faults = {.min_delay = Seconds(kDelay), .max_delay = Seconds(kDelay)};
  SimCluster* running = nullptr;
  std::vector<double> ends;
  config.hooks.on_round = [&](const RoundRecord&) {
    ends.push_back(wire::ToSeconds(running->Now()));
  };
  SimCluster cluster(RotatingProgram(), config);
  running = &cluster;
  for (const double factor : {1.0, kSlow}) {
    wire::MemberOptions worker;
    worker.push_takes = Seconds(factor * kShare);
    worker.extend_takes = Seconds(factor * kShare / kParts);
    cluster.AddWorker(Seconds(factor), worker);
  }
  ASSERT_NO_THROW(cluster.Run());
  const Rotating::Model model = ModelOf(cluster);
  EXPECT_EQ(model.visits, Rotating::VisitsOf(options, kRounds));
  ASSERT_EQ(std::ssize(model.extended), 2 * kRounds);
  for (size_t i = 0; i < model.extended.size(); i += 2) {
    EXPECT_NEAR(static_cast<double>(model.extended[i]), 3 * kParts, 1);
    EXPECT_LE(model.extended[i + 1], 1);
  }
  for (size_t t = 1; t < ends.size(); ++t) {
    // A push, its end told and answered, and the partial sent, beside a part that was begun.
    EXPECT_LE(ends[t] - ends[t - 1], kSlow * kShare * (1 + 1.0 / kParts) + 4 * kDelay + 1e-6);
  }
}

TEST(Rotation, AWorkerWithoutABlockDoesNotKeepTheOthersExtending) {
  for (const int blocks : {1, 2}) {
    Rotating::Options options{.num_blocks = blocks, .extend = true};
    SimCluster cluster(RotatingProgram(), MakeConfig(options, 3));
    wire::MemberOptions worker;
    worker.push_takes = worker.extend_takes = Seconds(0.1);
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(0), worker);
    ASSERT_NO_THROW(cluster.Run());
    EXPECT_EQ(ModelOf(cluster).visits, Rotating::VisitsOf(options, kRounds));
    EXPECT_LT(cluster.Now(), Seconds(0.2 * kRounds + 1));
  }
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
    BlockWatch watch;
    SimCluster cluster(watch.Watched(RotatingProgram()), config);
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(3 * i), worker);
    Random random(seed, 9);
    auto& victim = cluster.actor("worker-" + std::to_string(random.Below(3)));
    cluster.At(Seconds(12 + 5 * random.Uniform()),
               [&] { seed % 4 < 2 ? cluster.Crash(victim) : cluster.Kill(victim); });
    ASSERT_NO_THROW(cluster.Run());
    const RunResult& result = cluster.Result();
    EXPECT_EQ(result.summary.termination, Termination::kWorkerLost);
    EXPECT_THAT(result.summary.message, HasSubstr("worker " + victim.name.substr(7)));
    EXPECT_FALSE(result.complete);
    EXPECT_TRUE(result.model.empty());
    EXPECT_THAT(watch.problems(), IsEmpty());
    EXPECT_GT(watch.moves(), 0);
  }
}

// What a run of three workers comes to if one of them dies at a moment drawn by the seed, anywhere
// from its start to its end.
void LoseAWorker(uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Rotating::Options options{.num_blocks = 3 + static_cast<int>(seed % 4), .seed = 2};
  SimCluster::Config config = MakeConfig(options, 3);
  config.run.schedulers = static_cast<int>(seed % 2);
  config.run.staleness = seed % 3 == 0 ? 2 : 0;
  config.run.load_timeout = 60;
  SimCluster undisturbed(RotatingProgram(), config);
  undisturbed.AddAll();
  undisturbed.Run();

  config.faults = kLossy;
  config.seed = seed;
  BlockWatch watch;
  const auto set_up = [&](SimCluster& cluster) {
    // Ranks are given in order of arrival: one comes after the other, so that names are ranks.
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(3 * i));
    if (config.run.schedulers > 0) cluster.AddScheduler();
  };
  SimCluster lossy(RotatingProgram(), config);
  set_up(lossy);
  lossy.Run();
  EXPECT_EQ(lossy.Result().model.view(), undisturbed.Result().model.view());

  SimCluster cluster(watch.Watched(RotatingProgram()), config);
  set_up(cluster);
  Random random(seed, 9);
  const std::string rank = std::to_string(random.Below(3));
  auto& victim = cluster.actor("worker-" + rank);
  cluster.At(Seconds(wire::ToSeconds(lossy.Now()) * random.Uniform()),
             [&] { seed % 4 < 2 ? cluster.Crash(victim) : cluster.Kill(victim); });
  ASSERT_NO_THROW(cluster.Run());
  EXPECT_THAT(watch.problems(), IsEmpty());
  try {
    const RunResult& result = cluster.Result();
    if (result.summary.termination == Termination::kMaxRounds) {  // it outlived the model
      EXPECT_EQ(result.model.view(), undisturbed.Result().model.view());
      return;
    }
    EXPECT_EQ(result.summary.termination, Termination::kWorkerLost);
    EXPECT_THAT(result.summary.message, HasSubstr("worker " + rank + " "));
    EXPECT_FALSE(result.complete);
    EXPECT_TRUE(result.model.empty());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPeer);
    EXPECT_THAT(error.what(),
                AnyOf(HasSubstr("worker " + rank + " "), HasSubstr("--join_timeout")));
  }
}

TEST(Rotation, AWorkerThatDiesAtAnyMomentLeavesTheBytesOfTheUndisturbedRunOrIsNamed) {
  for (uint64_t seed = 1; seed <= 120; ++seed) LoseAWorker(seed);
}

TEST(Rotation, AWorkerThatFallsSilentWhileTheModelIsCollectedIsNamed) {
  Rotating::Options options{.num_blocks = 4, .num_shares = 5};
  SimCluster::Config config = MakeConfig(options, 3);
  config.faults = {.min_delay = Seconds(0.01), .max_delay = Seconds(0.01)};
  SimCluster* running = nullptr;
  config.hooks.on_round = [&](const RoundRecord& record) {
    if (record.round + 1 == kRounds)
      running->At(running->Now() + Seconds(0.035),
                  [&] { running->Crash(running->actor("worker-1")); });
  };
  SimCluster cluster(RotatingProgram(), config);
  running = &cluster;
  for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(i));
  ASSERT_NO_THROW(cluster.Run());
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kWorkerLost);
  EXPECT_THAT(cluster.Result().summary.message, HasSubstr("worker 1 "));
}

TEST(Rotation, AWorkerThatAnotherCannotReachIsNamedWithWhereItListens) {
  Rotating::Options options{.num_blocks = 3};
  SimCluster::Config config = MakeConfig(options, 3);
  SimCluster cluster(RotatingProgram(), config);
  for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(i));
  cluster.At(Seconds(1.5), [&] { cluster.actor("worker-1").transport->Swallow("worker-2"); });
  ASSERT_NO_THROW(cluster.Run());
  EXPECT_LT(cluster.Now(), Seconds(2 + config.run.join_timeout + 10));
  std::string message;
  try {
    message = cluster.Result().summary.message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPeer);
    message = error.what();
  }
  EXPECT_THAT(message, HasSubstr("worker 1 has not reached worker 2 (process"));
  EXPECT_THAT(message, HasSubstr("at worker-2 within 30 s (--join_timeout)"));
}

TEST(Rotation, WhatStrangersSendToWorkersIsDroppedAndCounted) {
  Rotating::Options options{.num_blocks = 4};
  SimCluster::Config config = MakeConfig(options, 3);
  config.faults = {.min_delay = Seconds(0.01), .max_delay = Seconds(0.01)};
  BlockWatch watch;
  SimCluster cluster(watch.Watched(RotatingProgram()), config);
  cluster.AddAll();
  wire::Doorbell bell;
  wire::InprocTransport stranger(cluster.network(), "stranger", bell);
  int64_t sent = 0;
  const auto send = [&] {
    for (const char* worker : {"worker-0", "worker-1", "worker-2"}) {
      for (uint16_t kind = 1; kind <= 32; ++kind) {
        for (const uint16_t version : {uint16_t{0}, uint16_t{1}}) {
          wire::Frame frame;
          frame.header.kind = static_cast<wire::FrameKind>(kind);
          frame.header.version = static_cast<uint16_t>(wire::FrameHeader::kVersion + version);
          frame.header.run_id = 77;
          frame.header.sequence = kind % 2;
          frame.parts = {Pack(wire::ShareHead{1}), Bytes::Copy("x")};
          stranger.Send(worker, frame);
          ++sent;
        }
      }
    }
  };
  for (int i = 1; i <= 20; ++i) cluster.At(Seconds(0.012 * i), send);
  ASSERT_NO_THROW(cluster.Run());
  EXPECT_EQ(ModelOf(cluster).visits, Rotating::VisitsOf(options, kRounds));
  EXPECT_EQ(cluster.Result().summary.frames_dropped, sent);
  EXPECT_THAT(watch.problems(), IsEmpty());
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
