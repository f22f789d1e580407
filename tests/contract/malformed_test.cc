#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/wire/zmq_message.h"
#include "strads/random.h"
#include "tests/support/networks.h"

namespace strads::testing {
namespace {

using wire::Event;
using wire::Frame;
using wire::FrameHeader;
using wire::FrameKind;
using wire::kCoordinator;
using wire::Transport;

constexpr uint64_t kRunId = 99;

// A ZeroMQ socket that sends whatever it likes.
class RawSocket {
 public:
  explicit RawSocket(const std::string& endpoint)
      : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_DEALER)) {
    const int linger = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    EXPECT_EQ(zmq_connect(socket_, endpoint.c_str()), 0);
  }
  ~RawSocket() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  void Send(const std::vector<std::string>& parts) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const int more = i + 1 < parts.size() ? ZMQ_SNDMORE : 0;
      ASSERT_GE(zmq_send(socket_, parts[i].data(), parts[i].size(), more), 0);
    }
  }

 private:
  void* context_;
  void* socket_;
};

Frame MakeFrame(int64_t round, const std::vector<size_t>& sizes) {
  Frame frame;
  frame.header.kind = FrameKind::kPartial;
  frame.header.run_id = kRunId;
  frame.header.round = round;
  for (const size_t size : sizes) frame.parts.push_back(Bytes::Copy(std::string(size, 'x')));
  return frame;
}

std::string Head(const std::vector<uint64_t>& claimed) {
  FrameHeader header;
  header.run_id = kRunId;
  header.num_parts = static_cast<uint32_t>(claimed.size());
  std::string head(sizeof header + 8 * claimed.size(), '\0');
  std::memcpy(head.data(), &header, sizeof header);
  if (!claimed.empty())
    std::memcpy(head.data() + sizeof header, claimed.data(), 8 * claimed.size());
  return head;
}

std::string Patched(std::string head, size_t at, uint32_t value) {
  std::memcpy(head.data() + at, &value, sizeof value);
  return head;
}

// Nothing of this is a frame.
std::vector<std::vector<std::string>> NotFrames() {
  const std::string x(10, 'x');
  const std::string chunk(wire::kChunkBytes, 'x');
  const uint64_t two_chunks = 2 * wire::kChunkBytes;
  return {
      {""},
      {"x"},
      {std::string(1000, '\0')},
      {Head({}).substr(0, 55)},        // short
      {Head({10})},                    // lacks its part
      {Head({10}).substr(0, 60) + x},  // sizes cut
      {Head({10}) + x + "y"},          // one byte too many
      {Head({11}) + x},                // one too few
      {Head({10}) + x, x},             // inline and apart
      {Head({10}), x, x},              // a part too many
      {Head({10, 10}), x},             // a part too few
      {Head({10, 10}), x, x + "y"},    // a part too long
      {Head({}), ""},                  // a part of none
      {Head({~uint64_t{0}}) + x},      // sizes beyond every bound
      {Head({uint64_t{1} << 62, uint64_t{1} << 62, uint64_t{1} << 62, uint64_t{1} << 62})},
      {Head({uint64_t{1} << 33, 1}), x},  // their sum beyond
      {Head({uint64_t{1} << 33}), x},     // 8 GB claimed, 10 bytes sent
      {Head({two_chunks}), chunk},        // the second chunk is missing
      {Head({two_chunks}), chunk, x},     // or short
      {Head({two_chunks}), x, chunk},
      {Head({two_chunks, 10}), chunk, chunk},  // the part after it is missing
      {Patched(Head({}), 0, 0x12345678)},      // magic
      {Patched(Head({}), 40, 4097)},           // number of parts
      {Patched(Head({}), 40, 0xffffffff)},
      {x, Head({}), ""},  // as a REQ socket would
  };
}

class MalformedFrames : public ::testing::TestWithParam<NetworkFactory> {
 protected:
  // That frames pass from `raw` and, both ways, from an honest peer.
  void ExpectHonestFramesPass() {
    const std::unique_ptr<Transport> honest = network_->Connect();
    std::optional<Event> event;
    const wire::Time deadline = hub().clock().Now() + kPatience;
    while (!event && hub().clock().Now() < deadline) {
      honest->Send(kCoordinator, MakeFrame(1'000'001, {3, 20'000}));
      auto next = hub().Receive(hub().clock().Now() + wire::Seconds(0.02));
      if (next && next->frame.header.round == 1'000'001) event = std::move(next);
    }
    ASSERT_TRUE(event);
    EXPECT_EQ(event->frame.parts.at(1).size(), 20'000u);
    hub().Send(event->peer, MakeFrame(2, {5'000'000}));
    EXPECT_TRUE(AwaitFrame(*honest, 2));
  }
  // Sends an honest frame after whatever was sent, and counts the frames that arrive before it.
  int64_t FramesBeforeTheLast(RawSocket& raw) {
    raw.Send({wire::EncodeHead(MakeFrame(1'000'000, {}))});
    int64_t frames = 0;
    const auto last = Await(hub(), [&](const Event& event) {
      if (event.kind != Event::Kind::kFrame) return false;
      ++frames;
      return event.frame.header.round == 1'000'000;
    });
    EXPECT_TRUE(last);
    return frames - 1;
  }
  Transport& hub() { return network_->hub(); }

  std::unique_ptr<TestNetwork> network_ = GetParam().make();
};

TEST_P(MalformedFrames, AreDroppedAndCountedOneByOne) {
  RawSocket raw(network_->endpoint());
  int64_t dropped = 0;
  for (const auto& message : NotFrames()) {
    SCOPED_TRACE("message " + std::to_string(dropped));
    raw.Send(message);
    EXPECT_EQ(FramesBeforeTheLast(raw), 0);
    EXPECT_EQ(hub().traffic().frames_dropped, ++dropped);
  }
  ExpectHonestFramesPass();
}

TEST_P(MalformedFrames, OfRandomBytesAreDroppedAndCounted) {
  RawSocket raw(network_->endpoint());
  Random random(17);
  constexpr int kMessages = 2000;
  for (int i = 0; i < kMessages; ++i) {
    std::vector<std::string> parts(1 + random.Below(4));
    for (std::string& part : parts) {
      part.resize(random.Below(300));
      for (char& c : part) c = static_cast<char>(random.Below(256));
    }
    raw.Send(parts);
  }
  EXPECT_EQ(FramesBeforeTheLast(raw), 0);
  EXPECT_EQ(hub().traffic().frames_dropped, kMessages);
  ExpectHonestFramesPass();
}

TEST_P(MalformedFrames, OfChangedHonestOnesAreDeliveredOrDroppedAndCounted) {
  RawSocket raw(network_->endpoint());
  Random random(18);
  constexpr int kMessages = 5000;
  int64_t frames = 0;
  for (int i = 0; i < kMessages; ++i) {
    const bool apart = random.Below(2) == 0;
    const std::vector<uint64_t> sizes = {random.Below(20), random.Below(20), random.Below(20)};
    std::vector<std::string> message = {Head(sizes)};
    for (const uint64_t size : sizes) {
      if (apart) {
        message.emplace_back(size, 'x');
      } else {
        message[0] += std::string(size, 'x');
      }
    }
    std::string& changed = message[random.Below(message.size())];
    if (!changed.empty() && random.Below(4) > 0) {
      const size_t at = random.Below(changed.size());
      if (at < 8 || at >= 16) changed[at] ^= static_cast<char>(1 << random.Below(8));
    } else if (random.Below(2) == 0) {
      changed.resize(random.Below(changed.size() + 10));
    } else if (message.size() > 1) {
      message.pop_back();
    }
    raw.Send(message);
    if (i % 100 == 99) frames += FramesBeforeTheLast(raw);
  }
  EXPECT_EQ(frames + hub().traffic().frames_dropped, kMessages);
  ExpectHonestFramesPass();
}

TEST_P(MalformedFrames, ThatAreCutOffByAClosedConnectionAreNotDelivered) {
  for (int i = 0; i < 20; ++i) {
    RawSocket raw(network_->endpoint());
    EXPECT_EQ(FramesBeforeTheLast(raw), 0);
    // A multipart message without its end.
    raw.Send({Head({10, 10}), "xxxxxxxxxx", "xxxxxxxxxx", ""});
  }
  ExpectHonestFramesPass();
}

TEST_P(MalformedFrames, ThatAreNotEvenZeroMqDoNotHarm) {
  const std::string endpoint = network_->endpoint();
  if (!endpoint.starts_with("tcp://")) GTEST_SKIP() << "needs tcp";
  const auto port = std::stoul(endpoint.substr(endpoint.rfind(':') + 1));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Random random(19);
  for (int i = 0; i < 200; ++i) {
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_GE(connection, 0);
    ASSERT_EQ(connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    std::string bytes(random.Below(500), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Below(256));
    (void)send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    close(connection);
  }
  ExpectHonestFramesPass();
}

INSTANTIATE_TEST_SUITE_P(,
                         MalformedFrames,
                         ::testing::ValuesIn(ZmqNetworks()),
                         [](const auto& network) { return network.param.name; });

}  // namespace
}  // namespace strads::testing
