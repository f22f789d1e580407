#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "tests/support/sim_cluster.h"
#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using wire::Seconds;

const wire::Faults kLossy = {.drop = 0.1, .duplicate = 0.1, .max_delay = Seconds(0.05)};

SimCluster::Config MakeConfig(int workers, int schedulers) {
  SimCluster::Config config;
  config.run.workers = workers;
  config.run.schedulers = schedulers;
  config.run.max_rounds = 40;
  config.run.tolerance = 0;
  config.run.join_timeout = 30;
  config.run.load_timeout = 60;
  config.run.round_timeout = 60;
  return config;
}

// Says from its first round on that it has diverged.
class Diverged final : public ModelRole {
 public:
  explicit Diverged(std::unique_ptr<ModelRole> model) : model_(std::move(model)) {}
  Bytes Pull(const Bytes& plan, std::span<const Bytes> partials) override {
    return model_->Pull(plan, partials);
  }
  strads::Report Report() const override {
    strads::Report report = model_->Report();
    report.has_diverged = true;
    return report;
  }
  Bytes Save() const override { return model_->Save(); }

 private:
  const std::unique_ptr<ModelRole> model_;
};

// What the run ends with: an Error, or a result.
struct Outcome {
  std::optional<Error> error;
  std::optional<RunResult> result;
};

Outcome OutcomeOf(SimCluster& cluster) {
  Outcome outcome;
  try {
    outcome.result = cluster.TakeResult();
  } catch (const Error& error) {
    outcome.error = error;
  }
  return outcome;
}

enum class Death { kSilence, kBrokenConnection };

// Ends one member's life at a random moment of a run, and checks how the run ends.
void LoseAMember(const std::string& role, Death death, uint64_t seed) {
  SCOPED_TRACE(role + ", seed " + std::to_string(seed));
  SimCluster::Config config = MakeConfig(3, role == "scheduler" ? 2 : static_cast<int>(seed % 2));
  config.run.staleness = seed % 3 == 0 ? 2 : 0;
  config.faults = kLossy;
  config.seed = seed;
  int64_t rounds = 0;
  config.hooks.on_round = [&](const RoundRecord& record) { rounds = record.round + 1; };
  // Ranks are given in order of arrival: one comes after the other, so that names are ranks.
  SimCluster cluster(ToyProgram(), config);
  for (int i = 0; i < config.run.workers; ++i) cluster.AddWorker(Seconds(3.0 * i));
  for (int i = 0; i < config.run.schedulers; ++i) cluster.AddScheduler(Seconds(3.0 * i));
  Random random(seed, 9);
  const auto index = random.Below(role == "scheduler" ? 2 : 3);
  auto& victim = cluster.actor(role + "-" + std::to_string(index));
  cluster.At(Seconds(16 * random.Uniform()),
             [&] { death == Death::kSilence ? cluster.Crash(victim) : cluster.Kill(victim); });
  ASSERT_NO_THROW(cluster.Run());
  const Outcome outcome = OutcomeOf(cluster);
  const std::string name = role + " " + std::to_string(index) + " ";
  if (outcome.error) {
    EXPECT_EQ(outcome.error->kind(), ErrorKind::kPeer);
    EXPECT_THAT(outcome.error->what(),
                AnyOf(HasSubstr(name), HasSubstr("--join_timeout"), HasSubstr("--load_timeout")));
    EXPECT_EQ(rounds, 0);
    return;
  }
  const Summary& summary = outcome.result->summary;
  EXPECT_EQ(summary.rounds, rounds);
  if (summary.termination == Termination::kMaxRounds) return;  // it outlived the run
  ASSERT_EQ(summary.termination, Termination::kWorkerLost);
  EXPECT_THAT(summary.message, HasSubstr(name));
  EXPECT_LT(rounds, config.run.max_rounds);
  if (rounds == 0) return;
  // The model is that of the last complete round.
  SimCluster::Config bounded = config;
  bounded.faults = {};
  bounded.hooks = {};
  bounded.run.max_rounds = rounds;
  SimCluster undisturbed(ToyProgram(), bounded);
  undisturbed.AddAll();
  undisturbed.Run();
  EXPECT_EQ(outcome.result->model.view(), undisturbed.Result().model.view());
}

TEST(Failures, AWorkerThatFallsSilentIsNamed) {
  for (uint64_t seed = 1; seed <= 100; ++seed) LoseAMember("worker", Death::kSilence, seed);
}
TEST(Failures, AWorkerThatDiesIsNamed) {
  for (uint64_t seed = 1; seed <= 100; ++seed)
    LoseAMember("worker", Death::kBrokenConnection, seed);
}
TEST(Failures, ASchedulerThatFallsSilentIsNamed) {
  for (uint64_t seed = 1; seed <= 60; ++seed) LoseAMember("scheduler", Death::kSilence, seed);
}
TEST(Failures, ASchedulerThatDiesIsNamed) {
  for (uint64_t seed = 1; seed <= 60; ++seed)
    LoseAMember("scheduler", Death::kBrokenConnection, seed);
}

TEST(Failures, AWorkerWhoseConnectionBreaksIsLostAfterThePeerTimeoutAndNotTheRoundTimeout) {
  SimCluster::Config config = MakeConfig(2, 0);
  config.run.max_rounds = 0;
  config.faults = kLossy;
  SimCluster cluster(ToyProgram(), config);
  cluster.AddAll();
  cluster.At(Seconds(2), [&] { cluster.Kill(cluster.actor("worker-1")); });
  cluster.Run();
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kWorkerLost);
  EXPECT_LT(cluster.Now(), Seconds(2 + 4 * config.run.peer_timeout));
}

TEST(Failures, MembersLeaveWhenTheirCoordinatorDies) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimCluster::Config config = MakeConfig(3, 1);
    config.faults = kLossy;
    config.seed = seed;
    config.run.max_rounds = 0;
    SimCluster cluster(ToyProgram(), config);
    cluster.AddAll();
    cluster.At(Seconds(2), [&] { cluster.Kill(cluster.coordinator()); });
    cluster.Run();
    for (const std::string name : {"worker-0", "worker-1", "worker-2", "scheduler-0"}) {
      ASSERT_TRUE(cluster.actor(name).error) << name;
      EXPECT_EQ(cluster.actor(name).error->kind(), ErrorKind::kPeer);
    }
  }
}

TEST(Failures, AWorkerThatNeverJoinsEndsTheWaitAfterTheJoinTimeout) {
  SimCluster::Config config = MakeConfig(3, 0);
  config.faults = kLossy;
  SimCluster cluster(ToyProgram(), config);
  cluster.AddWorker();
  cluster.AddWorker();
  cluster.Run();
  const Outcome outcome = OutcomeOf(cluster);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind(), ErrorKind::kPeer);
  EXPECT_THAT(outcome.error->what(), HasSubstr("2 of 3 workers"));
  EXPECT_THAT(outcome.error->what(), HasSubstr("--join_timeout"));
  EXPECT_TRUE(cluster.actor("worker-0").error) << "a worker does not know that the run is off";
}

TEST(Failures, AWorkerWithoutACoordinatorGivesUpAfterTheJoinTimeout) {
  SimCluster cluster(ToyProgram(), MakeConfig(1, 0));
  cluster.AddWorker();
  cluster.Kill(cluster.coordinator());
  cluster.Run();
  ASSERT_TRUE(cluster.actor("worker-0").error);
  EXPECT_EQ(cluster.actor("worker-0").error->kind(), ErrorKind::kPeer);
  EXPECT_THAT(cluster.actor("worker-0").error->what(), HasSubstr("--join_timeout"));
}

TEST(Failures, AnErrorOfAWorkersConstructorEndsTheRunWithItsKind) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SimCluster::Config config = MakeConfig(3, static_cast<int>(seed % 3));
    config.values = {{"bad_shard", std::to_string(seed % 3)}};
    config.faults = kLossy;
    config.faults.drop = 0;
    config.seed = seed;
    SimCluster cluster(ToyProgram(), config);
    cluster.AddAll();
    cluster.Run();
    const Outcome outcome = OutcomeOf(cluster);
    ASSERT_TRUE(outcome.error) << "seed " << seed;
    EXPECT_EQ(outcome.error->kind(), ErrorKind::kData);
    EXPECT_THAT(outcome.error->what(), HasSubstr("toy:7: no data"));
  }
}

TEST(Failures, ADataErrorOfAWorkerInARoundEndsTheRunWithItsKind) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimCluster::Config config = MakeConfig(3, 0);
    config.values = {{"bad_shard", "1"}, {"bad_round", "5"}};
    config.faults = kLossy;
    config.seed = seed;
    SimCluster cluster(ToyProgram(), config);
    cluster.AddAll();
    cluster.Run();
    const Outcome outcome = OutcomeOf(cluster);
    ASSERT_TRUE(outcome.error) << "seed " << seed;
    EXPECT_EQ(outcome.error->kind(), ErrorKind::kData);
    EXPECT_THAT(outcome.error->what(), HasSubstr("toy:9: the data went away"));
  }
}

TEST(Failures, AFrameThatIsTooLargeEndsTheRunAndSaysSo) {
  SimCluster::Config config = MakeConfig(2, 0);
  config.values = {{"columns", "1000"}, {"measure_every", "1"}};
  SimCluster cluster(ToyProgram(), config);
  cluster.AddAll();
  cluster.actor("worker-1").transport->Limit({.bytes = 500});
  cluster.Run();
  const Outcome outcome = OutcomeOf(cluster);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind(), ErrorKind::kFailed);
  EXPECT_THAT(outcome.error->what(), HasSubstr("a partial of "));
}

TEST(Failures, OptionsOutOfRangeAreRefusedBeforeAnyoneJoins) {
  SimCluster::Config config = MakeConfig(1, 0);
  config.values = {{"lambda", "-1"}};
  EXPECT_THROW(SimCluster(ToyProgram(), config), Error);
}

// Of two workers, one has no data; what of the other comes between must not hide that.
SimCluster::Config OneWithoutData() {
  SimCluster::Config config = MakeConfig(2, 0);
  config.values = {{"bad_shard", "0"}};
  return config;
}

TEST(Failures, AnErrorOfAConstructorIsToldThoughTheOtherWorkerIsLate) {
  SimCluster cluster(ToyProgram(), OneWithoutData());
  cluster.AddWorker();
  cluster.AddWorker(Seconds(20));
  cluster.Run();
  const Outcome outcome = OutcomeOf(cluster);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind(), ErrorKind::kData);
  EXPECT_THAT(outcome.error->what(), HasSubstr("no data"));
}

TEST(Failures, AnErrorOfAConstructorIsToldThoughTheOtherWorkerNeverJoins) {
  SimCluster::Config config = OneWithoutData();
  config.run.join_timeout = 4;
  SimCluster cluster(ToyProgram(), config);
  cluster.AddWorker();
  cluster.Run();
  const Outcome outcome = OutcomeOf(cluster);
  ASSERT_TRUE(outcome.error);
  EXPECT_THAT(outcome.error->what(), HasSubstr("no data"));
}

TEST(Failures, AnErrorOfAConstructorIsToldThoughItsProcessHasEndedSince) {
  SimCluster cluster(ToyProgram(), OneWithoutData());
  cluster.AddWorker();
  cluster.AddWorker(Seconds(3));
  cluster.At(Seconds(1), [&] {
    auto& coordinator = static_cast<CoordinatorNode&>(*cluster.coordinator().node);
    coordinator.OnProcessEnded(getpid(), "ended with exit code 3");
  });
  cluster.Run();
  const Outcome outcome = OutcomeOf(cluster);
  ASSERT_TRUE(outcome.error);
  EXPECT_THAT(outcome.error->what(), HasSubstr("no data"));
}

TEST(Failures, WorkersHearWhyARunHasFailedThoughTheirConnectionIsDownWhenItDoes) {
  SimCluster::Config config = MakeConfig(2, 0);
  config.values = {{"bad_shard", "1"}};
  SimCluster cluster(ToyProgram(), config);
  cluster.AddWorker();
  cluster.AddWorker(Seconds(1));
  auto& good = cluster.actor("worker-0");
  cluster.At(Seconds(0.9), [&] { cluster.Cut(cluster.coordinator(), good); });
  cluster.At(Seconds(1.8), [&] { cluster.Heal(cluster.coordinator(), good); });
  cluster.Run();
  ASSERT_TRUE(OutcomeOf(cluster).error);
  ASSERT_TRUE(good.error);
  EXPECT_THAT(good.error->what(), HasSubstr("another role failed"));
}

TEST(Failures, TheObjectiveIsThatOfTheModelThoughTheLastFramesAreLostForSeconds) {
  const auto objective = [](bool cut) {
    SimCluster::Config config = MakeConfig(2, 0);
    config.run.max_rounds = 20;
    config.faults = {.min_delay = Seconds(0.01), .max_delay = Seconds(0.01)};
    SimCluster* running = nullptr;
    config.hooks.on_round = [&](const RoundRecord& record) {
      if (!cut || record.round != 19) return;
      // After the finish has arrived and before its answer has, for less than --peer_timeout.
      auto& worker = running->actor("worker-1");
      running->At(running->Now() + Seconds(0.015),
                  [=, &worker] { running->Cut(running->coordinator(), worker); });
      running->At(running->Now() + Seconds(4),
                  [=, &worker] { running->Heal(running->coordinator(), worker); });
    };
    SimCluster cluster(ToyProgram(), config);
    running = &cluster;
    cluster.AddAll();
    cluster.Run();
    return cluster.Result().summary.objective;
  };
  EXPECT_EQ(objective(true), objective(false));
}

// Its last loss is missing: the objective is that of a round, and of a model before.
TEST(Failures, TheObjectiveIsSaidToBeBehindIfAWorkerIsGoneBeforeItHasToldItsLastLoss) {
  for (const bool is_seen : {true, false}) {
    SCOPED_TRACE(is_seen ? "its connection breaks" : "it falls silent");
    SimCluster::Config config = MakeConfig(2, 1);
    config.run.max_rounds = 20;
    config.faults = {.min_delay = Seconds(0.01), .max_delay = Seconds(0.01)};
    SimCluster* running = nullptr;
    double last_objective = 0;
    config.hooks.on_round = [&](const RoundRecord& record) {
      last_objective = record.objective;
      if (record.round != 19) return;
      auto& worker = running->actor("worker-1");
      running->At(running->Now() + Seconds(0.005),
                  [=, &worker] { is_seen ? running->Kill(worker) : running->Crash(worker); });
    };
    SimCluster cluster(ToyProgram(), config);
    running = &cluster;
    cluster.AddAll();
    cluster.Run();
    const RunResult& result = cluster.Result();
    EXPECT_EQ(result.summary.termination, Termination::kMaxRounds);
    EXPECT_TRUE(result.complete);
    EXPECT_EQ(result.summary.objective, last_objective);
    EXPECT_TRUE(result.summary.is_behind);
  }
  SimCluster::Config config = MakeConfig(2, 1);
  SimCluster undisturbed(ToyProgram(), config);
  undisturbed.AddAll();
  undisturbed.Run();
  EXPECT_FALSE(undisturbed.Result().summary.is_behind);
}

// A model that has led away from the optimum is no result, whoever is gone.
TEST(Failures, ARunThatHasDivergedHasFailedThoughAWorkerIsLateWithItsLastLoss) {
  SimCluster::Config config = MakeConfig(2, 0);
  config.run.max_rounds = 20;
  config.faults = {.min_delay = Seconds(0.01), .max_delay = Seconds(0.01)};
  Program program = ToyProgram();
  program.make_model = [make = program.make_model](const Bytes& options) {
    return std::make_unique<Diverged>(make(options));
  };
  SimCluster* running = nullptr;
  config.hooks.on_round = [&](const RoundRecord& record) {
    if (record.round != 19) return;
    running->At(running->Now() + Seconds(0.005),
                [=] { running->Crash(running->actor("worker-1")); });
  };
  SimCluster cluster(program, config);
  running = &cluster;
  cluster.AddAll();
  cluster.Run();
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kFailure);
}

}  // namespace
}  // namespace strads::testing
