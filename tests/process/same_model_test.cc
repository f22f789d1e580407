#include <gtest/gtest.h>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

// Twelve digits of the answer, so that a difference of one bit would have time to show.
Words Flags(const std::string& data, int workers) {
  return {"--data=" + data,    "--workers=" + std::to_string(workers),
          "--tolerance=1e-12", "--lambda_ratio=0.02",
          "--parallelism=8",   "--noprogress"};
}

class SameModel : public ::testing::TestWithParam<int> {
 protected:
  Words With(Words more) const {
    Words words = Flags(data_, GetParam());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  std::string Train(const std::string& name, const Words& more = {}) {
    Words words = With(more);
    words.push_back("--model=" + dir_.Path(name));
    const Finished trained = RunTrain(words);
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    return ModelBytes(dir_.Path(name));
  }

  std::string TrainOverTcp(const std::string& name, int schedulers, Words more = {}) {
    Words words = With(more);
    words.push_back("--progress");
    words.push_back("--model=" + dir_.Path(name));
    words.push_back("--schedulers=" + std::to_string(schedulers));
    TcpCoordinator coordinator(words);
    std::vector<std::unique_ptr<Process>> members;
    for (int i = 0; i < GetParam(); ++i) members.push_back(coordinator.StartMember("worker"));
    for (int i = 0; i < schedulers; ++i) members.push_back(coordinator.StartMember("scheduler"));
    EXPECT_TRUE(coordinator.process().WaitForExit());
    EXPECT_EQ(coordinator.process().exit_code(), 0) << coordinator.process().err();
    for (const auto& member : members) {
      EXPECT_TRUE(member->WaitForExit());
      EXPECT_EQ(member->exit_code(), 0) << member->err();
    }
    return ModelBytes(dir_.Path(name));
  }

  TempDir dir_;
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(QuickProblem()));
};

TEST_P(SameModel, ComesOutOfThreadsAndOfProcessesAndOverTcp) {
  const std::string threads = Train("threads.json");
  EXPECT_EQ(Train("again.json"), threads);
  EXPECT_EQ(Train("pools.json", {"--threads=2"}), threads);
  EXPECT_EQ(Train("ipc.json", {"--processes"}), threads);
  EXPECT_EQ(TrainOverTcp("tcp.json", 0), threads);
}

INSTANTIATE_TEST_SUITE_P(Workers, SameModel, ::testing::Values(1, 2, 3, 7));

using SameStaleModel = SameModel;

TEST_P(SameStaleModel, ComesOutOfThreadsAndProcessesWithTwoSchedulersAndStaleness) {
  const Words stale = {"--schedule=dependency", "--staleness=2"};
  Words all = stale;
  all.push_back("--schedulers=2");
  const std::string threads = Train("threads.json", all);
  EXPECT_EQ(Train("again.json", all), threads);
  all.push_back("--processes");
  EXPECT_EQ(Train("ipc.json", all), threads);
  EXPECT_EQ(TrainOverTcp("tcp.json", 2, stale), threads);
}

INSTANTIATE_TEST_SUITE_P(Workers, SameStaleModel, ::testing::Values(2));

using ModelOfASeed = SameModel;

TEST_P(ModelOfASeed, DiffersFromThatOfAnotherSeedOnTheWay) {
  EXPECT_NE(Train("one.json", {"--schedule=priority", "--seed=1", "--max_rounds=9"}),
            Train("two.json", {"--schedule=priority", "--seed=2", "--max_rounds=9"}));
}

INSTANTIATE_TEST_SUITE_P(Workers, ModelOfASeed, ::testing::Values(1));

TEST(ModelOfOneScheduler, IsTheSameWhereEachRoundNeedsTheLast) {
  const TempDir dir;
  const std::string data = dir.Write("data.libsvm", "1 1:1 2:0.5\n-1 1:0.25 2:1\n1 1:2\n-1 2:3\n");
  for (const std::string app : {"svm", "regression"}) {
    std::vector<std::string> models;
    for (const char* schedulers : {"--schedulers=0", "--schedulers=1"}) {
      const std::string model = dir.Path(app + std::to_string(models.size()) + ".json");
      const Finished trained = RunStrads(
          {app, "train", "--data=" + data, "--model=" + model, "--noprogress", schedulers});
      EXPECT_EQ(trained.exit_code, 0) << trained.err;
      models.push_back(ModelBytes(model));
    }
    EXPECT_EQ(models[0], models[1]) << app;
  }
}

}  // namespace
}  // namespace strads::testing
