#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coordinator/wire/control.h"
#include "tests/support/sim_cluster.h"
#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using wire::Frame;
using wire::FrameKind;
using wire::Seconds;

SimCluster::Config MakeConfig() {
  SimCluster::Config config;
  config.run.workers = 2;
  config.run.max_rounds = 40;
  config.run.tolerance = 0;
  return config;
}

// A run of two workers to which a third comes with `options`; the run goes on without it.
std::string WhyRefused(wire::Time at, const wire::MemberOptions& options) {
  SimCluster::Config config = MakeConfig();
  config.faults = {.drop = 0.1, .duplicate = 0.2, .max_delay = Seconds(0.05)};
  SimCluster cluster(ToyProgram(), config);
  cluster.AddWorker(Seconds(1));
  cluster.AddWorker(Seconds(1));
  cluster.AddWorker(at, options);
  cluster.Run();
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds);
  EXPECT_FALSE(cluster.actor("worker-0").error);
  const auto& error = cluster.actor("worker-2").error;
  if (!error) return "was not refused";
  EXPECT_EQ(error->kind(), ErrorKind::kPeer);
  return error->what();
}

TEST(Joining, AWorkerTooManyIsRefused) {
  EXPECT_THAT(WhyRefused(Seconds(2), {}), HasSubstr("this run has all its 2 workers"));
}

TEST(Joining, AWorkerThatClaimsOtherOptionsIsRefusedWithBothValues) {
  wire::MemberOptions options;
  options.claimed = {{"lambda", "0.25"}};
  const std::string reason = WhyRefused(Seconds(0), options);
  EXPECT_THAT(reason, HasSubstr("--lambda=0.25"));
  EXPECT_THAT(reason, HasSubstr("--lambda=0.5"));
}

TEST(Joining, AWorkerThatClaimsAnotherShapeOfTheRunIsRefused) {
  wire::MemberOptions options;
  options.claimed = {{"workers", "5"}};
  EXPECT_THAT(WhyRefused(Seconds(0), options), HasSubstr("--workers=5"));
}

TEST(Joining, AWorkerOfAnotherAppIsRefusedWithBothNames) {
  wire::MemberOptions options;
  options.app = "lda";
  const std::string reason = WhyRefused(Seconds(0), options);
  EXPECT_THAT(reason, HasSubstr("'lda'"));
  EXPECT_THAT(reason, HasSubstr("'toy'"));
}

TEST(Joining, AWorkerThatClaimsTheOptionsOfTheRunIsWelcome) {
  SimCluster cluster(ToyProgram(), MakeConfig());
  wire::MemberOptions options;
  options.app = "toy";
  options.claimed = {{"lambda", "0.5"}, {"rows", "40"}, {"workers", "2"}, {"seed", "1"}};
  cluster.AddWorker(Seconds(0), options);
  cluster.AddWorker(Seconds(0), options);
  cluster.Run();
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds);
}

// Speaks to the coordinator of a running cluster frame by frame.
class Stranger {
 public:
  explicit Stranger(SimCluster& cluster) : transport_(cluster.network(), "stranger", bell_) {}

  void SayHello(const wire::Hello& hello, uint16_t protocol = wire::FrameHeader::kVersion) {
    Frame frame;
    frame.header.kind = FrameKind::kHello;
    frame.header.version = protocol;
    frame.parts = {Pack(hello)};
    transport_.Send(wire::kCoordinator, frame);
  }
  void Send(const Frame& frame) { transport_.Send(wire::kCoordinator, frame); }

  // The reasons of all refusals; "welcome" if it was welcomed.
  std::vector<std::string> Answers() {
    std::vector<std::string> answers;
    while (const auto event = transport_.Receive(wire::Time{0})) {
      if (event->kind != wire::Event::Kind::kFrame) continue;
      const bool refused = event->frame.header.kind == FrameKind::kRefuse;
      answers.push_back(refused ? Unpack<wire::Refuse>(event->frame.parts.at(0)).reason
                                : "welcome");
    }
    return answers;
  }

 private:
  wire::Doorbell bell_;
  wire::InprocTransport transport_;
};

TEST(Joining, AnotherVersionOrProtocolIsRefusedWithBoth) {
  SimCluster cluster(ToyProgram(), MakeConfig());
  Stranger stranger(cluster);
  cluster.AddWorker(Seconds(1));
  cluster.AddWorker(Seconds(1));
  cluster.At(Seconds(0.1), [&] {
    wire::Hello hello;
    hello.version = "99.7";
    stranger.SayHello(hello);
  });
  cluster.At(Seconds(0.2), [&] { stranger.SayHello({}, 42); });
  cluster.Run();
  const auto answers = stranger.Answers();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_THAT(answers[0], HasSubstr("99.7"));
  EXPECT_THAT(answers[1], HasSubstr("42"));
  EXPECT_EQ(cluster.Result().summary.termination, Termination::kMaxRounds);
}

TEST(Joining, ABrokenHelloIsRefusedAndForeignFramesAreDroppedAndCounted) {
  SimCluster cluster(ToyProgram(), MakeConfig());
  Stranger stranger(cluster);
  cluster.AddWorker(Seconds(1));
  cluster.AddWorker(Seconds(1));
  cluster.At(Seconds(0.1), [&] {
    Frame hello;
    hello.header.kind = FrameKind::kHello;
    stranger.Send(hello);
    hello.parts = {Bytes::Copy("\xc1 garbage")};
    stranger.Send(hello);
    for (int kind = 0; kind < 40; ++kind) {
      if (kind >= 1 && kind <= 3) continue;
      for (const uint64_t run_id : {uint64_t{0}, uint64_t{77}}) {
        Frame foreign;
        foreign.header.kind = static_cast<FrameKind>(kind);
        foreign.header.run_id = run_id;
        foreign.header.sequence = static_cast<uint64_t>(kind % 2);
        foreign.header.round = 0;
        foreign.parts = {Bytes::Copy("x")};
        stranger.Send(foreign);
      }
    }
  });
  cluster.Run();
  const RunResult& result = cluster.Result();
  EXPECT_EQ(result.summary.termination, Termination::kMaxRounds);
  EXPECT_GE(result.summary.frames_dropped, 2 * 37);
  for (const std::string& answer : stranger.Answers()) EXPECT_NE(answer, "welcome");
}

}  // namespace
}  // namespace strads::testing
