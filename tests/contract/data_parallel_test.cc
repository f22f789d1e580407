#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/run.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "coordinator/coordinator_node.h"
#include "coordinator/holder_node.h"
#include "coordinator/wire/zmq_transport.h"
#include "tests/support/descent_app.h"
#include "tests/support/temp_files.h"
#include "worker/worker_node.h"

namespace strads::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kRounds = 40;

RunOptions Clocks(const std::string& consistency, int workers) {
  RunOptions run;
  run.workers = workers;
  run.max_rounds = kRounds;
  run.consistency = consistency;
  if (consistency == "ssp" || consistency == "essp") run.staleness = 3;
  if (consistency == "backup") run.backup_workers = workers / 3;
  run.trace = 10;
  return run;
}

void ExpectRight(const RunResult& result, const RunOptions& run) {
  ASSERT_TRUE(result.complete);
  EXPECT_EQ(result.summary.termination, Termination::kMaxRounds) << result.summary.message;
  EXPECT_EQ(result.summary.rounds, kRounds);
  const auto model = Unpack<Descent::Model>(result.model);
  const int64_t pulled = model.books().pulled;
  EXPECT_EQ(pulled, std::max(1, run.holders) * kRounds * (run.workers - run.backup_workers));
  const ClockSummary& clocks = *result.summary.clocks;
  EXPECT_EQ(clocks.staleness.total(), pulled * (run.workers - 1));
  if (run.consistency != "async") {
    EXPECT_LE(clocks.staleness.max(), run.staleness);
  }
  const double objective = Toy::Objective(Descent::Options{}.problem(), model.b());
  EXPECT_NEAR(result.summary.objective, objective, 1e-10 * objective);
  ASSERT_EQ(clocks.trace.size(), 5u);
  EXPECT_LT(clocks.trace.back().objective, clocks.trace.front().objective);
}

// The coordinator and all members at endpoints of ZeroMQ, each on a thread.
RunResult RunOverZmq(const std::string& endpoint, const RunOptions& run) {
  const auto hub = wire::ZmqTransport::Bind(endpoint);
  const RunHooks hooks;
  CoordinatorNode coordinator(*hub, DescentProgram(), {}, run, hooks, 4712);
  std::vector<std::jthread> members;
  const auto play = [&]<class NodeType>(std::type_identity<NodeType>) {
    const auto transport = wire::ZmqTransport::Connect(hub->bound_endpoint());
    const std::vector<Program> programs = {DescentProgram()};
    wire::MemberOptions member;
    member.endpoint = hub->bound_endpoint();
    NodeType node(*transport, programs, member);
    node.Run();
  };
  for (int i = 0; i < run.workers; ++i)
    members.emplace_back([&] { play(std::type_identity<WorkerNode>()); });
  for (int i = 0; i < run.holders; ++i)
    members.emplace_back([&] { play(std::type_identity<HolderNode>()); });
  coordinator.Run();
  return coordinator.Result();
}

class EveryPolicy : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryPolicy, RunsWithHoldersOnThreadsAndOverTcpAndIpc) {
  const TempDir directory;
  RunOptions run = Clocks(GetParam(), 3);
  for (const int holders : {1, 2}) {
    run.holders = holders;
    const RunResult threads = strads::Run(DescentProgram(), {}, run);
    ExpectRight(threads, run);
    for (const std::string& endpoint :
         {std::string("tcp://127.0.0.1:*"),
          "ipc://" + directory.Path("hub" + std::to_string(holders))}) {
      SCOPED_TRACE(endpoint + ", " + std::to_string(holders) + " holders");
      const RunResult zmq = RunOverZmq(endpoint, run);
      ExpectRight(zmq, run);
      EXPECT_GT(zmq.summary.bytes_between_members, 0);
      if (GetParam() == "bsp") {
        EXPECT_EQ(zmq.model.view(), threads.model.view());
      }
    }
  }
}

TEST_P(EveryPolicy, RunsOnThreadsAndOverTcpAndIpc) {
  const TempDir directory;
  for (const int workers : {1, 3, 7}) {
    const RunOptions run = Clocks(GetParam(), workers);
    const RunResult threads = strads::Run(DescentProgram(), {}, run);
    ExpectRight(threads, run);
    if (workers == 7) continue;
    for (const std::string& endpoint :
         {std::string("tcp://127.0.0.1:*"),
          "ipc://" + directory.Path("hub" + std::to_string(workers))}) {
      SCOPED_TRACE(endpoint + ", " + std::to_string(workers) + " workers");
      const RunResult zmq = RunOverZmq(endpoint, run);
      ExpectRight(zmq, run);
      if (GetParam() == "bsp") {
        EXPECT_EQ(zmq.model.view(), threads.model.view());
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(DataParallelContract,
                         EveryPolicy,
                         ::testing::Values("bsp", "ssp", "essp", "async", "backup"),
                         [](const auto& tested) { return tested.param; });

// A clock of gradients of nothing is no step of the algorithm.
TEST(DataParallelContract, AClockOfBackupNeedsAWorkerThatHasRows) {
  RunOptions run = Clocks("backup", 6);
  for (const int holders : {0, 2}) {
    run.holders = holders;
    for (const int rows : {1, 2, 3, 5}) {
      SCOPED_TRACE(std::to_string(rows) + " rows, " + std::to_string(holders) + " holders");
      const OptionValues values = {{"rows", std::to_string(rows)}};
      if (rows > run.backup_workers) {
        EXPECT_TRUE(strads::Run(DescentProgram(), values, run).complete);
        continue;
      }
      try {
        strads::Run(DescentProgram(), values, run);
        ADD_FAILURE() << "it was not refused";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        EXPECT_THAT(error.what(), AllOf(HasSubstr("--backup_workers=2"),
                                        HasSubstr("only " + std::to_string(rows) + " have rows")));
      }
    }
  }
}

// A worker that cannot tell its loss.
class Lossless final : public DataParallelWorkerRole {
 public:
  explicit Lossless(std::unique_ptr<DataParallelWorkerRole> worker) : worker_(std::move(worker)) {}
  Bytes Describe() override { return worker_->Describe(); }
  void Read(size_t part, const Bytes& parameters) override { worker_->Read(part, parameters); }
  std::vector<Bytes> Push(int64_t clock, const OwnClocks& own) override {
    return worker_->Push(clock, own);
  }
  double Loss() override { throw std::runtime_error("it has no loss"); }

 private:
  const std::unique_ptr<DataParallelWorkerRole> worker_;
};

TEST(DataParallelContract, AFailureAfterTheLastClockIsOneOfTheRun) {
  Program program = DescentProgram();
  program.make_data_parallel_worker = [make = program.make_data_parallel_worker](
                                          const Bytes& options, Shard shard,
                                          int holders) -> std::unique_ptr<DataParallelWorkerRole> {
    auto worker = make(options, shard, holders);
    if (shard.rank == 0) return worker;
    return std::make_unique<Lossless>(std::move(worker));
  };
  for (const std::string consistency : {"bsp", "ssp"}) {
    RunOptions run = Clocks(consistency, 3);
    run.trace = 0;
    const RunResult result = strads::Run(program, {}, run);
    EXPECT_EQ(result.summary.termination, Termination::kWorkerLost);
    EXPECT_NE(result.summary.message.find("it has no loss"), std::string::npos);
  }
}

TEST(DataParallelContract, AProgramThatEmbedsARunGetsItsModel) {
  RunOptions run = Clocks("bsp", 2);
  const auto result = strads::Run<Descent>(Descent::Options{}, run);
  const RunResult bytes = strads::Run(DescentProgram(), {}, run);
  EXPECT_EQ(result.model.b(), Unpack<Descent::Model>(bytes.model).b());
}

}  // namespace
}  // namespace strads::testing
