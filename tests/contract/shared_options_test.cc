#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/run.h>

#include <atomic>

#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// An app that has two options of runs, one with a default of its own.
struct Sharing : Toy {
  struct Options : Toy::Options {
    int64_t max_rounds = 3;
    STRADS_MORE_FIELDS(Toy::Options, max_rounds)
  };
  struct Model : Toy::Model {
    Model() = default;
    explicit Model(const Options& o) : Toy::Model(o), made_with(o) {}
    strads::Report Report() const {
      strads::Report report = Toy::Model::Report();
      report.extra["given_seed"] = static_cast<double>(given_seed);
      return report;
    }
    Options made_with;
    int64_t given_seed = made_with.seed;
    STRADS_MORE_FIELDS(Toy::Model, given_seed)
  };
};

Sharing::Options Bounded(int64_t max_rounds) {
  Sharing::Options options;
  options.max_rounds = max_rounds;
  return options;
}

ResultOf<Sharing> Train(const Sharing::Options& options, RunOptions run) {
  run.tolerance = 0;
  // Should no bound arrive, the run still ends.
  static std::atomic<bool> stop;
  stop = false;
  RunHooks hooks;
  hooks.stop = &stop;
  hooks.on_round = [&](const RoundRecord& record) { stop = record.round > 50; };
  return strads::Run<Sharing>(options, run, hooks);
}

TEST(SharedOptions, HaveTheDefaultOfTheAppIfNeitherIsSet) {
  EXPECT_EQ(Train({}, {}).summary.rounds, 3);
}

TEST(SharedOptions, AreWhatTheAppOrTheRunSets) {
  const auto of_app = Train(Bounded(4), {});
  EXPECT_EQ(of_app.summary.rounds, 4);
  EXPECT_EQ(of_app.model.made_with.max_rounds, 4);
  const auto of_run = Train({}, {.max_rounds = 2});
  EXPECT_EQ(of_run.summary.rounds, 2);
  EXPECT_EQ(of_run.model.made_with.max_rounds, 2);
  EXPECT_EQ(Train(Bounded(4), {.max_rounds = 4}).summary.rounds, 4);
}

TEST(SharedOptions, ReachTheRolesOfTheApp) {
  Sharing::Options options;
  options.seed = 7;
  EXPECT_EQ(Train(options, {}).summary.extra.at("given_seed"), 7);
  EXPECT_EQ(Train({}, {.seed = 8}).summary.extra.at("given_seed"), 8);
}

TEST(SharedOptions, ThatContradictEachOtherAreRefused) {
  EXPECT_THAT(
      [] { Train(Bounded(4), {.max_rounds = 2}); },
      ThrowsMessage<Error>(AllOf(HasSubstr("--max_rounds is 4"), HasSubstr("2 in the run's"))));
}

}  // namespace
}  // namespace strads::testing
