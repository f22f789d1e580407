#include "coordinator/wire/reliable_endpoint.h"

#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/wire/faulty_transport.h"
#include "coordinator/wire/inproc_transport.h"
#include "strads/random.h"

namespace strads::wire {
namespace {

constexpr uint64_t kRunId = 5;
const Faults kLossy = {.drop = 0.2, .duplicate = 0.2, .max_delay = Seconds(0.2)};

// One end of links over a lossy network, and what it was delivered.
struct End {
  End(InprocNetwork& network,
      Doorbell& bell,
      const std::string& its_name,
      const Faults& faults,
      uint64_t seed)
      : name(its_name),
        inner(network, its_name, bell),
        transport(inner, faults, seed),
        endpoint(transport, {}) {
    endpoint.set_run_id(kRunId);
  }

  void Send(const Address& to, int64_t number) {
    endpoint.Send(to, {.kind = FrameKind::kPush, .round = number},
                  {Bytes::Copy(std::to_string(number))});
  }
  bool Poll() {
    bool happened = false;
    while (const auto delivery = endpoint.Receive(Time{0})) {
      happened = true;
      if (delivery->lost) {
        ++lost[delivery->from];
      } else {
        Check(*delivery);
        received[delivery->from].push_back(delivery->header.round);
      }
    }
    return happened;
  }
  static void Check(const Delivery& delivery) {
    ASSERT_EQ(delivery.parts.size(), 1u);
    ASSERT_EQ(delivery.parts[0].view(), std::to_string(delivery.header.round));
  }

  const Address name;
  InprocTransport inner;
  FaultyTransport transport;
  ReliableEndpoint endpoint;
  std::map<Address, std::vector<int64_t>> received;
  std::map<Address, int> lost;
};

// A coordinator and two peers under a virtual clock.
class ReliableEndpointTest : public ::testing::Test {
 protected:
  void Start(const Faults& faults, uint64_t seed) {
    ends_.clear();
    for (const char* name : {"coordinator", "a", "b"}) {
      ends_.push_back(
          std::make_unique<End>(network_, bell_, name, faults, seed * 8 + ends_.size()));
    }
    for (const char* name : {"a", "b"}) {
      hub().endpoint.Open(name);
      end(name).endpoint.Open(kCoordinator);
    }
  }
  End& hub() { return *ends_[0]; }
  End& end(const std::string& name) { return name == "a" ? *ends_[1] : *ends_[2]; }

  // Everyone takes turns until the clock is at `until`.
  void RunUntil(Time until) {
    for (int step = 0; step < 100'000; ++step) {
      bool happened = false;
      for (const auto& end : ends_) happened = end->Poll() || happened;
      if (happened) continue;
      Time next = until;
      for (const auto& end : ends_) next = std::min(next, end->endpoint.NextTimer());
      if (clock_.Now() >= until) return;
      clock_.AdvanceTo(std::max(next, clock_.Now() + Time{1}));
    }
    FAIL() << "it does not come to rest";
  }
  bool AllAcknowledged() const {
    return std::all_of(ends_.begin(), ends_.end(),
                       [](const auto& end) { return end->endpoint.AllAcknowledged(); });
  }

  static std::vector<int64_t> Numbers(int64_t count) {
    std::vector<int64_t> numbers;
    for (int64_t i = 0; i < count; ++i) numbers.push_back(i);
    return numbers;
  }

  VirtualClock clock_;
  InprocNetwork network_{clock_};
  Doorbell bell_;
  std::vector<std::unique_ptr<End>> ends_;
};

TEST_F(ReliableEndpointTest, DeliversEveryFrameOnceAndInOrderBothWaysAndForgetsIt) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Start(kLossy, seed);
    Random random(seed);
    std::map<std::string, int64_t> down, up;
    for (int i = 0; i < 120; ++i) {
      const std::string peer = random.Below(2) == 0 ? "a" : "b";
      if (random.Below(2) == 0) {
        hub().Send(peer, down[peer]++);
      } else {
        end(peer).Send(kCoordinator, up[peer]++);
      }
      if (random.Below(3) == 0) RunUntil(clock_.Now() + Seconds(0.3 * random.Uniform()));
    }
    RunUntil(clock_.Now() + Seconds(200));
    for (const char* peer : {"a", "b"}) {
      ASSERT_EQ(end(peer).received[kCoordinator], Numbers(down[peer]));
      ASSERT_EQ(hub().received[peer], Numbers(up[peer]));
      ASSERT_EQ(hub().lost[peer] + end(peer).lost[kCoordinator], 0);
    }
    ASSERT_TRUE(AllAcknowledged());
  }
}

TEST_F(ReliableEndpointTest, RefusesWhatTheOtherEndWouldDropAndKeepsNothingOfIt) {
  Start({}, 1);
  hub().transport.Limit({.parts = 3, .bytes = 100});
  const auto send = [&](size_t parts, size_t bytes) {
    std::vector<Bytes> sent(parts);
    sent.back() = Bytes::Copy(std::string(bytes, 'x'));
    hub().endpoint.Send("a", {.kind = FrameKind::kPush}, std::move(sent));
  };
  for (const auto& [parts, bytes, what] :
       {std::tuple{4, 1, "a push of 4 parts"}, std::tuple{1, 101, "a push of 101 bytes"}}) {
    try {
      send(static_cast<size_t>(parts), static_cast<size_t>(bytes));
      FAIL() << what;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFailed);
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  }
  EXPECT_TRUE(hub().endpoint.AllAcknowledged());
  EXPECT_NO_THROW(send(3, 100));
  const auto delivery = end("a").endpoint.Receive(Time{0});
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->parts.size(), 3u);
}

TEST_F(ReliableEndpointTest, LosesNothingInAPartitionThatHealsInTime) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Start(seed % 2 == 0 ? kLossy : Faults{}, seed);
    for (int64_t i = 0; i < 60; ++i) {
      if (i == 20) {
        hub().transport.Cut("a");
        end("a").transport.Cut(kCoordinator);
      }
      if (i == 40) {
        hub().transport.Heal("a");
        end("a").transport.Heal(kCoordinator);
      }
      hub().Send("a", i);
      end("a").Send(kCoordinator, i);
      RunUntil(clock_.Now() + Seconds(0.2));  // 20 of them: 4 s of 5
    }
    RunUntil(clock_.Now() + Seconds(100));
    ASSERT_EQ(end("a").received[kCoordinator], Numbers(60));
    ASSERT_EQ(hub().received["a"], Numbers(60));
    ASSERT_EQ(hub().lost["a"] + end("a").lost[kCoordinator], 0);
    ASSERT_TRUE(AllAcknowledged());
  }
}

TEST_F(ReliableEndpointTest, TellsOnceThatAPeerIsLostWhenThePartitionLasts) {
  Start({}, 1);
  for (int64_t i = 0; i < 10; ++i) {
    hub().Send("a", i);
    hub().Send("b", i);
  }
  RunUntil(Seconds(1));
  hub().transport.Cut("a");
  end("a").transport.Cut(kCoordinator);
  hub().Send("a", 10);
  end("a").Send(kCoordinator, 0);
  RunUntil(Seconds(5.9));
  EXPECT_EQ(hub().lost["a"], 0) << "before the time";
  RunUntil(Seconds(60));
  EXPECT_EQ(hub().lost["a"], 1);
  EXPECT_EQ(end("a").lost[kCoordinator], 1);
  EXPECT_FALSE(hub().endpoint.IsOpen("a"));
  EXPECT_TRUE(AllAcknowledged()) << "frames of a lost peer are kept";
  hub().transport.Heal("a");
  end("a").transport.Heal(kCoordinator);
  hub().Send("a", 11);
  hub().Send("b", 10);
  RunUntil(Seconds(120));
  EXPECT_EQ(end("a").received[kCoordinator], Numbers(10));
  EXPECT_EQ(end("b").received[kCoordinator], Numbers(11)) << "the other peer suffers";
  EXPECT_EQ(hub().lost["a"], 1);
  EXPECT_EQ(hub().lost["b"], 0);
}

TEST_F(ReliableEndpointTest, NoticesAPeerThatIsGoneOnlyFromItsSilenceToProbes) {
  Start({}, 1);
  RunUntil(Seconds(1));
  end("a").Send(kCoordinator, 0);
  RunUntil(Seconds(2));
  ends_.erase(ends_.begin() + 1);  // the process of "a" ends
  RunUntil(Seconds(30));
  EXPECT_EQ(hub().lost["a"], 1);
}

constexpr size_t kLarge = 1'000'000;

TEST_F(ReliableEndpointTest, SendsALargeFrameOnceToAPeerThatComputes) {
  Start({}, 1);
  hub().endpoint.Send("a", {.kind = FrameKind::kPush}, {Bytes::Copy(std::string(kLarge, 'x'))});
  for (int i = 0; i < 30; ++i) {  // only the hub looks at what arrives
    clock_.AdvanceTo(clock_.Now() + Seconds(1));
    EXPECT_FALSE(hub().endpoint.Receive(Time{0}));
  }
  ASSERT_TRUE(end("a").endpoint.Receive(Time{0}));
  for (int i = 0; i < 30; ++i) {
    clock_.AdvanceTo(clock_.Now() + Seconds(1));
    EXPECT_FALSE(end("a").endpoint.Receive(Time{0}));
    EXPECT_FALSE(hub().endpoint.Receive(Time{0}));
  }
  EXPECT_TRUE(hub().endpoint.AllAcknowledged());
  EXPECT_LT(hub().endpoint.traffic().bytes_sent, 2 * int64_t{kLarge});
}

TEST_F(ReliableEndpointTest, SendsALargeFrameAgainThatWasLost) {
  Start({}, 1);
  hub().transport.Swallow("a");
  hub().endpoint.Send("a", {.kind = FrameKind::kPush}, {Bytes::Copy(std::string(kLarge, 'x'))});
  hub().transport.Deliver("a");
  int arrived = 0;
  for (int i = 0; i < 30; ++i) {
    clock_.AdvanceTo(clock_.Now() + Seconds(1));
    EXPECT_FALSE(hub().endpoint.Receive(Time{0}));
    if (end("a").endpoint.Receive(Time{0})) ++arrived;
  }
  EXPECT_EQ(arrived, 1);
  EXPECT_TRUE(hub().endpoint.AllAcknowledged());
}

TEST_F(ReliableEndpointTest, DropsAndCountsFramesOfOtherRunsAndOfStrangers) {
  Start({}, 1);
  InprocTransport stranger(network_, "stranger", bell_);
  Frame frame;
  frame.header.kind = FrameKind::kPartial;
  frame.header.sequence = 1;
  for (const uint64_t run_id : {uint64_t{0}, kRunId, kRunId + 1}) {
    frame.header.run_id = run_id;
    stranger.Send(kCoordinator, frame);
  }
  frame.header.run_id = kRunId + 1;
  end("a").transport.Send(kCoordinator, frame);
  RunUntil(Seconds(1));
  EXPECT_TRUE(hub().received.empty());
  EXPECT_EQ(hub().endpoint.traffic().frames_dropped, 4);
  end("a").Send(kCoordinator, 0);
  RunUntil(Seconds(2));
  EXPECT_EQ(hub().received["a"], Numbers(1));
}

TEST_F(ReliableEndpointTest, HandsOnTheHeaderAloneOfAnotherProtocolVersion) {
  Start({}, 1);
  InprocTransport stranger(network_, "stranger", bell_);
  Frame frame;
  frame.header.kind = FrameKind::kHello;
  frame.header.version = 9;
  frame.parts = {Bytes::Copy("of another format")};
  stranger.Send(kCoordinator, frame);
  const auto delivery = hub().endpoint.Receive(Time{0});
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->header.version, 9);
  EXPECT_TRUE(delivery->parts.empty());
}

// Of what belongs to no run only a hello, a welcome and a refusal outside the numbering pass.
TEST_F(ReliableEndpointTest, DropsWhatOnlyLooksLikeAHandshake) {
  Start({}, 1);
  InprocTransport stranger(network_, "stranger", bell_);
  hub().Send("a", 0);
  Frame frame;
  frame.header.kind = FrameKind::kMeet;
  frame.header.version = 9;
  stranger.Send(kCoordinator, frame);
  frame.header = {.kind = FrameKind::kRefuse, .sequence = 1, .ack = 1};
  end("a").transport.Send(kCoordinator, frame);
  EXPECT_FALSE(hub().endpoint.Receive(Time{0}));
  EXPECT_EQ(hub().endpoint.traffic().frames_dropped, 2);
  EXPECT_FALSE(hub().endpoint.AllAcknowledged()) << "by someone of no run";
}

TEST_F(ReliableEndpointTest, IgnoresWhatIsSentToAPeerThatWasNeverOpened) {
  Start({}, 1);
  hub().Send("nobody", 0);
  RunUntil(Seconds(60));
  EXPECT_TRUE(hub().lost.empty());
  EXPECT_TRUE(hub().endpoint.AllAcknowledged());
}

TEST_F(ReliableEndpointTest, SaysOnceThatAllIsAcknowledgedIfAsked) {
  Start({}, 1);
  hub().Send("a", 0);
  hub().Send("b", 0);
  hub().endpoint.TellOnceAcknowledged();
  end("a").Poll();
  end("a").endpoint.SendUnsequenced(kCoordinator, FrameKind::kAck, {});
  EXPECT_FALSE(hub().endpoint.Receive(Time{0})) << "b has not answered";
  end("b").Poll();
  end("b").endpoint.SendUnsequenced(kCoordinator, FrameKind::kAck, {});
  const auto delivery = hub().endpoint.Receive(Time{0});
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->header.kind, FrameKind::kAck);
  EXPECT_EQ(delivery->from, "b");
  end("b").endpoint.SendUnsequenced(kCoordinator, FrameKind::kAck, {});
  EXPECT_FALSE(hub().endpoint.Receive(Time{0}));
}

// A stream far ahead of one lost frame: memory of what came early is bounded, and all arrives.
TEST_F(ReliableEndpointTest, DeliversALongStreamBehindALostFrame) {
  Start({}, 1);
  hub().transport.Cut("a");
  hub().Send("a", 0);
  hub().transport.Heal("a");
  for (int64_t i = 1; i < 3000; ++i) hub().Send("a", i);
  RunUntil(Seconds(60));
  EXPECT_EQ(end("a").received[kCoordinator], Numbers(3000));
  EXPECT_TRUE(AllAcknowledged());
}

TEST(Time, OfAgesDoesNotOverflow) {
  for (const double seconds : {1e10, 1e300, std::numeric_limits<double>::infinity()}) {
    const Time now = SteadyClock().Now();
    EXPECT_GT(now + Seconds(seconds), now) << seconds;
    EXPECT_LT(now + Seconds(-seconds), now) << seconds;
  }
}

}  // namespace
}  // namespace strads::wire
