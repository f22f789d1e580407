#include "coordinator/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "strads/random.h"

namespace strads {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

std::string ValueOf(const std::string& line) {
  const ConfigLine read(line);
  EXPECT_EQ(read.error, "") << line;
  EXPECT_TRUE(read.has_value) << line;
  EXPECT_EQ(read.name, "name") << line;
  return read.value;
}

TEST(ConfigLine, WithoutAQuoteInFrontIsTakenAsItIs) {
  EXPECT_EQ(ValueOf("name = a value"), "a value");
  EXPECT_EQ(ValueOf("\tname=a=b \r"), "a=b");
  EXPECT_EQ(ValueOf("name = C:\\new \"x\"  # a comment"), "C:\\new \"x\"");
  EXPECT_EQ(ValueOf("name ="), "");
  EXPECT_EQ(ValueOf("name =  # a = \"b\""), "");
  for (const char* nothing : {"", "  \r", "# name = value", "  # \"", "\xef\xbb\xbf# mark"}) {
    const ConfigLine read(nothing);
    EXPECT_EQ(read.error + read.text, "") << nothing;
  }
  EXPECT_FALSE(ConfigLine("name # = value").has_value);
}

TEST(ConfigLine, WithQuotesHoldsWhatStandsBetweenThem) {
  EXPECT_EQ(ValueOf("name = \" a # b \"  # a \"comment\""), " a # b ");
  EXPECT_EQ(ValueOf("name = \"\""), "");
  EXPECT_EQ(ValueOf(R"(name = "\"\\\n\r\t\x1b\xC3\xa9")"), "\"\\\n\r\t\x1b\u00e9");
}

TEST(ConfigLine, SaysWhatIsWrongWithItsQuotes) {
  EXPECT_THAT(ConfigLine("name = \"a").error, HasSubstr("no end"));
  EXPECT_THAT(ConfigLine("name = \"a\\\"").error, HasSubstr("no end"));
  EXPECT_THAT(ConfigLine("name = \"a\" b").error, HasSubstr("follows"));
  for (const char* line : {R"(name = "\q")", R"(name = "\x")", R"(name = "\x1)", R"(name = "\x1g")",
                           R"(name = "\x-1")", R"(name = "\x00")", R"(name = "\)"})
    EXPECT_THAT(ConfigLine(line).error, HasSubstr("backslash")) << line;
  EXPECT_THAT(ConfigLine("na\0me = a"s).error, HasSubstr("NUL"));
}

TEST(ConfigText, IsReadBackAsTheSameValue) {
  constexpr std::string_view kLetters = "a \t\n\r\"\\#=x1\x1b\x7f\xc3\xa9";
  Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string value;
    for (auto left = random.Below(8); left > 0; --left)
      value += kLetters[random.Below(kLetters.size())];
    const std::string text = ConfigText(value);
    ASSERT_EQ(text.find('\n'), std::string::npos);
    ASSERT_EQ(ValueOf("name = " + text + "\r"), value) << text;
  }
}

TEST(ConfigText, HasNoQuotesWhereNoneAreNeeded) {
  for (const char* value : {"", "3", "a b", "C=1,2", "a\"b\"", "C:\\x", "donn\u00e9es"})
    EXPECT_EQ(ConfigText(value), value);
}

}  // namespace
}  // namespace strads
