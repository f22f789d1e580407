#include "strads/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "strads/error.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The quantile of the chi-squared distribution that a right sampler exceeds with probability 1e-4
// (Wilson and Hilferty's approximation).
double ChiSquaredBound(size_t outcomes) {
  const double freedom = static_cast<double>(outcomes) - 1;
  const double a = 2 / (9 * freedom);
  return freedom * std::pow(1 - a + 3.719 * std::sqrt(a), 3);
}

double ChiSquaredOfUniform(const std::vector<int>& counts) {
  double total = 0;
  for (const int count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

std::vector<int> CountsOf(const std::map<std::vector<int32_t>, int>& outcomes, size_t possible) {
  std::vector<int> counts;
  for (const auto& [outcome, count] : outcomes) counts.push_back(count);
  counts.resize(std::max(possible, counts.size()));
  return counts;
}

// The example of the comment of Schedule.
class LowerHalf : public strads::Schedule {
 public:
  LowerHalf(int32_t first, int32_t last, uint64_t seed)
      : lower_(first, first + (last - first) / 2, seed, 0),
        upper_(first + (last - first) / 2, last, seed, 1) {}
  std::vector<int32_t> Draw(int count) override {
    std::vector<int32_t> drawn = lower_.Draw(count - count / 4);
    for (int32_t j : upper_.Draw(count - static_cast<int>(drawn.size()))) drawn.push_back(j);
    return drawn;
  }

 private:
  strads::RandomSchedule lower_, upper_;
};

TEST(Random, GivesEveryIntegerBelowABoundEquallyOften) {
  for (const uint64_t n : {2u, 3u, 7u, 10u, 1000u}) {
    Random random(1, n);
    std::vector<int> counts(n);
    for (int i = 0; i < 100000; ++i) ++counts[random.Below(n)];
    EXPECT_LT(ChiSquaredOfUniform(counts), ChiSquaredBound(n)) << "n = " << n;
  }
}

TEST(Random, IsUnbiasedWhereTheBoundDoesNotDivideTheRange) {
  // Scaling 2^64 values down to 3/4 of them hits every third value twice, unless some are refused.
  constexpr uint64_t kBound = uint64_t{3} << 62;
  Random random(2);
  std::vector<int> residues(3);
  for (int i = 0; i < 30000; ++i) ++residues[random.Below(kBound) % 3];
  EXPECT_LT(ChiSquaredOfUniform(residues), ChiSquaredBound(3));
}

TEST(Random, GivesFractionsFromZeroToBelowOneEvenly) {
  Random random(3);
  std::vector<int> counts(64);
  for (int i = 0; i < 100000; ++i) {
    const double u = random.Uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ++counts[static_cast<size_t>(u * 64)];
  }
  EXPECT_LT(ChiSquaredOfUniform(counts), ChiSquaredBound(64));
}

TEST(Random, HasADifferentStreamForEverySeedAndStreamNumber) {
  std::set<uint64_t> firsts;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    for (uint64_t stream = 0; stream < 50; ++stream) firsts.insert(Random(seed, stream)());
  }
  EXPECT_EQ(firsts.size(), 2500);
}

TEST(Random, BitsOfNeighbouringStreamsAgreeHalfOfTheTime) {
  std::vector<int> counts(2);
  for (uint64_t stream = 0; stream < 100; ++stream) {
    Random a(9, stream);
    Random b(9, stream + 1);
    for (int i = 0; i < 100; ++i) ++counts[(a() ^ b()) >> 63];
  }
  EXPECT_LT(ChiSquaredOfUniform(counts), ChiSquaredBound(2));
}

class EverySchedule : public ::testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<Schedule> Make(int32_t first,
                                        int32_t last,
                                        uint64_t seed,
                                        uint64_t stream = 0) {
    if (GetParam() == "lower_half") return std::make_unique<LowerHalf>(first, last, seed + stream);
    ScheduleOptions options;
    options.stream = stream;
    return MakeSchedule(GetParam(), first, last, seed, options);
  }
};
INSTANTIATE_TEST_SUITE_P(
    Names,
    EverySchedule,
    ::testing::Values("cyclic", "shuffled", "random", "priority", "lower_half"),
    [](const auto& test) { return test.param; });

TEST_P(EverySchedule, DrawsDistinctVariablesThatItOwnsAndAsManyAsItCan) {
  for (const int size : {1, 2, 16, 17, 100, 300}) {
    const auto schedule = Make(50, 50 + size, 4);
    for (const int count : {0, 1, 3, size - 1, size, size + 1, 10 * size, 7, 5}) {
      const std::vector<int32_t> drawn = schedule->Draw(count);
      EXPECT_EQ(std::ssize(drawn), std::min(count, size));
      EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), drawn.size());
      for (const int32_t j : drawn) EXPECT_TRUE(j >= 50 && j < 50 + size);
    }
  }
}

TEST_P(EverySchedule, RepeatsItsDrawsForTheSameSeedAndHistory) {
  const auto one = Make(0, 200, 5);
  const auto other = Make(0, 200, 5);
  Random random(6);
  for (int round = 0; round < 50; ++round) {
    const int count = static_cast<int>(random.Below(64));
    const std::vector<int32_t> drawn = one->Draw(count);
    ASSERT_EQ(drawn, other->Draw(count));
    std::vector<double> changes(drawn.size());
    for (double& change : changes) change = random.Uniform();
    one->Changed(drawn, changes);
    other->Changed(drawn, changes);
  }
}

TEST_P(EverySchedule, OfNothingDrawsNothing) { EXPECT_THAT(Make(3, 3, 1)->Draw(5), ElementsAre()); }

TEST_P(EverySchedule, RefusesANegativeCount) {
  EXPECT_THROW(Make(0, 9, 1)->Draw(-1), std::logic_error);
}

TEST(MakeSchedule, GivesOtherDrawsForAnotherSeedOrStream) {
  for (const char* name : {"shuffled", "random", "priority"}) {
    const auto draw = [&](uint64_t seed, uint64_t stream) {
      ScheduleOptions options;
      options.stream = stream;
      return MakeSchedule(name, 0, 1000, seed, options)->Draw(50);
    };
    EXPECT_NE(draw(1, 0), draw(2, 0)) << name;
    EXPECT_NE(draw(1, 0), draw(1, 1)) << name;
  }
}

TEST(MakeSchedule, KnowsEveryNameThatItLists) {
  EXPECT_THAT(ScheduleNames(), ElementsAre("cyclic", "shuffled", "random", "priority"));
  for (const std::string_view name : ScheduleNames()) {
    EXPECT_NE(MakeSchedule(std::string(name), 0, 4, 1), nullptr);
  }
}

TEST(MakeSchedule, NamesTheSchedulesItKnowsWhenAskedForAnother) {
  try {
    MakeSchedule("greedy", 0, 4, 1);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("--schedule=greedy"));
    for (const auto name : ScheduleNames()) {
      EXPECT_THAT(error.what(), HasSubstr(std::string(name)));
    }
  }
}

TEST(MakeSchedule, RefusesARangeThatIsNone) {
  EXPECT_THROW(MakeSchedule("cyclic", 5, 4, 1), std::logic_error);
  EXPECT_THROW(MakeSchedule("priority", -1, 4, 1), std::logic_error);
}

TEST(CyclicSchedule, GoesInOrderAndWrapsAround) {
  CyclicSchedule schedule(3, 8);
  EXPECT_THAT(schedule.Draw(3), ElementsAre(3, 4, 5));
  EXPECT_THAT(schedule.Draw(3), ElementsAre(6, 7, 3));
  EXPECT_THAT(schedule.Draw(9), ElementsAre(4, 5, 6, 7, 3));
}

TEST(ShuffledSchedule, HoldsEveryVariableOnceInEverySweepWhateverTheCalls) {
  constexpr int kSize = 23;
  ShuffledSchedule schedule(0, kSize, 11);
  Random random(12);
  std::vector<int32_t> sequence;
  while (sequence.size() < 1000 * kSize) {
    const auto drawn = schedule.Draw(static_cast<int>(random.Below(kSize + 1)));
    ASSERT_EQ(std::set(drawn.begin(), drawn.end()).size(), drawn.size());
    sequence.insert(sequence.end(), drawn.begin(), drawn.end());
  }
  for (size_t i = 0; i + kSize <= sequence.size(); i += kSize) {
    const auto begin = sequence.begin() + static_cast<std::ptrdiff_t>(i);
    ASSERT_EQ(std::set(begin, begin + kSize).size(), kSize) << "sweep from draw " << i;
  }
}

TEST(ShuffledSchedule, SweepsInEveryOrderEquallyOften) {
  ShuffledSchedule schedule(0, 4, 13);
  std::map<std::vector<int32_t>, int> outcomes;
  for (int i = 0; i < 24000; ++i) ++outcomes[schedule.Draw(4)];
  EXPECT_LT(ChiSquaredOfUniform(CountsOf(outcomes, 24)), ChiSquaredBound(24));
}

TEST(ShuffledSchedule, CrossesIntoASweepWithEveryOtherVariableEquallyOften) {
  std::vector<int> first_of_new(4);
  for (uint64_t seed = 0; seed < 8000; ++seed) {
    ShuffledSchedule schedule(0, 5, seed);
    schedule.Draw(4);
    const std::vector<int32_t> crossing = schedule.Draw(2);
    // Ranked among the four variables that the call has not yet drawn.
    ++first_of_new[static_cast<size_t>(crossing[1] - (crossing[1] > crossing[0]))];
  }
  EXPECT_LT(ChiSquaredOfUniform(first_of_new), ChiSquaredBound(4));
}

TEST(RandomSchedule, DrawsEveryOrderedChoiceEquallyOften) {
  for (const int count : {1, 2, 3, 4}) {
    RandomSchedule schedule(0, 5, 14, static_cast<uint64_t>(count));
    size_t possible = 1;
    for (int i = 0; i < count; ++i) possible *= static_cast<size_t>(5 - i);
    std::map<std::vector<int32_t>, int> outcomes;
    for (size_t i = 0; i < 500 * possible; ++i) ++outcomes[schedule.Draw(count)];
    EXPECT_LT(ChiSquaredOfUniform(CountsOf(outcomes, possible)), ChiSquaredBound(possible));
  }
}

TEST(RandomSchedule, DrawsIndependentlyOfTheCallBefore) {
  RandomSchedule schedule(0, 6, 15);
  std::map<std::vector<int32_t>, int> outcomes;
  for (int i = 0; i < 18000; ++i) {
    const int32_t before = schedule.Draw(2)[0];
    ++outcomes[{before, schedule.Draw(2)[0]}];
  }
  EXPECT_LT(ChiSquaredOfUniform(CountsOf(outcomes, 36)), ChiSquaredBound(36));
}

TEST(LowerHalf, DrawsThreeQuartersFromTheLowerHalf) {
  LowerHalf schedule(10, 110, 16);
  for (int round = 0; round < 10; ++round) {
    const std::vector<int32_t> drawn = schedule.Draw(20);
    EXPECT_EQ(std::ranges::count_if(drawn, [](int32_t j) { return j < 60; }), 15);
  }
}

}  // namespace
}  // namespace strads
