#include "worker/pace.h"

#include <gtest/gtest.h>

#include <vector>

namespace strads {
namespace {

using wire::Seconds;

Pace PaceOf(int rank, double slowdown, double delay_mean) {
  wire::Welcome welcome;
  welcome.index = rank;
  welcome.slowdown = slowdown;
  welcome.delay_mean = delay_mean;
  welcome.seed = 3;
  return Pace(welcome);
}

TEST(Pace, SlowsWhatAWorkerDoesAndKeepsTheLeast) {
  EXPECT_EQ(Pace().DueAfter(Seconds(5), Seconds(7), Seconds(0)), Seconds(7));
  EXPECT_EQ(Pace().DueAfter(Seconds(5), Seconds(7), Seconds(3)), Seconds(8));
  const Pace slow = PaceOf(0, 4, 0);
  EXPECT_EQ(slow.DueAfter(Seconds(5), Seconds(7), Seconds(3)), Seconds(13));
  EXPECT_EQ(slow.DueAfter(Seconds(5), Seconds(5), Seconds(3)), Seconds(8));
}

TEST(Pace, DrawsDelaysThatAreExponentialAndOfEachWorkerItsOwn) {
  EXPECT_EQ(Pace().DrawDelay(), Seconds(0));
  Pace pace = PaceOf(1, 1, 0.5);
  Pace again = PaceOf(1, 1, 0.5);
  Pace other = PaceOf(2, 1, 0.5);
  constexpr int kDraws = 40000;
  double sum = 0;
  int above = 0;
  int same = 0;
  for (int i = 0; i < kDraws; ++i) {
    const wire::Time delay = pace.DrawDelay();
    ASSERT_EQ(delay, again.DrawDelay());
    ASSERT_GE(delay, Seconds(0));
    sum += wire::ToSeconds(delay);
    above += wire::ToSeconds(delay) > 1 ? 1 : 0;
    same += delay == other.DrawDelay() ? 1 : 0;
  }
  // Five standard deviations.
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.5 / 200);
  EXPECT_NEAR(above / double{kDraws}, 0.1353, 5 * 0.342 / 200);
  EXPECT_LT(same, kDraws / 100);
}

}  // namespace
}  // namespace strads
