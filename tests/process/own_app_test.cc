// What an app of a user's own may do wrong, in a binary of its own.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Finished RunOwn(Words words) {
  words.insert(words.begin(), STRADS_OWN_APP);
  Process process(words);
  EXPECT_TRUE(process.WaitForExit()) << "does not end: " << ::testing::PrintToString(words);
  process.WaitForSilence(1);
  return {process.exit_code(), process.out(), process.err()};
}

// A run of two workers and a scheduler, on threads and on processes.
std::vector<Finished> FailAt(const std::string& where, const std::string& how) {
  std::vector<Finished> runs;
  for (const char* processes : {"--noprocesses", "--processes"}) {
    runs.push_back(RunOwn({"failing", "train", "--noprogress", "--workers=2", "--schedulers=1",
                           "--max_rounds=9", processes, "--where=" + where, "--how=" + how}));
  }
  return runs;
}

int64_t LinesOf(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

// A member that fails in a round is told of in a summary, all else in one line.
class OwnApp : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(EveryRole,
                         OwnApp,
                         ::testing::Values("scheduler",
                                           "schedule",
                                           "feedback",
                                           "worker",
                                           "push",
                                           "sync",
                                           "loss",
                                           "measures",
                                           "model",
                                           "pull",
                                           "report",
                                           "measured"),
                         [](const auto& role) { return std::string(role.param); });

TEST_P(OwnApp, ThatThrowsWhatIsNoExceptionEndsTheRunAsAnyFailure) {
  for (const Finished& run : FailAt(GetParam(), "int")) {
    EXPECT_TRUE(run.exit_code == 1 || run.exit_code == 4) << run.exit_code << run.err;
    EXPECT_THAT(run.err, HasSubstr("threw something that is no std::exception"));
    EXPECT_THAT(run.err, Not(HasSubstr("terminate")));
  }
}

TEST_P(OwnApp, ThatThrowsWithoutATextIsToldOfAllTheSame) {
  for (const Finished& run : FailAt(GetParam(), "empty")) {
    EXPECT_TRUE(run.exit_code == 1 || run.exit_code == 4) << run.exit_code << run.err;
    EXPECT_THAT(run.err, HasSubstr("does not say what is wrong"));
  }
}

TEST_P(OwnApp, PrintsNoControlCharactersOfWhatItThrows) {
  for (const Finished& run : FailAt(GetParam(), "lines")) {
    EXPECT_THAT(run.err, HasSubstr("one\\ntwo\\x1b[31m"));
    EXPECT_THAT(run.err, Not(HasSubstr("\x1b")));
  }
}

TEST(OwnAppCommand, ThatThrowsWhatIsNoExceptionFails) {
  const Finished run = RunOwn({"failing", "command", "--where=command", "--how=int"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(LinesOf(run.err), 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("internal error"));
}

TEST(OwnAppMetrics, AreWrittenWhateverBytesAFailureHas) {
  const TempDir dir;
  const Finished run = RunOwn({"failing", "train", "--noprogress", "--workers=2", "--where=push",
                               "--how=bytes", "--metrics=" + dir.Path("metrics")});
  EXPECT_EQ(run.exit_code, 4) << run.err;
  EXPECT_THAT(std::string(ReadJsonLines(dir.Path("metrics")).back().at("message")),
              HasSubstr("no \\xff UTF-8"));
}

TEST(OwnAppMetrics, OfTheNameOfAnotherAreRefused) {
  for (const std::string name : {"objective", "seconds", "message", "staleness_mean"}) {
    for (const Finished& run : FailAt("extra", name)) {
      EXPECT_EQ(run.exit_code, 1);
      EXPECT_EQ(LinesOf(run.err), 1) << run.err;
      EXPECT_THAT(run.err, HasSubstr("'" + name + "'"));
    }
  }
  for (const Finished& run : FailAt("extra", "objectives")) EXPECT_EQ(run.exit_code, 0) << run.err;
}

TEST(OwnAppLoss, ThatIsNotFiniteIsAFailure) {
  for (const char* loss : {"nan", "inf", "-inf"}) {
    for (const Finished& run : FailAt("loss", loss)) {
      EXPECT_EQ(run.exit_code, 1) << loss << run.err;
      EXPECT_THAT(run.err, HasSubstr("no longer finite"));
    }
  }
}

TEST(OwnAppStop, MeansTheSameInEveryRoleBeforeTheFirstRound) {
  for (const char* where : {"worker", "model", "scheduler"}) {
    for (const Finished& run : FailAt(where, "stopped")) EXPECT_EQ(run.exit_code, 130) << where;
  }
}

TEST(OwnAppNames, AreCheckedBeforeAnythingIsDone) {
  setenv("OWN_APP_TWICE", "1", 1);
  const Finished run = RunOwn({"failing", "train", "--max_rounds=1"});
  unsetenv("OWN_APP_TWICE");
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_EQ(LinesOf(run.err), 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("'failing' of an app is taken"));
}

TEST(OwnAppOptions, MayHaveDefaultsAsSmallAsDoublesAre) {
  const Finished run = RunOwn({"unusual", "train", "--print_config"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const std::string line = "\ntiny = ";
  ASSERT_THAT(run.out, HasSubstr(line));
  EXPECT_EQ(std::strtod(run.out.c_str() + run.out.find(line) + line.size(), nullptr),
            std::numeric_limits<double>::denorm_min());
}

TEST(OwnAppOptions, ThatAreGivenAreInForceHoweverSmall) {
  const Finished run = RunOwn({"unusual", "train", "--print_config", "--tolerance=3e-310"});
  EXPECT_THAT(run.out, HasSubstr("\ntolerance = 3e-310\n"));
}

TEST(OwnAppOptions, WithADefaultThatNoFlagCouldHaveAreTheAppsFault) {
  const Finished run = RunOwn({"unbounded", "train", "--max_rounds=1"});
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_EQ(LinesOf(run.err), 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("default of option 'most'"));
  EXPECT_THAT(run.err, HasSubstr("inf"));
}

}  // namespace
}  // namespace strads::testing
