#include "coordinator/wire/frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

#include "strads/random.h"

namespace strads::wire {
namespace {

Frame MakeFrame(const std::vector<size_t>& sizes) {
  Frame frame;
  frame.header.kind = FrameKind::kPartial;
  frame.header.run_id = 0x0102030405060708;
  frame.header.sequence = 9;
  frame.header.ack = 10;
  frame.header.round = -11;
  frame.header.fence = 1;
  frame.header.loss = -0.5;
  for (const size_t size : sizes) frame.parts.push_back(Bytes::Copy(std::string(size, 'x')));
  return frame;
}

TEST(Frame, HeadReadsBackAsItWasWritten) {
  for (const auto& sizes :
       {std::vector<size_t>{}, {0}, {5, 0, 70'000}, std::vector<size_t>(kMaxParts, 1)}) {
    const Frame frame = MakeFrame(sizes);
    const std::string head = EncodeHead(frame);
    EXPECT_EQ(head.size(), sizeof(FrameHeader) + 8 * sizes.size());
    FrameHeader header;
    std::vector<uint64_t> found = {77};
    ASSERT_EQ(DecodeHead(head + "and more", header, found), head.size());
    EXPECT_TRUE(std::equal(found.begin(), found.end(), sizes.begin(), sizes.end()));
    EXPECT_EQ(header.kind, frame.header.kind);
    EXPECT_EQ(header.run_id, frame.header.run_id);
    EXPECT_EQ(header.sequence, frame.header.sequence);
    EXPECT_EQ(header.ack, frame.header.ack);
    EXPECT_EQ(header.round, frame.header.round);
    EXPECT_EQ(header.fence, frame.header.fence);
    EXPECT_EQ(header.loss, frame.header.loss);
    EXPECT_EQ(header.num_parts, sizes.size());
  }
}

TEST(Frame, CountsItsBytes) {
  EXPECT_EQ(MakeFrame({}).NumBytes(), sizeof(FrameHeader));
  EXPECT_EQ(MakeFrame({3, 0, 4}).NumBytes(), sizeof(FrameHeader) + 3 * 8 + 7);
}

// What other programs on the network rely on.
TEST(Frame, LiesInBytesAsTheProtocolSays) {
  const std::string head = EncodeHead(MakeFrame({0x0201}));
  EXPECT_EQ(head.substr(0, 4), "STRD");
  EXPECT_EQ(head.substr(4, 4), std::string("\x01\0\x15\0", 4)) << "version 1, kind 21";
  EXPECT_EQ(head.substr(8, 8), "\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(head.substr(40, 4), std::string("\x01\0\0\0", 4)) << "one part";
  EXPECT_EQ(head.substr(56, 8), std::string("\x01\x02\0\0\0\0\0\0", 8)) << "of 513 bytes";
}

TEST(Frame, HeadsThatAreCutOrLieAreRefused) {
  FrameHeader header;
  std::vector<uint64_t> sizes;
  const std::string head = EncodeHead(MakeFrame({5, 6}));
  for (size_t size = 0; size < head.size(); ++size) {
    EXPECT_EQ(DecodeHead(std::string(head.substr(0, size)), header, sizes), 0u) << size;
  }
  const auto patched = [&](size_t at, auto value) {
    std::string changed = head;
    std::memcpy(changed.data() + at, &value, sizeof value);
    return DecodeHead(changed, header, sizes);
  };
  EXPECT_EQ(patched(0, uint32_t{0}), 0u) << "magic";
  EXPECT_EQ(patched(40, uint32_t{3}), 0u) << "more parts than sizes";
  EXPECT_EQ(patched(40, kMaxParts + 1), 0u);
  EXPECT_EQ(patched(40, ~uint32_t{0}), 0u);
  EXPECT_EQ(patched(56, kMaxFrameBytes + 1), 0u);
  EXPECT_EQ(patched(56, ~uint64_t{0}), 0u);
  EXPECT_EQ(patched(56, kMaxFrameBytes - 5), 0u) << "with the second part it is too large";
  EXPECT_EQ(patched(56, kMaxFrameBytes - 6), head.size());
  EXPECT_EQ(patched(64, kMaxFrameBytes - 5), head.size());
  std::string one = EncodeHead(MakeFrame({5}));
  std::memcpy(one.data() + 56, &kMaxFrameBytes, sizeof kMaxFrameBytes);
  EXPECT_EQ(DecodeHead(one, header, sizes), one.size()) << "exactly as large as may be";
}

TEST(Frame, OfAnotherVersionHasAHeaderAndNoSizes) {
  Frame frame = MakeFrame({5, 6});
  frame.header.version = 2;
  const std::string head = EncodeHead(frame) + "whatever it has";
  FrameHeader header;
  std::vector<uint64_t> sizes;
  EXPECT_EQ(DecodeHead(head, header, sizes), head.size());
  EXPECT_EQ(header.version, 2);
  EXPECT_EQ(header.kind, FrameKind::kPartial);
  EXPECT_TRUE(sizes.empty());
}

TEST(Frame, RandomHeadsAreReadWithinTheirBounds) {
  Random random(12);
  const std::string head = EncodeHead(MakeFrame({1, 2, 3}));
  for (int i = 0; i < 100'000; ++i) {
    std::string changed = head.substr(0, random.Below(head.size() + 1));
    for (int n = 0; n < 3 && !changed.empty(); ++n) {
      changed[random.Below(changed.size())] = static_cast<char>(random.Below(256));
    }
    if (changed.size() > 4 && random.Below(2) == 0) changed.replace(0, 4, "STRD");
    const std::string exact(changed);
    FrameHeader header;
    std::vector<uint64_t> sizes;
    const size_t length = DecodeHead(exact, header, sizes);
    ASSERT_LE(length, exact.size());
    uint64_t total = 0;
    for (const uint64_t size : sizes) total += size;
    ASSERT_LE(total, kMaxFrameBytes);
  }
}

TEST(Frame, EveryKindHasANameOfItsOwn) {
  std::set<std::string> names;
  for (const int kind : {1,  2,  3,  4,  5,  16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
                         26, 27, 28, 29, 30, 31, 32, 48, 49, 50, 51, 52, 53, 54}) {
    EXPECT_TRUE(names.insert(FrameKindName(static_cast<FrameKind>(kind))).second) << kind;
  }
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_STREQ(FrameKindName(static_cast<FrameKind>(999)), "unknown");
}

}  // namespace
}  // namespace strads::wire
