#include <gmock/gmock.h>
#include <signal.h>

#include "tests/process/cli.h"
#include "tests/support/reference.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// A run that does not end by itself, until someone is killed.
class LostProcesses : public ::testing::Test {
 protected:
  Words Flags(const Words& more) const {
    Words words = SlowFlags(data_);
    words.insert(words.end(), {"--model=" + model_, "--metrics=" + metrics_});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // The model written is the one that as many undisturbed rounds give.
  void ExpectModelOfTheLastCompleteRound(const std::string& termination, const Words& shape) {
    const Json model = ModelJson(model_);
    EXPECT_EQ(model.at("training").at("termination"), termination);
    const auto rounds = model.at("training").at("rounds").get<int64_t>();
    ASSERT_GE(rounds, 1);
    Words words = SlowFlags(data_);
    words.insert(words.end(), shape.begin(), shape.end());
    words.insert(words.end(), {"--noprogress", "--model=" + dir_.Path("undisturbed.json"),
                               "--max_rounds=" + std::to_string(rounds)});
    const Finished undisturbed = RunStrads(words);
    EXPECT_EQ(undisturbed.exit_code, 0) << undisturbed.err;
    EXPECT_EQ(ModelBytes(model_), ModelBytes(dir_.Path("undisturbed.json")));
    const Json last = ReadJsonLines(metrics_).back();
    EXPECT_EQ(last.value("termination", ""), termination);
    EXPECT_EQ(last.value("rounds", int64_t{0}), rounds);
  }

  // Coordinate descent never rises: what is told is the newest objective that all have confirmed.
  void ExpectObjectiveIsNoWorseThanTold() {
    const Json model = ModelJson(model_);
    const double objective = Objective(problem_, Coefficients(model), Lambda(model));
    EXPECT_LE(objective, model.at("training").at("objective").get<double>() * (1 + 1e-9));
  }

  TempDir dir_;
  Problem problem_ = SlowProblem();
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(problem_));
  std::string model_ = dir_.Path("model.json");
  std::string metrics_ = dir_.Path("metrics.json");
};

TEST_F(LostProcesses, AKilledWorkerOfThisMachineIsNamedAndTheModelIsThatOfTheLastCompleteRound) {
  const auto run = Start(Flags({"--processes", "--workers=2", "--peer_timeout=60"}));
  ASSERT_TRUE(IsUnderWay(*run)) << run->err();
  const auto children = run->Children();
  ASSERT_EQ(children.size(), 2U);
  kill(children[1], SIGKILL);
  ASSERT_TRUE(run->WaitForExit(20)) << run->err();
  EXPECT_EQ(run->exit_code(), 4);
  EXPECT_THAT(run->err(), ContainsRegex("worker [01] .process " + std::to_string(children[1]) +
                                        " on .*signal 9.*the last round it answered is [0-9]+"));
  EXPECT_TRUE(run->WaitForSilence()) << "the other worker still runs";
  ExpectModelOfTheLastCompleteRound("WorkerLost", {"--workers=2"});
  ExpectObjectiveIsNoWorseThanTold();
}

TEST_F(LostProcesses, AKilledSchedulerOfThisMachineIsNamed) {
  const auto run = Start(Flags({"--processes", "--schedulers=1"}));
  ASSERT_TRUE(IsUnderWay(*run)) << run->err();
  const auto children = run->Children();
  ASSERT_EQ(children.size(), 2U);
  kill(children[1], SIGKILL);
  ASSERT_TRUE(run->WaitForExit(20)) << run->err();
  EXPECT_EQ(run->exit_code(), 4);
  EXPECT_THAT(run->err(), HasSubstr("scheduler 0 (process " + std::to_string(children[1])));
  EXPECT_TRUE(run->WaitForSilence());
  ExpectModelOfTheLastCompleteRound("WorkerLost", {"--schedulers=1"});
}

TEST_F(LostProcesses, AKilledWorkerOverTcpIsNamedAndTheOthersEnd) {
  const Words flags = Flags({"--workers=2", "--peer_timeout=1"});
  TcpCoordinator coordinator({flags.begin() + 2, flags.end()});
  const auto first = coordinator.StartMember("worker");
  ASSERT_TRUE(coordinator.process().WaitForErr("1 of 2 workers")) << coordinator.process().err();
  const auto second = coordinator.StartMember("worker");
  ASSERT_TRUE(IsUnderWay(coordinator.process())) << coordinator.process().err();
  second->Signal(SIGKILL);
  ASSERT_TRUE(coordinator.process().WaitForExit(20)) << coordinator.process().err();
  EXPECT_EQ(coordinator.process().exit_code(), 4);
  EXPECT_THAT(coordinator.process().err(),
              ContainsRegex("worker 1 .process " + std::to_string(second->pid()) +
                            " on .*the last round it answered is [0-9]+"));
  ASSERT_TRUE(first->WaitForExit(20)) << first->err();
  EXPECT_EQ(first->exit_code(), 4);
  EXPECT_THAT(first->err(), HasSubstr("worker 1 (process " + std::to_string(second->pid())));
  ExpectModelOfTheLastCompleteRound("WorkerLost", {"--workers=2"});
}

TEST_F(LostProcesses, BeforeAllHaveJoinedLeaveAFreePlace) {
  const std::string quick = dir_.Write("quick.libsvm", ToLibsvm(QuickProblem()));
  TcpCoordinator coordinator({"--data=" + quick, "--workers=2", "--peer_timeout=0.5"});
  const auto killed = coordinator.StartMember("worker");
  ASSERT_TRUE(coordinator.process().WaitForErr("1 of 2 workers")) << coordinator.process().err();
  killed->Signal(SIGKILL);
  ASSERT_TRUE(coordinator.process().WaitForErr("its place is free: 0 of 2 workers"))
      << coordinator.process().err();
  const auto one = coordinator.StartMember("worker");
  const auto two = coordinator.StartMember("worker");
  ASSERT_TRUE(coordinator.process().WaitForExit()) << coordinator.process().err();
  EXPECT_EQ(coordinator.process().exit_code(), 0) << coordinator.process().err();
}

TEST_F(LostProcesses, BeforeTheFirstRoundLeaveTheModelOfAnEarlierRun) {
  const Words flags = Flags({"--peer_timeout=1", "--delay_mean=1000"});
  dir_.Write("model.json", "earlier");
  TcpCoordinator coordinator({flags.begin() + 2, flags.end()});
  const auto worker = coordinator.StartMember("worker");
  ASSERT_TRUE(coordinator.process().WaitForErr("1 of 1 workers")) << coordinator.process().err();
  worker->Signal(SIGKILL);
  ASSERT_TRUE(coordinator.process().WaitForExit(20)) << coordinator.process().err();
  EXPECT_EQ(coordinator.process().exit_code(), 4);
  EXPECT_EQ(ReadText(model_), "earlier");
}

TEST_F(LostProcesses, AFrozenWorkerIsLostAfterTheRoundTimeout) {
  const Words flags = Flags({"--workers=2", "--round_timeout=1", "--peer_timeout=60"});
  TcpCoordinator coordinator({flags.begin() + 2, flags.end()});
  const auto first = coordinator.StartMember("worker");
  ASSERT_TRUE(coordinator.process().WaitForErr("1 of 2 workers")) << coordinator.process().err();
  const auto second = coordinator.StartMember("worker");
  ASSERT_TRUE(IsUnderWay(coordinator.process())) << coordinator.process().err();
  second->Signal(SIGSTOP);
  ASSERT_TRUE(coordinator.process().WaitForExit(20)) << coordinator.process().err();
  EXPECT_EQ(coordinator.process().exit_code(), 4);
  EXPECT_THAT(coordinator.process().err(),
              ContainsRegex("worker 1 .process " + std::to_string(second->pid()) +
                            " on .*--round_timeout"));
  ExpectModelOfTheLastCompleteRound("WorkerLost", {"--workers=2"});
}

TEST_F(LostProcesses, WorkersOfAKilledCoordinatorEndByThemselves) {
  const Words flags = Flags({"--workers=2", "--peer_timeout=1"});
  TcpCoordinator coordinator({flags.begin() + 2, flags.end()});
  const auto first = coordinator.StartMember("worker", {"--peer_timeout=1"});
  const auto second = coordinator.StartMember("worker", {"--peer_timeout=1"});
  ASSERT_TRUE(IsUnderWay(coordinator.process())) << coordinator.process().err();
  coordinator.process().Signal(SIGKILL);
  for (Process* worker : {first.get(), second.get()}) {
    ASSERT_TRUE(worker->WaitForExit(20)) << worker->err();
    EXPECT_EQ(worker->exit_code(), 4);
    EXPECT_THAT(worker->err(), HasSubstr("lost the coordinator at " + coordinator.endpoint()));
  }
}

TEST_F(LostProcesses, TheRunsPeerTimeoutHoldsForWorkersThatAreGivenNone) {
  const Words flags = Flags({"--peer_timeout=0.5"});
  TcpCoordinator coordinator({flags.begin() + 2, flags.end()});
  const auto worker = coordinator.StartMember("worker");
  ASSERT_TRUE(IsUnderWay(coordinator.process())) << coordinator.process().err();
  coordinator.process().Signal(SIGKILL);
  ASSERT_TRUE(worker->WaitForExit(20)) << worker->err();
  EXPECT_EQ(worker->exit_code(), 4);
  EXPECT_THAT(worker->err(), HasSubstr("out of reach for 0.5 s"));
}

TEST_F(LostProcesses, ChildrenOfAKilledCoordinatorEnd) {
  const auto run = Start(Flags({"--processes", "--workers=2", "--schedulers=1"}));
  ASSERT_TRUE(IsUnderWay(*run)) << run->err();
  run->Signal(SIGKILL);
  EXPECT_TRUE(run->WaitForSilence(20)) << "a child outlives it";
}

// Ctrl-C ends a run in order, wherever its roles are.
class Interrupted : public LostProcesses, public ::testing::WithParamInterface<int> {};

// As whoever signals a process and its group does.
TEST_P(Interrupted, ASignalThatComesTwiceAtOnceIsOne) {
  const auto run = Start(Flags({"--workers=2"}));
  ASSERT_TRUE(IsUnderWay(*run)) << run->err();
  run->Signal(GetParam());
  run->Signal(GetParam());
  ASSERT_TRUE(run->WaitForExit(20)) << run->err();
  EXPECT_EQ(run->exit_code(), 130);
  EXPECT_THAT(run->out(), HasSubstr(model_));
}

TEST_P(Interrupted, ARunOfThreadsWritesTheModelOfTheLastCompleteRound) {
  const auto run = Start(Flags({"--workers=2"}));
  ASSERT_TRUE(IsUnderWay(*run)) << run->err();
  run->Signal(GetParam());
  ASSERT_TRUE(run->WaitForExit(20)) << run->err();
  EXPECT_EQ(run->exit_code(), 130);
  EXPECT_THAT(run->out(), HasSubstr("stopped by the user"));
  EXPECT_THAT(run->out(), HasSubstr(model_));
  ExpectModelOfTheLastCompleteRound("UserStop", {"--workers=2"});
}

TEST_P(Interrupted, ARunOfProcessesWritesTheModelOfTheLastCompleteRound) {
  const auto run = Start(Flags({"--processes", "--workers=2", "--schedulers=1"}));
  ASSERT_TRUE(IsUnderWay(*run)) << run->err();
  kill(-run->pid(), GetParam());  // as a terminal does: everyone
  ASSERT_TRUE(run->WaitForExit(20)) << run->err();
  EXPECT_EQ(run->exit_code(), 130) << run->err();
  EXPECT_THAT(run->out(), HasSubstr("stopped by the user"));
  EXPECT_TRUE(run->WaitForSilence());
  ExpectModelOfTheLastCompleteRound("UserStop", {"--workers=2", "--schedulers=1"});
  const Json model = ModelJson(model_);
  const double objective = Objective(problem_, Coefficients(model), Lambda(model));
  EXPECT_NEAR(model.at("training").at("objective").get<double>(), objective, 1e-9 * objective);
}

TEST_P(Interrupted, ACoordinatorThatStillWaitsForWorkersEnds) {
  TcpCoordinator coordinator({"--data=" + data_});
  coordinator.process().Signal(GetParam());
  ASSERT_TRUE(coordinator.process().WaitForExit(20));
  EXPECT_EQ(coordinator.process().exit_code(), 130) << coordinator.process().err();
  EXPECT_THAT(coordinator.process().err(), HasSubstr("stopped by the user"));
}

std::string NameOf(const ::testing::TestParamInfo<int>& info) {
  return info.param == SIGINT ? "ByCtrlC" : "BySigterm";
}

INSTANTIATE_TEST_SUITE_P(Signals, Interrupted, ::testing::Values(SIGINT, SIGTERM), NameOf);

}  // namespace
}  // namespace strads::testing
