#include <gtest/gtest.h>
#include <strads/error.h>

#include <string>
#include <string_view>

#include "strads/is_utf8.h"
#include "strads/random.h"

namespace strads {
namespace {

using namespace std::string_literals;

TEST(OneLine, KeepsTextAsItIs) {
  for (const char* text : {"", "path/to a file:3: 'x', expected \"y\"",
                           "donn\u00e9es \u4e2d \U0001F600", "back\\slash"})
    EXPECT_EQ(OneLine(text), text);
}

TEST(OneLine, EscapesWhatIsNoPrintableText) {
  EXPECT_EQ(OneLine("a\nb\tc\r\x1b[31m"), "a\\nb\\tc\\x0d\\x1b[31m");
  EXPECT_EQ(OneLine("nul\0nul"s), "nul\\x00nul");
  EXPECT_EQ(OneLine("\x7f\xff\xc3"), "\\x7f\\xff\\xc3");
  EXPECT_EQ(OneLine("\xc2\x9b"), "\\xc2\\x9b");           // a control character of Latin-1
  EXPECT_EQ(OneLine("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
}

TEST(OneLine, IsOfNoMoreBytesThanAreAskedFor) {
  EXPECT_EQ(OneLine("a\nbc", 3), "a\\nb");
  EXPECT_EQ(OneLine("abc", 3), "abc");
  EXPECT_EQ(OneLine("abc", 4), "abc");
  EXPECT_EQ(OneLine("ab\xc3\xa9", 3), "ab\\xc3");  // within a character
}

TEST(OneLine, IsUtf8WithoutControlCharactersWhateverTheBytes) {
  Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    for (auto left = random.Below(6); left > 0; --left)
      bytes +=
          static_cast<char>(random.Below(4) == 0 ? random.Below(128) : 0x80 + random.Below(128));
    const std::string line = OneLine(bytes);
    ASSERT_TRUE(IsUtf8(line)) << line;
    for (const char c : line) ASSERT_FALSE((0 <= c && c < ' ') || c == '\x7f') << line;
    ASSERT_EQ(OneLine(line), line);
  }
}

TEST(Error, SaysSomethingInOneLine) {
  EXPECT_EQ(std::string(DataError("a\0\n"s).what()), "a\\x00\\n");
  EXPECT_NE(std::string(UsageError("").what()), "");
}

}  // namespace
}  // namespace strads
