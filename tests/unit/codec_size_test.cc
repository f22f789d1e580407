#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/message.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace strads {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// A count of a message has 32 bits.
TEST(CodecSize, OfMoreThanAMessageHoldsIsRefused) {
  constexpr size_t kMost = 0xffffffff, kTooMany = kMost + 1;
  codec::Encoder encoder(100);
  encoder.Map(kMost);
  encoder.Array(kMost);
  const auto refuses = ThrowsMessage<Error>(HasSubstr("4294967296"));
  EXPECT_THAT([&] { encoder.Map(kTooMany); }, refuses);
  EXPECT_THAT([&] { encoder.Array(kTooMany); }, refuses);
  const std::string_view text("its bytes are not read", kTooMany);
  EXPECT_THAT([&] { encoder.String(text); }, refuses);
}

struct Point {
  double x = 0;
  std::string name;
  STRADS_FIELDS(x, name)
};

struct Named : Point {
  int64_t a_name_that_is_longer_than_31_letters = 0;
  STRADS_MORE_FIELDS(Point, a_name_that_is_longer_than_31_letters)
};

struct Large {
  std::vector<Point> points = {};
  std::vector<std::vector<int32_t>> nested = {};
  std::vector<std::string> texts = {};
  std::vector<bool> flags = {};
  std::map<std::string, std::vector<double>> by_name = {};
  std::map<int64_t, Point> by_number = {};
  Named named = {};
  STRADS_FIELDS(points, nested, texts, flags, by_name, by_number, named)
};

TEST(CodecSize, IsAtMostTheHintWhateverIsLarge) {
  const Point point = {0.5, std::string(200, 'p')};
  const std::vector<Large> messages = {
      {},
      {.points = std::vector<Point>(1000, point)},
      {.nested = std::vector<std::vector<int32_t>>(10, std::vector<int32_t>(1000, 1))},
      {.texts = std::vector<std::string>(100, std::string(1000, 't'))},
      {.flags = std::vector<bool>(1000, true)},
      {.by_name = {{std::string(70'000, 'k'), std::vector<double>(1000, 0.1)}}},
      {.by_number = {{-1, point}, {INT64_MAX, point}}},
      {.named = {point, INT64_MAX}}};
  for (size_t i = 0; i < messages.size(); ++i)
    EXPECT_LE(Pack(messages[i]).size(), codec::PackedSizeHint(messages[i])) << "message " << i;
}

}  // namespace
}  // namespace strads
