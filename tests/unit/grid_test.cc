#include "coordinator/search/grid.h"

#include <gmock/gmock.h>
#include <strads/error.h>

#include <set>

namespace strads::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<OptionInfo> kOptions = {
    {"C", OptionType::kDouble, "1", ""},      {"gamma", OptionType::kDouble, "1", ""},
    {"rank", OptionType::kInt, "8", ""},      {"loss", OptionType::kString, "hinge", ""},
    {"bias", OptionType::kBool, "false", ""},
};

TEST(Grid, HasAllCombinationsAndTheLastOptionVariesFastest) {
  const Grid grid = ParseGrid("  C=0.50,1e1 loss=hinge,squared_hinge,huber bias=yes", kOptions);
  ASSERT_EQ(grid.size(), 6);
  EXPECT_THAT(grid.At(0), ElementsAre("0.5", "hinge", "true"));
  EXPECT_THAT(grid.At(1), ElementsAre("0.5", "squared_hinge", "true"));
  EXPECT_THAT(grid.At(3), ElementsAre("10", "hinge", "true"));
  std::set<std::vector<std::string>> all;
  for (int64_t n = 0; n < grid.size(); ++n) all.insert(grid.At(n));
  EXPECT_EQ(all.size(), 6U);
}

TEST(Grid, RangesAreGeometricAndEndWhereTheySay) {
  const Grid grid = ParseGrid("C=1e-3:2:6", kOptions);
  const std::vector<std::string>& values = grid.axes.front().values;
  ASSERT_EQ(values.size(), 6U);
  EXPECT_EQ(values.front(), "0.001");
  EXPECT_EQ(values.back(), "2");
  const double ratio = std::stod(values[1]) / std::stod(values[0]);
  for (size_t i = 1; i < values.size(); ++i)
    EXPECT_NEAR(std::stod(values[i]) / std::stod(values[i - 1]), ratio, 1e-11 * ratio);
  EXPECT_THAT(ParseGrid("rank=8:128:5", kOptions).axes.front().values,
              ElementsAre("8", "16", "32", "64", "128"));
}

TEST(Grid, PowersOfTenInARangeAreWrittenAsSuch) {
  EXPECT_THAT(ParseGrid("C=0.01:10:4", kOptions).axes.front().values,
              ElementsAre("0.01", "0.1", "1", "10"));
  for (int least = -12; least < 0; ++least) {
    for (int most = 1; most <= 12; ++most) {
      const std::string range = "C=1e" + std::to_string(least) + ":1e" + std::to_string(most) +
                                ":" + std::to_string(most - least + 1);
      const Grid grid = ParseGrid(range, kOptions);
      for (int power = least; power <= most; ++power) {
        EXPECT_EQ(std::stod(grid.axes.front().values[static_cast<size_t>(power - least)]),
                  std::stod("1e" + std::to_string(power)))
            << range;
      }
    }
  }
}

TEST(Grid, EndsOfARangeKeepAllTheirDigits) {
  const std::vector<std::string> values =
      ParseGrid("C=0.12345678901234567:7.6543210987654321:3", kOptions).axes.front().values;
  EXPECT_EQ(std::stod(values.front()), 0.12345678901234567);
  EXPECT_EQ(std::stod(values.back()), 7.6543210987654321);
}

TEST(Grid, TextWithColonsIsNoRange) {
  EXPECT_THAT(ParseGrid("loss=a:b:c", kOptions).axes.front().values, ElementsAre("a:b:c"));
}

class BadGrid : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BadGrid, IsRefusedByName) {
  const auto [text, message] = GetParam();
  EXPECT_THAT([&] { ParseGrid(text, kOptions, {"workers"}); },
              ThrowsMessage<Error>(HasSubstr(message)));
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    BadGrid,
    ::testing::Values(std::pair("", "--grid is missing"),
                      std::pair("C", "'C', expected option=value"),
                      std::pair("=1", "'=1', expected option=value"),
                      std::pair("rnk=1", "unknown option 'rnk'; did you mean rank"),
                      std::pair("workers=1,2",
                                "'workers' is an option of the run, which all settings share, "
                                "expected some of: C, gamma, rank, loss, bias"),
                      std::pair("C=1,x", "C=x"),
                      std::pair("C=1,1.0", "C has the value '1' twice"),
                      std::pair("C=1 C=2", "'C' is given twice"),
                      std::pair("rank=1.5", "rank=1.5"),
                      std::pair("rank=1:2:9", "rank has the value"),
                      std::pair("C=0:1:3", "C=0:1:3, expected lo:hi:n"),
                      std::pair("C=1:2:1", "C=1:2:1, expected lo:hi:n"),
                      std::pair("bias=1:2:3", "bias is no number"),
                      std::pair("C=1:2:2000 gamma=1:2:501", "more settings than")));

}  // namespace
}  // namespace strads::search
