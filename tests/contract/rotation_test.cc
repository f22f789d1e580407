#include <gtest/gtest.h>
#include <strads/run.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "coordinator/coordinator_node.h"
#include "coordinator/wire/zmq_transport.h"
#include "tests/support/rotating_app.h"
#include "tests/support/temp_files.h"
#include "worker/worker_node.h"

namespace strads::testing {
namespace {

constexpr int64_t kRounds = 40;

RunOptions Rounds(int workers) {
  RunOptions run;
  run.workers = workers;
  run.max_rounds = kRounds;
  run.tolerance = 0;
  return run;
}

Rotating::Options OptionsOf(int workers, bool extend) {
  return {.num_blocks = workers + 1, .extend = extend, .plain_every = 4, .workers = workers};
}

void ExpectRightVisits(const RunResult& result, const Rotating::Options& options) {
  EXPECT_TRUE(result.complete);
  const auto model = Unpack<Rotating::Model>(result.model);
  EXPECT_EQ(model.rounds, kRounds);
  EXPECT_EQ(model.visits, Rotating::VisitsOf(options, kRounds));
  EXPECT_EQ(std::ssize(model.shares), options.workers * options.num_shares);
}

TEST(RotationContract, BlocksGoRoundOnThreads) {
  for (const int workers : {1, 2, 3, 7}) {
    for (const bool extend : {false, true}) {
      SCOPED_TRACE(std::to_string(workers) + " workers" + (extend ? ", extending" : ""));
      const Rotating::Options options = OptionsOf(workers, extend);
      ExpectRightVisits(strads::Run(RotatingProgram(), ToValues(options), Rounds(workers)),
                        options);
    }
  }
}

// The coordinator and its workers at endpoints of ZeroMQ, each on a thread.
RunResult RunOverZmq(const std::string& endpoint, const Rotating::Options& options) {
  const auto hub = wire::ZmqTransport::Bind(endpoint);
  const RunOptions run = Rounds(options.workers);
  const RunHooks hooks;
  CoordinatorNode coordinator(*hub, RotatingProgram(), ToValues(options), run, hooks, 4711);
  std::vector<std::jthread> workers;
  for (int rank = 0; rank < options.workers; ++rank) {
    workers.emplace_back([&] {
      const auto transport = wire::ZmqTransport::Connect(hub->bound_endpoint());
      const std::vector<Program> programs = {RotatingProgram()};
      wire::MemberOptions member;
      member.endpoint = hub->bound_endpoint();
      WorkerNode node(*transport, programs, member);
      node.Run();
    });
  }
  coordinator.Run();
  return coordinator.Result();
}

TEST(RotationContract, BlocksGoRoundOverTcpAndIpc) {
  const TempDir directory;
  for (const std::string& endpoint :
       {std::string("tcp://127.0.0.1:*"), "ipc://" + directory.Path("hub")}) {
    for (const bool extend : {false, true}) {
      SCOPED_TRACE(endpoint + (extend ? ", extending" : ""));
      const Rotating::Options options = OptionsOf(3, extend);
      ExpectRightVisits(RunOverZmq(endpoint, options), options);
    }
  }
}

}  // namespace
}  // namespace strads::testing
