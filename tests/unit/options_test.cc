#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/options.h>
#include <strads/run_options.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "strads/random.h"

namespace strads {
namespace {

using ::testing::HasSubstr;

struct Sample {
  bool flag = true;
  int count = 7;
  int64_t big = int64_t{1} << 40;
  double rate = 0.1;
  std::string name = "a b";
  STRADS_FIELDS(flag, count, big, rate, name)
  STRADS_HELP("rate: how fast")
};

// The message of the usage error that `act` throws; empty if it throws none.
std::string UsageErrorOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return {};
}

TEST(Options, AreDescribedWithTypeDefaultAndHelp) {
  const auto infos = DescribeOptions<Sample>();
  ASSERT_EQ(infos.size(), 5u);
  EXPECT_EQ(infos[0].name, "flag");
  EXPECT_EQ(infos[0].type, OptionType::kBool);
  EXPECT_EQ(infos[0].default_value, "true");
  EXPECT_EQ(infos[1].type, OptionType::kInt);
  EXPECT_EQ(infos[2].type, OptionType::kInt);
  EXPECT_EQ(infos[2].default_value, "1099511627776");
  EXPECT_EQ(infos[3].type, OptionType::kDouble);
  EXPECT_EQ(infos[3].default_value, "0.1");
  EXPECT_EQ(infos[3].help, "how fast");
  EXPECT_EQ(infos[4].type, OptionType::kString);
  EXPECT_EQ(infos[4].default_value, "a b");
}

TEST(Options, OfTypesThatNoFlagHasAreSeenByTheCompiler) {
  using internal::OptionValue;
  static_assert(OptionValue<bool> && OptionValue<int> && OptionValue<int64_t>);
  static_assert(OptionValue<double> && OptionValue<std::string>);
  static_assert(!OptionValue<float> && !OptionValue<long double> && !OptionValue<short>);
  static_assert(!OptionValue<unsigned> && !OptionValue<uint64_t> && !OptionValue<char>);
}

TEST(Options, AreMadeFromTextAndKeepTheirDefaults) {
  const auto made = MakeOptions<Sample>(
      {{"flag", "off"}, {"count", "-3"}, {"rate", "1e-3"}, {"name", ""}, {"other", "ignored"}});
  EXPECT_FALSE(made.flag);
  EXPECT_EQ(made.count, -3);
  EXPECT_EQ(made.big, Sample().big);
  EXPECT_EQ(made.rate, 1e-3);
  EXPECT_EQ(made.name, "");
}

TEST(Options, ReadBackFromTheirValues) {
  Random random(8);
  for (int i = 0; i < 1000; ++i) {
    Sample sent;
    sent.flag = random.Below(2) == 0;
    sent.count = static_cast<int>(random());
    sent.big = static_cast<int64_t>(random());
    sent.rate = std::ldexp(random.Uniform() - 0.5, static_cast<int>(random.Below(600)) - 300);
    sent.name = std::string(random.Below(5), 'x');
    const auto received = MakeOptions<Sample>(ToValues(sent));
    ASSERT_TRUE(received.Fields() == sent.Fields());
  }
}

TEST(Options, RefuseWhatIsNoValueNamingTheOptionAndTheValue) {
  const auto refusal = [](const std::string& name, const std::string& value) {
    return UsageErrorOf([&] { MakeOptions<Sample>({{name, value}}); });
  };
  for (const char* value : {"", "2", "maybe", "TRUE ", " true"})
    EXPECT_NE(refusal("flag", value), "") << value;
  for (const char* value :
       {"", "x", "1x", " 1", "1 ", "1.5", "1e3", "0x10", "2147483648", "--1", "+-1", "+", "-"}) {
    EXPECT_NE(refusal("count", value), "") << value;
  }
  EXPECT_NE(refusal("big", "9223372036854775808"), "");
  EXPECT_EQ(refusal("big", "9223372036854775807"), "");
  for (const char* value : {"", "x", "1,5", "nan", "inf", "-inf", "1e400", "1 ", "0x1p3"}) {
    EXPECT_NE(refusal("rate", value), "") << value;
  }
  EXPECT_EQ(refusal("rate", "+1.5e-3"), "");
  const std::string message = refusal("count", "many");
  EXPECT_THAT(message, HasSubstr("--count=many"));
  EXPECT_THAT(message, HasSubstr("expected a whole number"));
}

TEST(Options, HaveOneCanonicalText) {
  const auto canonical = [](OptionType type, const std::string& text) {
    return CanonicalOption({"x", type, "", ""}, text);
  };
  EXPECT_EQ(canonical(OptionType::kDouble, "1e-1"), canonical(OptionType::kDouble, "0.10"));
  EXPECT_EQ(canonical(OptionType::kInt, "+7"), canonical(OptionType::kInt, "007"));
  for (const char* yes : {"true", "1", "yes", "on"})
    EXPECT_EQ(canonical(OptionType::kBool, yes), "true");
  for (const char* no : {"false", "0", "no", "off"})
    EXPECT_EQ(canonical(OptionType::kBool, no), "false");
  EXPECT_EQ(canonical(OptionType::kString, " as it is "), " as it is ");
  EXPECT_THROW(canonical(OptionType::kInt, "x"), Error);
}

TEST(RunOptions, AreSoundByDefault) { EXPECT_NO_THROW(RunOptions().Validate()); }

TEST(RunOptions, RefuseWhatIsOutOfRangeNamingTheOption) {
  const auto refusal = [](const std::function<void(RunOptions&)>& change) {
    RunOptions options;
    change(options);
    return UsageErrorOf([&] { options.Validate(); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal([](RunOptions& o) { o.workers = 0; }), HasSubstr("--workers"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.threads = -1; }), HasSubstr("--threads"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.schedulers = -2; }), HasSubstr("--schedulers"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.staleness = -1; }), HasSubstr("--staleness"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.lookahead = -2; }), HasSubstr("--lookahead"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.lookahead = 1001; }), HasSubstr("--lookahead"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.max_rounds = -1; }), HasSubstr("--max_rounds"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.tolerance = -1; }), HasSubstr("--tolerance"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.max_time = -1; }), HasSubstr("--max_time"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.join_timeout = 0; }), HasSubstr("--join_timeout"));
  EXPECT_THAT(refusal([&](RunOptions& o) { o.peer_timeout = nan; }), HasSubstr("--peer_timeout"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.slow_rank = -7; }), HasSubstr("--slow_rank=-7"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.slow_rank = 1; }), HasSubstr("--slow_rank=1"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.slow_rank = 0; }), HasSubstr("--slow_factor"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.slow_factor = 4; }), HasSubstr("--slow_factor=4"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.role = "master"; }), HasSubstr("--role=master"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.role = "coordinator"; }), HasSubstr("--listen"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.role = "worker"; }), HasSubstr("--connect"));
  EXPECT_THAT(refusal([](RunOptions& o) { o.listen = "tcp://127.0.0.1:*"; }), HasSubstr("--role"));
}

TEST(RunOptions, SlowAWorkerByAFactor) {
  RunOptions options;
  options.workers = 2;
  options.slow_rank = 1;
  options.slow_factor = 1.5;
  EXPECT_NO_THROW(options.Validate());
}

TEST(RunOptions, ListenBeyondThisMachineOnlyIfSaidToBeSafe) {
  RunOptions options;
  options.role = "coordinator";
  for (const char* local :
       {"tcp://127.0.0.1:5", "tcp://localhost:5", "tcp://[::1]:5", "ipc:///tmp/x"}) {
    options.listen = local;
    EXPECT_NO_THROW(options.Validate()) << local;
  }
  for (const char* open :
       {"tcp://0.0.0.0:5", "tcp://*:5", "tcp://eth0:5", "tcp://[::]:5", "tcp://10.0.0.1:5"}) {
    options.insecure = false;
    options.listen = open;
    EXPECT_THAT(UsageErrorOf([&] { options.Validate(); }), HasSubstr("--insecure")) << open;
    options.insecure = true;
    EXPECT_NO_THROW(options.Validate()) << open;
  }
}

}  // namespace
}  // namespace strads
