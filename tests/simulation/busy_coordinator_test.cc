// What the coordinator's own thread computes, its pulls and the share of worker 0 beside it, keeps
// it from reading what others have answered. That is no fault of theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/sim_cluster.h"
#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using wire::Seconds;

constexpr double kTimeout = 10;

SimCluster::Config MakeConfig(int staleness, uint64_t seed) {
  SimCluster::Config config;
  config.run.workers = 3;
  config.run.staleness = staleness;
  config.run.max_rounds = 12;
  config.run.tolerance = 0;
  config.run.round_timeout = kTimeout;
  config.seed = seed;
  return config;
}

// Calls `act` before each push.
class Watched final : public WorkerRole {
 public:
  Watched(std::unique_ptr<WorkerRole> worker, std::function<void()> act)
      : worker_(std::move(worker)), act_(std::move(act)) {}
  Bytes Push(const Bytes& plan) override {
    act_();
    return worker_->Push(plan);
  }
  void Sync(const Bytes& update) override { worker_->Sync(update); }
  double Loss() const override { return worker_->Loss(); }

 private:
  const std::unique_ptr<WorkerRole> worker_;
  const std::function<void()> act_;
};

TEST(BusyCoordinator, NoOneIsLostToALongPushOfWorkerZero) {
  for (const int staleness : {0, 2}) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      SCOPED_TRACE("staleness " + std::to_string(staleness) + ", seed " + std::to_string(seed));
      SimCluster* running = nullptr;
      Program program = ToyProgram();
      program.make_worker = [&running, make = program.make_worker](
                                const Bytes& options, Shard shard) -> std::unique_ptr<WorkerRole> {
        auto worker = make(options, shard);
        if (shard.rank != 0) return worker;
        return std::make_unique<Watched>(std::move(worker),
                                         [&running] { running->Compute(Seconds(3 * kTimeout)); });
      };
      SimCluster cluster(program, MakeConfig(staleness, seed));
      running = &cluster;
      cluster.AddAll();
      cluster.Run();
      EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds)
          << cluster.Result().summary.message;
    }
  }
}

TEST(BusyCoordinator, NoOneIsLostToALongPull) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimCluster* running = nullptr;
    SimCluster::Config config = MakeConfig(2, seed);
    config.hooks.on_round = [&](const RoundRecord&) { running->Compute(Seconds(3 * kTimeout)); };
    SimCluster cluster(ToyProgram(), config);
    running = &cluster;
    cluster.AddAll();
    cluster.Run();
    EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds)
        << cluster.Result().summary.message;
  }
}

// It has asked for signs of life, and then does not look whether there are any.
TEST(BusyCoordinator, NoOneIsLostToATimeInWhichItDidNotLook) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimCluster* running = nullptr;
    SimCluster::Config config = MakeConfig(0, seed);
    config.hooks.on_round = [&](const RoundRecord& record) {
      if (record.round != 2) return;
      running->At(running->Now() + Seconds(0.6 * kTimeout),
                  [&] { running->Compute(Seconds(3 * kTimeout)); });
    };
    SimCluster cluster(ToyProgram(), config);
    running = &cluster;
    wire::MemberOptions slow;
    slow.push_takes = Seconds(0.7 * kTimeout);
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(0), slow);
    cluster.Run();
    EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds)
        << cluster.Result().summary.message;
  }
}

TEST(BusyCoordinator, WhoIsSilentIsNamedThoughPullsAreLong) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimCluster* running = nullptr;
    SimCluster::Config config = MakeConfig(2, seed);
    config.run.peer_timeout = 1e6;
    config.hooks.on_round = [&](const RoundRecord& record) {
      running->Compute(Seconds(3 * kTimeout));
      if (record.round == 3) running->Crash(running->actor("worker-1"));
    };
    SimCluster cluster(ToyProgram(), config);
    running = &cluster;
    for (int i = 0; i < 3; ++i) cluster.AddWorker(Seconds(i));  // so that names are ranks
    cluster.Run();
    EXPECT_EQ(cluster.Result().summary.termination, Termination::kWorkerLost);
    EXPECT_THAT(cluster.Result().summary.message, HasSubstr("worker 1 "));
    EXPECT_THAT(cluster.Result().summary.message, HasSubstr("--round_timeout"));
  }
}

}  // namespace
}  // namespace strads::testing
