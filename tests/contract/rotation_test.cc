#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/run.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coordinator/coordinator_node.h"
#include "coordinator/wire/zmq_transport.h"
#include "tests/support/rotating_app.h"
#include "tests/support/temp_files.h"
#include "worker/worker_node.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

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

// Says that it listens where no one does.
class UnreachableTransport final : public wire::Transport {
 public:
  explicit UnreachableTransport(std::unique_ptr<wire::Transport> inner)
      : inner_(std::move(inner)) {}
  void Send(const wire::Address& to, const wire::Frame& frame) override { inner_->Send(to, frame); }
  wire::FrameLimits limits() const override { return inner_->limits(); }
  std::optional<wire::Event> Receive(wire::Time until) override { return inner_->Receive(until); }
  std::string Listen() override {
    inner_->Listen();
    return "tcp://127.0.0.1:1";
  }
  void Connect(const wire::Address& peer, const std::string& endpoint) override {
    inner_->Connect(peer, endpoint);
  }
  wire::Time NextDue() const override { return inner_->NextDue(); }
  const wire::Clock& clock() const override { return inner_->clock(); }
  wire::Traffic traffic() const override { return inner_->traffic(); }

 private:
  const std::unique_ptr<wire::Transport> inner_;
};

using Wrap = std::function<std::unique_ptr<wire::Transport>(std::unique_ptr<wire::Transport>)>;

// The coordinator and its workers at endpoints of ZeroMQ, each on a thread.
RunResult RunOverZmq(
    const std::string& endpoint,
    const Rotating::Options& options,
    const RunOptions& run,
    const Wrap& wrap = [](auto transport) { return transport; }) {
  const auto hub = wire::ZmqTransport::Bind(endpoint);
  const RunHooks hooks;
  CoordinatorNode coordinator(*hub, RotatingProgram(), ToValues(options), run, hooks, 4711);
  std::vector<std::jthread> workers;
  for (int rank = 0; rank < options.workers; ++rank) {
    workers.emplace_back([&] {
      const auto transport = wrap(wire::ZmqTransport::Connect(hub->bound_endpoint()));
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
      RunOptions run = Rounds(3);
      run.staleness = extend ? 2 : 0;
      const RunResult result = RunOverZmq(endpoint, options, run);
      ExpectRightVisits(result, options);
      EXPECT_EQ(result.summary.frames_dropped, 0);
    }
  }
}

TEST(RotationContract, AWorkerThatTheOthersCannotReachEndsTheRunWithNameAndAddress) {
  const Rotating::Options options = OptionsOf(2, false);
  RunOptions run = Rounds(2);
  run.join_timeout = 2;
  try {
    RunOverZmq("tcp://127.0.0.1:*", options, run, [](auto transport) {
      return std::make_unique<UnreachableTransport>(std::move(transport));
    });
    FAIL() << "it has ended well";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPeer);
    EXPECT_THAT(error.what(), HasSubstr("worker 0 has not reached worker 1 (process"));
    EXPECT_THAT(error.what(), HasSubstr("at tcp://127.0.0.1:1 within"));
  }
}

}  // namespace
}  // namespace strads::testing
