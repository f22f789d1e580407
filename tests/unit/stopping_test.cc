#include "coordinator/stopping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <optional>

namespace strads {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

RoundRecord Record(int64_t round, double objective, double gap, double seconds = 0) {
  RoundRecord record;
  record.round = round;
  record.objective = objective;
  record.gap = gap;
  record.seconds = seconds;
  return record;
}

std::optional<Termination> Of(const RunOptions& options,
                              const RoundRecord& record,
                              const std::atomic<bool>* stop = nullptr) {
  const auto ending = Decide(options, record, stop);
  if (!ending) return std::nullopt;
  EXPECT_FALSE(ending->message.empty());
  return ending->termination;
}

TEST(Stopping, GoesOnWithoutAReason) {
  std::atomic<bool> stop = false;
  EXPECT_EQ(Of({}, Record(1'000'000, 5, kInfinity, 1e9), &stop), std::nullopt);
  EXPECT_EQ(Of({}, Record(0, 5, kNan)), std::nullopt)
      << "a gap that is no number certifies nothing";
}

TEST(Stopping, ConvergesOnceTheGapIsAtMostTheTolerance) {
  RunOptions options;
  options.tolerance = 0.25;
  EXPECT_EQ(Of(options, Record(0, 5, 0.25)), Termination::kConverged);
  EXPECT_EQ(Of(options, Record(0, 5, std::nextafter(0.25, 1.0))), std::nullopt);
  options.tolerance = 0;
  EXPECT_EQ(Of(options, Record(0, 5, 0)), Termination::kConverged);
  EXPECT_EQ(Of(options, Record(0, 5, 1e-300)), std::nullopt);
}

TEST(Stopping, EndsAfterExactlyTheRoundsAllowed) {
  RunOptions options;
  options.max_rounds = 3;
  EXPECT_EQ(Of(options, Record(1, 5, 1)), std::nullopt);
  EXPECT_EQ(Of(options, Record(2, 5, 1)), Termination::kMaxRounds);
}

TEST(Stopping, EndsOnceTheTimeIsUsed) {
  RunOptions options;
  options.max_time = 10;
  EXPECT_EQ(Of(options, Record(0, 5, 1, 9.99)), std::nullopt);
  EXPECT_EQ(Of(options, Record(0, 5, 1, 10)), Termination::kMaxTime);
}

TEST(Stopping, FailsWhenTheObjectiveIsNoLongerFiniteWhateverElseIsTrue) {
  RunOptions options;
  options.max_rounds = 1;
  const std::atomic<bool> stop = true;
  for (const double objective : {kInfinity, -kInfinity, kNan}) {
    EXPECT_EQ(Of(options, Record(0, objective, 0), &stop), Termination::kFailure);
  }
}

TEST(Stopping, DoesNotTakeAnObjectiveThatWasNotMeasuredForAFailure) {
  RoundRecord record = Record(0, kNan, 1);
  record.measured = false;
  EXPECT_EQ(Of({}, record), std::nullopt);
}

TEST(Stopping, HeedsTheUserBeforeBoundsAndAfterConvergence) {
  RunOptions options;
  options.max_rounds = 1;
  const std::atomic<bool> stop = true;
  EXPECT_EQ(Of(options, Record(0, 5, 1), &stop), Termination::kUserStop);
  EXPECT_EQ(Of(options, Record(0, 5, 0), &stop), Termination::kConverged);
}

}  // namespace
}  // namespace strads
