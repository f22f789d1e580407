#include "coordinator/wire/zmq_message.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace strads::wire {
namespace {

class ZmqMessageTest : public ::testing::Test {
 protected:
  ZmqMessageTest() {
    to_.bind("inproc://frames");
    from_.connect("inproc://frames");
  }

  // The sizes of the ZeroMQ messages that carry `frame`.
  std::vector<size_t> SizesOnTheWire(const Frame& frame) {
    EXPECT_TRUE(SendFrame(from_, nullptr, frame));
    std::vector<size_t> sizes;
    zmq::message_t message;
    do {
      EXPECT_TRUE(to_.recv(message));
      sizes.push_back(message.size());
    } while (message.more());
    return sizes;
  }

  zmq::context_t context_{1};
  zmq::socket_t to_{context_, zmq::socket_type::pair};
  zmq::socket_t from_{context_, zmq::socket_type::pair};
};

Frame MakeFrame(const std::vector<size_t>& sizes) {
  Frame frame;
  for (const size_t size : sizes) frame.parts.push_back(Bytes::Copy(std::string(size, 'x')));
  return frame;
}

TEST_F(ZmqMessageTest, PutsASmallFrameIntoOneMessage) {
  const Frame frame = MakeFrame({100, 0, 200});
  EXPECT_EQ(SizesOnTheWire(frame), std::vector<size_t>{frame.NumBytes()});
}

TEST_F(ZmqMessageTest, SendsLargePartsApartInChunksThatHeartbeatsPassBetween) {
  const Frame frame = MakeFrame({2 * kChunkBytes + 1, 0, kChunkBytes});
  const std::vector<size_t> expected = {
      EncodeHead(frame).size(), kChunkBytes, kChunkBytes, 1, 0, kChunkBytes};
  EXPECT_EQ(SizesOnTheWire(frame), expected);
}

TEST_F(ZmqMessageTest, HoldsTheMemoryOfAPartUntilItIsSentAndNoLonger) {
  auto memory = std::make_shared<std::string>(100'000, 'y');
  std::weak_ptr<std::string> watch = memory;
  {
    Frame frame;
    frame.parts = {Bytes(memory, memory->data(), memory->size())};
    ASSERT_TRUE(SendFrame(from_, nullptr, frame));
  }
  memory.reset();
  EXPECT_FALSE(watch.expired()) << "libzmq reads memory that is gone";
  {
    zmq::message_t first;
    ASSERT_TRUE(to_.recv(first));
    const auto frame = ReceiveFrame(to_, std::move(first));
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->parts.at(0).view(), std::string(100'000, 'y'));
  }
  EXPECT_TRUE(watch.expired());
}

TEST_F(ZmqMessageTest, LeavesTheNextMessageAloneAfterAMalformedOne) {
  for (const std::string part : {"no head", "nor this", "nor that"}) {
    from_.send(zmq::message_t(part),
               part == "nor that" ? zmq::send_flags::none : zmq::send_flags::sndmore);
  }
  Frame honest = MakeFrame({3});
  honest.header.round = 4;
  ASSERT_TRUE(SendFrame(from_, nullptr, honest));
  zmq::message_t first;
  ASSERT_TRUE(to_.recv(first));
  EXPECT_FALSE(ReceiveFrame(to_, std::move(first)));
  ASSERT_TRUE(to_.recv(first));
  const auto frame = ReceiveFrame(to_, std::move(first));
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->header.round, 4);
}

TEST_F(ZmqMessageTest, SaysThatASocketTookNothing) {
  zmq::socket_t alone(context_, zmq::socket_type::push);
  alone.set(zmq::sockopt::linger, 0);
  alone.set(zmq::sockopt::immediate, true);
  EXPECT_FALSE(SendFrame(alone, nullptr, MakeFrame({10})));
  EXPECT_FALSE(SendFrame(alone, nullptr, MakeFrame({100'000})));
}

}  // namespace
}  // namespace strads::wire
