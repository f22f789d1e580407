#include "strads/working_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

#include "strads/error.h"
#include "strads/random.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kMany = 1000;

TEST(WorkingSet, TakesTheLargestScoresFirstAndOfEqualOnesTheLowestNumber) {
  WorkingSet set(3, 2);
  EXPECT_THAT(set.Grow(std::vector{7, 4, 9, 2, 5}, std::vector{1.0, 3.0, 2.0, 2.0, 0.5}, 0, kMany),
              ElementsAre(4, 2, 9));
  EXPECT_TRUE(set.Has(4) && set.Has(2) && set.Has(9));
  EXPECT_FALSE(set.Has(7) || set.Has(5) || set.Has(1000));
  EXPECT_EQ(set.size(), 3);
}

TEST(WorkingSet, NeverTakesMembersNorWhatViolatesNothing) {
  WorkingSet set(10, 2);
  set.Join(std::vector{3, 8});
  EXPECT_THAT(set.Grow(std::vector{3, 8, 1, 2}, std::vector{9.0, 9.0, 0.0, 1.0}, 0, kMany),
              ElementsAre(2));
  EXPECT_THAT(set.Grow(std::vector{3, 8, 1, 2}, std::vector{9.0, 9.0, 0.0, 1.0}, 0, kMany),
              IsEmpty());
}

TEST(WorkingSet, GrowsToItsMultipleOfTheNonZerosButNotBeyondWhatIsAllowed) {
  std::vector<int32_t> all(500);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<double> scores(all.size(), 1.0);
  WorkingSet set(4, 2);
  set.Grow(all, scores, 0, kMany);
  EXPECT_EQ(set.size(), 4);
  set.Grow(all, scores, 4, kMany);
  EXPECT_EQ(set.size(), 12) << "three times the non-zeros if all members are";
  set.Grow(all, scores, 10, kMany);
  EXPECT_EQ(set.size(), 24) << "else it doubles";
  set.Grow(all, scores, 15, kMany);
  EXPECT_EQ(set.size(), 45) << "up to three times the non-zeros";
  set.Grow(all, scores, 15, kMany);
  EXPECT_EQ(set.size(), 49) << "the first size, and a quarter of the non-zeros if that is more";
  set.Grow(all, scores, 40, kMany);
  EXPECT_EQ(set.size(), 98);
  set.Grow(all, scores, 100, 15);
  EXPECT_EQ(set.size(), 113);
  EXPECT_THAT(set.Grow(all, scores, 100, 0), IsEmpty());
  EXPECT_THAT(set.Grow(all, scores, 100, -3), IsEmpty());
}

// However the scores are distributed, and whoever of the best are members already.
TEST(WorkingSet, TakesTheBestOfManyInOrder) {
  constexpr int kCandidates = 20'000;
  Random random(5);
  for (int kind = 0; kind < 4; ++kind) {
    std::vector<int32_t> candidates(kCandidates);
    std::iota(candidates.begin(), candidates.end(), 7);
    std::vector<double> scores(candidates.size());
    for (size_t i = 0; i < scores.size(); ++i) {
      const double uniform = random.Uniform();
      scores[i] = kind == 0   ? uniform
                  : kind == 1 ? std::floor(3 * uniform)                 // ties
                  : kind == 2 ? std::pow(uniform, 200)                  // few matter
                              : (i < scores.size() / 2 ? uniform : 2);  // all that do lie together
    }
    for (const int first_size : {1, 100, 5'000, 30'000}) {
      WorkingSet set(first_size, 2);
      std::vector<size_t> order(candidates.size());
      std::iota(order.begin(), order.end(), 0);
      std::ranges::stable_sort(order, [&](size_t a, size_t b) { return scores[a] > scores[b]; });
      std::vector<int32_t> members, expected;
      for (size_t i = 0; i < 3'000; ++i) members.push_back(candidates[order[i]]);
      set.Join(members);
      for (size_t i = 3'000; i < order.size() && std::ssize(expected) < first_size; ++i) {
        if (scores[order[i]] > 0) expected.push_back(candidates[order[i]]);
      }
      EXPECT_EQ(set.Grow(candidates, scores, 0, 50 * kMany), expected) << kind << " " << first_size;
    }
  }
}

// Or a run would stop short of the optimum with a set that is large enough.
TEST(WorkingSet, TakesSomeViolatorAsLongAsThereIsOne) {
  Random random(4);
  WorkingSet set(2, 2);
  std::vector<int32_t> all(100);
  std::iota(all.begin(), all.end(), 0);
  std::vector<double> scores(all.size());
  for (double& score : scores) score = random.Uniform() + 0.1;
  while (set.size() < 100) ASSERT_FALSE(set.Grow(all, scores, 1, kMany).empty()) << set.size();
}

TEST(WorkingSet, RefusesWhatMakesNoSense) {
  EXPECT_THROW(WorkingSet(0, 2), Error);
  EXPECT_THROW(WorkingSet(1, 0.5), Error);
  EXPECT_THROW(WorkingSet(1, std::nan("")), Error);
  WorkingSet set(1, 2);
  EXPECT_THROW(set.Grow(std::vector{1, 2}, std::vector{1.0}, 0, kMany), std::logic_error);
}

}  // namespace
}  // namespace strads
