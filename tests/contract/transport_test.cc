#include "coordinator/wire/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "coordinator/wire/reliable_endpoint.h"
#include "coordinator/wire/zmq_message.h"
#include "tests/support/networks.h"

namespace strads::testing {
namespace {

using wire::Address;
using wire::Event;
using wire::Frame;
using wire::FrameKind;
using wire::kCoordinator;
using wire::Seconds;
using wire::Time;
using wire::Transport;

Frame MakeFrame(int64_t round, std::vector<Bytes> parts = {}) {
  Frame frame;
  frame.header.kind = FrameKind::kPush;
  frame.header.round = round;
  frame.parts = std::move(parts);
  return frame;
}

// `size` bytes that differ from those of another seed.
Bytes MakeBytes(size_t size, uint32_t seed) {
  std::string text(size, '\0');
  uint32_t state = seed * 2654435761u + 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  return Bytes::Copy(text);
}

void ExpectSameFrame(const Frame& a, const Frame& b) {
  EXPECT_EQ(a.header.round, b.header.round);
  EXPECT_EQ(a.header.kind, b.header.kind);
  EXPECT_EQ(a.header.run_id, b.header.run_id);
  EXPECT_EQ(a.header.sequence, b.header.sequence);
  EXPECT_EQ(a.header.ack, b.header.ack);
  EXPECT_EQ(a.header.fence, b.header.fence);
  EXPECT_EQ(a.header.loss, b.header.loss);
  ASSERT_EQ(a.parts.size(), b.parts.size());
  for (size_t i = 0; i < a.parts.size(); ++i) {
    ASSERT_EQ(a.parts[i].size(), b.parts[i].size()) << "part " << i;
    EXPECT_TRUE(a.parts[i].view() == b.parts[i].view()) << "part " << i;
  }
}

TEST(ZmqTransport, RefusesFramesThatItsOtherEndWouldDrop) {
  for (const NetworkFactory& factory : ZmqNetworks()) {
    const auto network = factory.make();
    wire::ReliableEndpoint endpoint(network->hub(), {});
    endpoint.Open("peer");
    const auto send = [&](size_t parts) {
      endpoint.Send("peer", {.kind = FrameKind::kPush}, std::vector<Bytes>(parts));
    };
    EXPECT_THROW(send(wire::kMaxParts + 1), Error) << factory.name;
    EXPECT_NO_THROW(send(wire::kMaxParts)) << factory.name;
  }
}

class TransportContract : public ::testing::TestWithParam<NetworkFactory> {
 protected:
  std::unique_ptr<TestNetwork> network_ = GetParam().make();
  Transport& hub() { return network_->hub(); }

  // A peer whose connection stands, and how the hub calls it.
  struct Peer {
    std::unique_ptr<Transport> transport;
    Address address;
  };
  Peer Join() {
    Peer peer;
    peer.transport = network_->Connect();
    const int64_t id = --last_id_;
    const Time deadline = hub().clock().Now() + kPatience;
    while (peer.address.empty() && hub().clock().Now() < deadline) {
      peer.transport->Send(kCoordinator, MakeFrame(id));
      const auto event = hub().Receive(hub().clock().Now() + Seconds(0.02));
      if (event && event->kind == Event::Kind::kFrame && event->frame.header.round == id) {
        peer.address = event->peer;
      }
    }
    EXPECT_FALSE(peer.address.empty()) << "no connection";
    return peer;
  }

 private:
  int64_t last_id_ = 0;  // of the frames that connections are made with, whose rounds are negative
};

TEST_P(TransportContract, BringsEveryPartUnchangedBothWays) {
  Peer peer = Join();
  // Around the sizes at which a transport may change its ways.
  const size_t inline_parts = (size_t{8} << 10) - 56 - 8;
  const size_t chunk = wire::kChunkBytes;
  std::vector<std::vector<Bytes>> cases = {
      {},
      {Bytes()},
      {Bytes(), Bytes::Copy("x"), Bytes()},
      {MakeBytes(9'000'000, 1), Bytes(), MakeBytes(9'000'000, 2)},
      {MakeBytes(20'000, 3), MakeBytes(1, 4), Bytes()},
      {Bytes(), MakeBytes(20'000, 5)}};
  for (const size_t edge : {inline_parts, chunk}) {
    for (const size_t size : {edge - 1, edge, edge + 1}) cases.push_back({MakeBytes(size, 6)});
  }
  cases.push_back({MakeBytes(1, 8), MakeBytes(2 * chunk + 1, 9), MakeBytes(chunk, 10)});
  cases.emplace_back(2000);  // empty ones, whose sizes alone are large
  cases.emplace_back(wire::kMaxParts);
  for (size_t i = 0; i < 100; ++i) cases.back()[i * 7] = MakeBytes(i, 7);
  int64_t round = 0;
  for (auto& parts : cases) {
    SCOPED_TRACE("case " + std::to_string(round));
    Frame sent = MakeFrame(round++, std::move(parts));
    sent.header.run_id = 0x8000000000000001;
    sent.header.sequence = 17;
    sent.header.ack = 16;
    sent.header.fence = 1;
    sent.header.loss = -0.0;
    peer.transport->Send(kCoordinator, sent);
    auto event = AwaitFrame(hub(), sent.header.round);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->peer, peer.address);
    ExpectSameFrame(event->frame, sent);
    hub().Send(peer.address, event->frame);
    event = AwaitFrame(*peer.transport, sent.header.round);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->peer, kCoordinator);
    ExpectSameFrame(event->frame, sent);
  }
}

TEST_P(TransportContract, BringsFramesFromPeerToPeerBothWaysBesideThoseOfTheHub) {
  Peer a = Join(), b = Join();
  a.transport->Listen();
  const std::string endpoint = b.transport->Listen();
  a.transport->Connect(b.address, endpoint);
  const std::vector<Bytes> large = {MakeBytes(3'000'000, 1), MakeBytes(5, 2)};
  for (int64_t round = 0; round < 6; round += 3) {
    a.transport->Send(b.address, MakeFrame(round, large));
    auto event = AwaitFrame(*b.transport, round);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->peer, a.address);
    ExpectSameFrame(event->frame, MakeFrame(round, large));
    b.transport->Send(a.address, event->frame);  // over the connection that a has made
    event = AwaitFrame(*a.transport, round);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->peer, b.address);
    ExpectSameFrame(event->frame, MakeFrame(round, large));
    hub().Send(a.address, MakeFrame(round + 1));
    event = AwaitFrame(*a.transport, round + 1);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->peer, kCoordinator);
    a.transport->Send(kCoordinator, MakeFrame(round + 2));
    ASSERT_TRUE(AwaitFrame(hub(), round + 2));
  }
}

// Who connects to a worker chooses its own name: it must not be taken for the coordinator.
TEST(ZmqTransport, DropsAndCountsWhatComesUnderTheCoordinatorsName) {
  for (const NetworkFactory& factory : ZmqNetworks()) {
    SCOPED_TRACE(factory.name);
    const auto network = factory.make();
    const auto worker = network->Connect();
    zmq::context_t context;
    zmq::socket_t stranger(context, zmq::socket_type::dealer);
    stranger.set(zmq::sockopt::linger, 0);
    stranger.set(zmq::sockopt::routing_id, kCoordinator);
    stranger.connect(worker->Listen());
    SendFrame(stranger, nullptr, MakeFrame(1));
    const Time deadline = worker->clock().Now() + kPatience;
    while (worker->traffic().frames_dropped == 0 && worker->clock().Now() < deadline)
      EXPECT_FALSE(worker->Receive(worker->clock().Now() + Seconds(0.01)));
    EXPECT_EQ(worker->traffic().frames_dropped, 1);
  }
}

TEST_P(TransportContract, TellsAPeerThatAnotherHasLeft) {
  Peer a = Join(), b = Join();
  a.transport->Listen();
  a.transport->Connect(b.address, b.transport->Listen());
  a.transport->Send(b.address, MakeFrame(1));
  ASSERT_TRUE(AwaitFrame(*b.transport, 1));
  b.transport->Send(a.address, MakeFrame(2));
  ASSERT_TRUE(AwaitFrame(*a.transport, 2));
  b.transport.reset();
  const auto event = Await(*a.transport, [&](const Event& e) {
    return e.kind == Event::Kind::kUnreachable && e.peer == b.address;
  });
  EXPECT_TRUE(event);
}

TEST_P(TransportContract, KeepsTheOrderOfEachOfManyPeers) {
  constexpr int kPeers = 12;
  constexpr int64_t kFrames = 100;
  std::vector<Peer> peers;
  std::set<Address> addresses;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(Join());
    addresses.insert(peers.back().address);
  }
  ASSERT_EQ(addresses.size(), size_t{kPeers});
  for (int64_t round = 0; round < kFrames; ++round) {
    for (size_t i = 0; i < peers.size(); ++i) {
      const size_t size = (static_cast<size_t>(round) * 37 + i) % 30 * 1000;
      peers[i].transport->Send(kCoordinator, MakeFrame(round, {MakeBytes(size, 1)}));
      hub().Send(peers[i].address, MakeFrame(round, {MakeBytes(size, 2)}));
    }
  }
  std::map<Address, int64_t> next;
  const Time deadline = hub().clock().Now() + kPatience;
  for (int64_t left = kPeers * kFrames; left > 0 && hub().clock().Now() < deadline;) {
    const auto event = hub().Receive(deadline);
    if (!event || event->kind != Event::Kind::kFrame || event->frame.header.round < 0) continue;
    ASSERT_EQ(event->frame.header.round, next[event->peer]++);
    --left;
  }
  for (Peer& peer : peers) {
    EXPECT_EQ(next[peer.address], kFrames);
    for (int64_t round = 0; round < kFrames; ++round) {
      const auto event = AwaitFrame(*peer.transport);
      ASSERT_TRUE(event);
      ASSERT_EQ(event->frame.header.round, round);
    }
  }
}

TEST_P(TransportContract, TellsThatAnUnknownPeerIsUnreachableAndGoesOn) {
  Peer peer = Join();
  hub().Send("nobody", MakeFrame(0));
  hub().Send("nobody", MakeFrame(0, {MakeBytes(20'000, 1)}));
  const auto unreachable =
      Await(hub(), [](const Event& event) { return event.kind == Event::Kind::kUnreachable; });
  ASSERT_TRUE(unreachable);
  EXPECT_EQ(unreachable->peer, "nobody");
  hub().Send(peer.address, MakeFrame(1));
  EXPECT_TRUE(AwaitFrame(*peer.transport, 1));
}

TEST_P(TransportContract, TellsTheHubThatAPeerHasLeft) {
  Peer peer = Join();
  Peer other = Join();
  hub().Send(peer.address, MakeFrame(0));
  ASSERT_TRUE(AwaitFrame(*peer.transport, 0));
  peer.transport.reset();
  // It need not be told at once, but when frames do not pass any more.
  std::optional<Event> event;
  const Time deadline = hub().clock().Now() + kPatience;
  while (hub().clock().Now() < deadline) {
    hub().Send(peer.address, MakeFrame(1));
    event = hub().Receive(hub().clock().Now() + Seconds(0.02));
    if (event && event->kind == Event::Kind::kUnreachable) break;
  }
  ASSERT_TRUE(event);
  ASSERT_EQ(event->kind, Event::Kind::kUnreachable);
  EXPECT_EQ(event->peer, peer.address);
  other.transport->Send(kCoordinator, MakeFrame(2));
  EXPECT_TRUE(AwaitFrame(hub(), 2));
}

TEST_P(TransportContract, TellsTheHubThatAPeerHasLeftThoughItSendsNothing) {
  Peer peer = Join();
  hub().Send(peer.address, MakeFrame(0));
  ASSERT_TRUE(AwaitFrame(*peer.transport, 0));
  peer.transport->Send(kCoordinator, MakeFrame(1));
  ASSERT_TRUE(AwaitFrame(hub(), 1));
  peer.transport.reset();
  const auto event =
      Await(hub(), [](const Event& e) { return e.kind == Event::Kind::kUnreachable; });
  ASSERT_TRUE(event);
  EXPECT_EQ(event->peer, peer.address);
}

TEST_P(TransportContract, TellsAPeerThatTheHubHasLeft) {
  Peer peer = Join();
  hub().Send(peer.address, MakeFrame(0));
  ASSERT_TRUE(AwaitFrame(*peer.transport, 0));
  network_->CloseHub();
  const auto event =
      Await(*peer.transport, [](const Event& e) { return e.kind == Event::Kind::kUnreachable; });
  ASSERT_TRUE(event);
  EXPECT_EQ(event->peer, kCoordinator);
  peer.transport->Send(kCoordinator, MakeFrame(1));  // is lost, and harms nobody
}

TEST_P(TransportContract, ComesBackFromAWaitInWhichNothingHappens) {
  Peer peer = Join();
  while (hub().Receive(Time{0})) {
  }
  for (const Time wait : {Time{0}, Seconds(0.03)}) {
    const Time until = hub().clock().Now() + wait;
    while (hub().clock().Now() < until) EXPECT_FALSE(hub().Receive(until));
    EXPECT_FALSE(hub().Receive(until));
  }
}

TEST_P(TransportContract, CountsTheBytesOfFrames) {
  Peer peer = Join();
  while (hub().Receive(hub().clock().Now() + Seconds(0.05))) {
  }
  const wire::Traffic before = hub().traffic();
  const wire::Traffic peer_before = peer.transport->traffic();
  const Frame small = MakeFrame(0, {MakeBytes(100, 1)});
  const Frame large = MakeFrame(1, {MakeBytes(100'000, 1), Bytes()});
  const auto bytes = static_cast<int64_t>(small.NumBytes() + large.NumBytes());
  EXPECT_EQ(bytes, 56 + 8 + 100 + 56 + 16 + 100'000);
  for (const Frame& frame : {small, large}) {
    peer.transport->Send(kCoordinator, frame);
    hub().Send(peer.address, frame);
    ASSERT_TRUE(AwaitFrame(hub(), frame.header.round));
    ASSERT_TRUE(AwaitFrame(*peer.transport, frame.header.round));
  }
  EXPECT_EQ(hub().traffic().bytes_sent - before.bytes_sent, bytes);
  EXPECT_EQ(hub().traffic().bytes_received - before.bytes_received, bytes);
  EXPECT_EQ(hub().traffic().frames_sent - before.frames_sent, 2);
  EXPECT_EQ(hub().traffic().frames_dropped, before.frames_dropped);
  EXPECT_EQ(peer.transport->traffic().bytes_sent - peer_before.bytes_sent, bytes);
}

TEST_P(TransportContract, DeliversTheHeaderOfAnotherProtocolVersion) {
  Peer peer = Join();
  for (const size_t size : {size_t{10}, size_t{100'000}}) {
    Frame frame = MakeFrame(3, {MakeBytes(size, 1)});
    frame.header.version = 99;
    frame.header.kind = FrameKind::kHello;
    peer.transport->Send(kCoordinator, frame);
    const auto event = AwaitFrame(hub(), 3);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->peer, peer.address);
    EXPECT_EQ(event->frame.header.version, 99);
    EXPECT_EQ(event->frame.header.kind, FrameKind::kHello);
  }
  peer.transport->Send(kCoordinator, MakeFrame(4));
  EXPECT_TRUE(AwaitFrame(hub(), 4)) << "the next frame suffers";
}

INSTANTIATE_TEST_SUITE_P(,
                         TransportContract,
                         ::testing::ValuesIn(AllNetworks()),
                         [](const auto& network) { return network.param.name; });

}  // namespace
}  // namespace strads::testing
