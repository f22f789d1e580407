#include "strads/is_utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace strads::testing {
namespace {

// By its bits, as RFC 3629 has it.
std::string Encode(uint32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

TEST(IsUtf8, IsEveryCharacterButSurrogates) {
  for (uint32_t code = 0; code < 0x120000; ++code) {
    const bool expected = code < 0xD800 || (code >= 0xE000 && code < 0x110000);
    ASSERT_EQ(IsUtf8("a" + Encode(code) + "z"), expected) << code;
  }
}

TEST(IsUtf8, IsNothingCutOffOrLongerThanItMustBe) {
  for (const uint32_t code : {0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    const std::string text = Encode(code);
    for (size_t length = 1; length < text.size(); ++length) {
      EXPECT_FALSE(IsUtf8(text.substr(0, length)));
      EXPECT_FALSE(IsUtf8(text.substr(0, length) + "z"));
      EXPECT_FALSE(IsUtf8(text.substr(length)));
    }
  }
  for (const char* text : {"\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xFF"})
    EXPECT_FALSE(IsUtf8(text));
  EXPECT_TRUE(IsUtf8(""));
}

}  // namespace
}  // namespace strads::testing
