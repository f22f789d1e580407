#include <gtest/gtest.h>

#include <atomic>
#include <ostream>
#include <string>

#include "tests/support/sim_cluster.h"
#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

using wire::Seconds;

const wire::Faults kLossy = {.drop = 0.1, .duplicate = 0.1, .max_delay = Seconds(0.05)};

SimCluster::Config MakeConfig(int workers, int staleness, int schedulers) {
  SimCluster::Config config;
  config.run.workers = workers;
  config.run.staleness = staleness;
  config.run.schedulers = schedulers;
  config.run.max_rounds = 40;
  config.run.tolerance = 0;
  config.run.join_timeout = 60;
  config.run.load_timeout = 120;
  config.run.round_timeout = 60;
  return config;
}

RunResult RunFaultFree(SimCluster::Config config) {
  config.faults = {};
  SimCluster cluster(ToyProgram(), config);
  cluster.AddAll();
  cluster.Run();
  return cluster.TakeResult();
}

struct Shape {
  int workers;
  int staleness;
  int schedulers;

  friend void PrintTo(const Shape& shape, std::ostream* out) {
    *out << shape.workers << " workers, staleness " << shape.staleness << ", " << shape.schedulers
         << " schedulers";
  }
};

class ClusterOfShape : public ::testing::TestWithParam<Shape> {
 protected:
  SimCluster::Config config() const {
    return MakeConfig(GetParam().workers, GetParam().staleness, GetParam().schedulers);
  }
};

TEST_P(ClusterOfShape, EndsWithTheSameBytesWhateverIsLostRepeatedOrLate) {
  const RunResult expected = RunFaultFree(config());
  EXPECT_EQ(expected.summary.termination, Termination::kMaxRounds);
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimCluster::Config lossy = config();
    lossy.faults = kLossy;
    if (seed % 2 == 0) lossy.faults.drop = 0;
    lossy.seed = seed;
    SimCluster cluster(ToyProgram(), lossy);
    cluster.AddAll();
    cluster.Run();
    const RunResult& result = cluster.Result();
    EXPECT_EQ(result.summary.termination, Termination::kMaxRounds);
    ASSERT_EQ(result.model.view(), expected.model.view()) << "seed " << seed;
    ASSERT_EQ(result.summary.rounds, expected.summary.rounds) << "seed " << seed;
    // A worker's last word, its final loss, may get lost with it: it does not wait for long.
    if (lossy.faults.drop > 0) continue;
    ASSERT_EQ(result.summary.objective, expected.summary.objective) << "seed " << seed;
  }
}

TEST_P(ClusterOfShape, WaitsForNoTimerFromTheFirstHelloToTheLastFarewell) {
  SimCluster cluster(ToyProgram(), config());
  cluster.AddAll();
  cluster.Run();
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds);
  EXPECT_EQ(cluster.Now(), wire::Time{0}) << "messages take no time, nor does anything else";
}

TEST_P(ClusterOfShape, ConvergesToTheSolutionOfTheNormalEquations) {
  SimCluster::Config converging = config();
  converging.run.max_rounds = 2000;
  converging.run.tolerance = 1e-12;
  const RunResult result = RunFaultFree(converging);
  ASSERT_EQ(result.summary.termination, Termination::kConverged) << result.summary.message;
  const Toy::Options options;
  const Eigen::VectorXd solution = Toy::Solution(options);
  const Eigen::VectorXd found = Unpack<Toy::Model>(result.model).coefficients();
  EXPECT_LT((found - solution).norm(), 1e-4 * solution.norm());
  const double least = Toy::Objective(options, solution);
  EXPECT_NEAR(result.summary.objective, Toy::Objective(options, found), 1e-9 * least);
  const double null = Toy::Objective(options, Eigen::VectorXd::Zero(options.columns));
  EXPECT_LE(result.summary.objective - least, (result.summary.gap + 1e-12) * null);
}

// The partitions are shorter than --peer_timeout.
TEST_P(ClusterOfShape, IsNotChangedByPartitionsThatHealInTime) {
  const RunResult expected = RunFaultFree(config());
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SimCluster::Config cut = config();
    cut.faults = kLossy;
    cut.seed = seed;
    SimCluster cluster(ToyProgram(), cut);
    cluster.AddAll();
    Random random(seed, 5);
    auto& victim = cluster.actor(
        "worker-" + std::to_string(random.Below(static_cast<uint64_t>(GetParam().workers))));
    wire::Time at = Seconds(0.2);
    for (int i = 0; i < 3; ++i) {
      at += Seconds(2 * random.Uniform());
      cluster.At(at, [&] { cluster.Cut(cluster.coordinator(), victim); });
      at += Seconds(3 * random.Uniform());
      cluster.At(at, [&] { cluster.Heal(cluster.coordinator(), victim); });
      at += Seconds(2);
    }
    cluster.Run();
    const RunResult& result = cluster.Result();
    ASSERT_EQ(result.summary.termination, Termination::kMaxRounds) << result.summary.message;
    ASSERT_EQ(result.model.view(), expected.model.view()) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(,
                         ClusterOfShape,
                         ::testing::Values(Shape{1, 0, 0},
                                           Shape{1, 2, 1},
                                           Shape{2, 0, 0},
                                           Shape{2, 2, 0},
                                           Shape{2, 0, 1},
                                           Shape{2, 2, 2},
                                           Shape{3, 0, 0},
                                           Shape{3, 0, 2},
                                           Shape{3, 2, 0},
                                           Shape{3, 2, 1},
                                           Shape{7, 0, 0},
                                           Shape{7, 0, 1},
                                           Shape{7, 0, 2},
                                           Shape{7, 2, 0},
                                           Shape{7, 2, 1},
                                           Shape{7, 2, 2}),
                         [](const auto& shape) {
                           return "P" + std::to_string(shape.param.workers) + "s" +
                                  std::to_string(shape.param.staleness) + "S" +
                                  std::to_string(shape.param.schedulers);
                         });

TEST(Cluster, GivesTheSameModelToAnyNumberOfWorkersUpToRounding) {
  const Eigen::VectorXd one =
      Unpack<Toy::Model>(RunFaultFree(MakeConfig(1, 0, 0)).model).coefficients();
  for (const int workers : {2, 3, 7, 50}) {
    const auto other = Unpack<Toy::Model>(RunFaultFree(MakeConfig(workers, 0, 0)).model);
    EXPECT_LT((one - other.coefficients()).norm(), 1e-12 * one.norm()) << workers << " workers";
  }
}

TEST(Cluster, EndsAtTheEndOfARoundWithAModelWhenTheUserStops) {
  for (const int schedulers : {0, 2}) {
    std::atomic<bool> stop = false;
    SimCluster::Config config = MakeConfig(3, 2, schedulers);
    config.run.max_rounds = 0;
    config.faults = kLossy;
    config.hooks.stop = &stop;
    int64_t rounds = 0;
    config.hooks.on_round = [&](const RoundRecord& record) {
      EXPECT_EQ(record.round, rounds++);
      if (rounds == 17) stop = true;
    };
    SimCluster cluster(ToyProgram(), config);
    cluster.AddAll();
    cluster.Run();
    const RunResult& result = cluster.Result();
    EXPECT_EQ(result.summary.termination, Termination::kUserStop);
    EXPECT_EQ(result.summary.rounds, 17);
    SimCluster::Config bounded = MakeConfig(3, 2, schedulers);
    bounded.run.max_rounds = 17;
    EXPECT_EQ(result.model.view(), RunFaultFree(bounded).model.view());
  }
}

TEST(Cluster, EndsByAnErrorWhenTheUserStopsBeforeTheFirstRound) {
  const std::atomic<bool> stop = true;
  SimCluster::Config config = MakeConfig(2, 0, 0);
  config.hooks.stop = &stop;
  SimCluster cluster(ToyProgram(), config);
  cluster.AddWorker();
  cluster.Run();
  EXPECT_THROW(cluster.Result(), Error);
  EXPECT_LT(cluster.Now(), Seconds(config.run.join_timeout));
}

}  // namespace
}  // namespace strads::testing
