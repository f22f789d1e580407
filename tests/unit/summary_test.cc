#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/summary.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace strads {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Termination kAll[] = {Termination::kConverged,  Termination::kMaxRounds,
                                Termination::kMaxTime,    Termination::kUserStop,
                                Termination::kWorkerLost, Termination::kFailure};

TEST(Termination, HasANameOfItsOwnAndTheExitCodeThatIsDocumented) {
  std::set<std::string> names;
  for (const Termination termination : kAll) names.insert(TerminationName(termination));
  EXPECT_EQ(names.size(), std::size(kAll));
  for (const Termination good :
       {Termination::kConverged, Termination::kMaxRounds, Termination::kMaxTime}) {
    EXPECT_EQ(ExitCode(good), 0);
  }
  EXPECT_EQ(ExitCode(Termination::kUserStop), 130);
  EXPECT_EQ(ExitCode(Termination::kWorkerLost), 4);
  EXPECT_EQ(ExitCode(Termination::kFailure), 1);
}

TEST(Error, HasTheExitCodeThatIsDocumented) {
  EXPECT_EQ(ExitCode(UsageError("x").kind()), 2);
  EXPECT_EQ(ExitCode(DataError("x").kind()), 3);
  EXPECT_EQ(ExitCode(PeerError("x").kind()), 4);
  EXPECT_EQ(ExitCode(ProtocolError("x").kind()), 5);
}

TEST(Json, OfARoundIsOneLineWithEveryDoubleExact) {
  RoundRecord record;
  record.round = 3;
  record.objective = 0.1;
  record.gap = 1.0 / 3;
  record.seconds = 1e-9;
  record.extra = {{"lambda", 2.0 / 3}};
  const std::string text = ToJson(record);
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["round"], 3);
  EXPECT_EQ(json["objective"].get<double>(), 0.1);
  EXPECT_EQ(json["gap"].get<double>(), 1.0 / 3);
  EXPECT_EQ(json["seconds"].get<double>(), 1e-9);
  EXPECT_EQ(json["lambda"].get<double>(), 2.0 / 3);
}

TEST(Json, HasNullForWhatIsNotFinite) {
  Summary summary;
  summary.gap = std::numeric_limits<double>::infinity();
  summary.objective = std::numeric_limits<double>::quiet_NaN();
  summary.extra = {{"x", -std::numeric_limits<double>::infinity()}};
  summary.message = "with \"quotes\" and\nlines";
  const std::string text = ToJson(summary);
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  const auto json = nlohmann::json::parse(text);
  EXPECT_TRUE(json["gap"].is_null());
  EXPECT_TRUE(json["objective"].is_null());
  EXPECT_TRUE(json["x"].is_null());
  EXPECT_EQ(json["message"], summary.message);
}

TEST(Json, OfADataParallelRunHasItsStalenessAndItsTrace) {
  Summary summary;
  EXPECT_FALSE(nlohmann::json::parse(ToJson(summary)).contains("staleness_mean"));
  ClockSummary& clocks = summary.clocks.emplace();
  clocks.consistency = "ssp(3)";
  for (const int64_t value : {-2, 1, 1, 4}) clocks.staleness.Add(value);
  clocks.late_gradients = 7;
  clocks.trace = {{0, 0, 5.5}, {10, 0.25, std::numeric_limits<double>::infinity()}};
  const auto json = nlohmann::json::parse(ToJson(summary));
  EXPECT_EQ(json["consistency"], "ssp(3)");
  EXPECT_EQ(json["staleness_mean"].get<double>(), 1);
  EXPECT_EQ(json["staleness_max"], 4);
  EXPECT_EQ(json["staleness_histogram"]["-2"], 1);
  EXPECT_EQ(json["staleness_histogram"]["1"], 2);
  EXPECT_EQ(json["late_gradients"], 7);
  ASSERT_EQ(json["trace"].size(), 2u);
  EXPECT_EQ(json["trace"][0]["objective"].get<double>(), 5.5);
  EXPECT_EQ(json["trace"][1]["round"], 10);
  EXPECT_TRUE(json["trace"][1]["objective"].is_null());
  EXPECT_THAT(summary.FullReport(), HasSubstr("ssp(3): mean 1 clocks"));
}

TEST(Json, HasEveryValueOfAWideHistogramInOrder) {
  Summary summary;
  Staleness& staleness = summary.clocks.emplace().staleness;
  for (int64_t value = -500; value < 500; ++value) staleness.counts[3 * value] = value + 501;
  const auto json = nlohmann::ordered_json::parse(ToJson(summary));
  std::vector<std::pair<int64_t, int64_t>> told;
  for (const auto& [value, count] : json["staleness_histogram"].items())
    told.emplace_back(std::stoll(value), count.get<int64_t>());
  EXPECT_THAT(told, ElementsAreArray(staleness.counts));
}

TEST(FullReport, SaysHowARunEndedAndWhatWasFound) {
  Summary summary;
  summary.termination = Termination::kMaxRounds;
  summary.message = "did the 5 rounds";
  summary.gap = std::numeric_limits<double>::infinity();
  summary.updates = 1234567;
  std::string report = summary.FullReport();
  for (const char* expected : {"MaxRounds", "did the 5 rounds", "1,234,567", "not certified"}) {
    EXPECT_THAT(report, HasSubstr(expected));
  }
  EXPECT_THAT(report, Not(HasSubstr("dropped")));
  summary.frames_dropped = 3;
  summary.gap = 0.5;
  report = summary.FullReport();
  EXPECT_THAT(report, HasSubstr("dropped"));
  EXPECT_THAT(report, Not(HasSubstr("not certified")));
}

// The names that a line of --metrics has without the app.
TEST(Metrics, OfAnAppHaveNamesOfTheirOwn) {
  Summary summary;
  summary.clocks.emplace();
  for (const std::string& line : {ToJson(RoundRecord()), ToJson(summary)}) {
    const nlohmann::json json = nlohmann::json::parse(line);
    for (const auto& [name, value] : json.items()) {
      try {
        RefuseBuiltInNames({{"own", 1}, {name, 2}});
        ADD_FAILURE() << name;
      } catch (const std::logic_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("'" + name + "'"));
      }
    }
  }
  EXPECT_NO_THROW(RefuseBuiltInNames({{"own", 1}, {"Objective", 2}}));
}

}  // namespace
}  // namespace strads
