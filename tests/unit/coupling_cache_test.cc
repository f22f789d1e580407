#include "strads/coupling_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "strads/error.h"
#include "strads/random.h"

namespace strads {
namespace {

// What the cache knows of two different variables.
std::optional<bool> Recall(const CouplingCache& cache, int32_t j, int32_t k) {
  const int32_t a = cache.Find(j);
  const int32_t b = cache.Find(k);
  if (a < 0 || b < 0 || !cache.IsKnown(a, b)) return std::nullopt;
  return cache.IsCoupled(a, b);
}

TEST(CouplingCache, KnowsOfNoPairUntilItIsStored) {
  CouplingCache cache(4);
  EXPECT_EQ(cache.Find(7), -1);
  const int32_t a = cache.Touch(7);
  const int32_t b = cache.Touch(9);
  EXPECT_NE(a, b);
  EXPECT_EQ(cache.Find(7), a);
  EXPECT_FALSE(cache.IsKnown(a, b));
  for (const bool coupled : {true, false, true}) {
    cache.Store(a, b, coupled);
    EXPECT_EQ(Recall(cache, 7, 9), coupled);
    EXPECT_EQ(Recall(cache, 9, 7), coupled);
  }
  EXPECT_EQ(cache.Touch(7), a) << "a variable moved";
}

TEST(CouplingCache, RemembersEveryPairOfAsManyVariablesAsItHasPlaces) {
  for (const int32_t size : {2, 63, 64, 65, 130}) {
    CouplingCache cache(size);
    const auto coupled = [](int32_t j, int32_t k) { return (j * k + j + k) % 3 == 0; };
    for (int32_t j = 0; j < size; ++j) {
      const int32_t place = cache.Touch(1000 * j);
      EXPECT_LT(place, size);
      for (int32_t k = 0; k < j; ++k) cache.Store(place, cache.Find(1000 * k), coupled(j, k));
    }
    for (int32_t j = 0; j < size; ++j) {
      for (int32_t k = 0; k < j; ++k) ASSERT_EQ(Recall(cache, 1000 * k, 1000 * j), coupled(j, k));
    }
  }
}

TEST(CouplingCache, KeepsTheVariableThatWasJustTouchedAndForgetsAllOfTheOneThatGaveWay) {
  CouplingCache cache(3);
  for (const int32_t j : {0, 1, 2}) cache.Touch(j);
  for (const auto& [j, k] : {std::pair{0, 1}, {0, 2}, {1, 2}}) {
    cache.Store(cache.Find(j), cache.Find(k), true);
  }
  const int32_t place = cache.Touch(3);
  int32_t gone = -1;
  for (const int32_t j : {0, 1, 2}) {
    if (cache.Find(j) < 0) gone = j;
    EXPECT_EQ(Recall(cache, 3, j), std::nullopt);
  }
  ASSERT_GE(gone, 0);
  EXPECT_GE(place, 0);
  // Back at its place or another, nothing of it is known any more.
  cache.Touch(gone);
  for (const int32_t j : {0, 1, 2, 3}) {
    if (j != gone) {
      EXPECT_EQ(Recall(cache, gone, j), std::nullopt);
    }
  }
}

TEST(CouplingCache, DoesNotPushOutTheGroupItIsMadeRoomFor) {
  constexpr int32_t kSize = 10;
  CouplingCache cache(kSize);
  Random random(3);
  for (int round = 0; round < 1000; ++round) {
    cache.BeginGroup();
    std::set<int32_t> group;
    while (std::ssize(group) < kSize) {
      const auto j = static_cast<int32_t>(random.Below(40));
      cache.Touch(j);
      group.insert(j);
    }
    for (const int32_t j : group) ASSERT_GE(cache.Find(j), 0) << "round " << round;
  }
  cache.BeginGroup();
  for (int32_t j = 0; j < 3 * kSize; ++j) cache.Touch(j);
  EXPECT_GE(cache.Find(3 * kSize - 1), 0) << "of a group too large, the last stay";
}

// Against a map of what was stored: the cache may forget, but never answers with anything else.
TEST(CouplingCache, NeverRecallsAnythingButTheLastValueStoredSinceBothWereTouched) {
  for (const int32_t size : {2, 3, 31, 64, 65, 100}) {
    CouplingCache cache(size);
    std::map<std::pair<int32_t, int32_t>, bool> truth;
    Random random(42, static_cast<uint64_t>(size));
    int64_t recalled = 0;
    for (int step = 0; step < 20000; ++step) {
      const auto j = static_cast<int32_t>(random.Below(120));
      const auto k = static_cast<int32_t>(random.Below(120));
      if (j == k) continue;
      const int32_t a = cache.Touch(j);
      const int32_t b = cache.Touch(k);
      if (cache.Find(j) != a) continue;  // it gave way to k
      ASSERT_NE(a, b);
      ASSERT_TRUE(a >= 0 && a < size && b >= 0 && b < size);
      if (random.Below(2) == 0) {
        const bool coupled = random.Below(2) == 0;
        cache.Store(a, b, coupled);
        truth[std::minmax(j, k)] = coupled;
        ASSERT_EQ(Recall(cache, k, j), coupled) << "a pair just stored was forgotten";
      } else if (const auto found = Recall(cache, j, k)) {
        ++recalled;
        ASSERT_TRUE(truth.contains(std::minmax(j, k))) << "recalls what was never stored";
        ASSERT_EQ(*found, truth[std::minmax(j, k)]);
      }
      std::set<int32_t> places;
      if (step % 500 == 0) {
        for (int32_t v = 0; v < 120; ++v) {
          if (cache.Find(v) >= 0) {
            ASSERT_TRUE(places.insert(cache.Find(v)).second) << "two variables at one place";
          }
        }
        ASSERT_LE(std::ssize(places), size);
      }
    }
    if (size >= 100) {
      EXPECT_GT(recalled, 0);
    }
  }
}

// Those that are there, of which some are touched, some repeatedly, and others give way.
TEST(CouplingCache, DoesToAllPairsAtOnceWhatItDoesToEach) {
  constexpr int32_t kSize = 70;
  CouplingCache by_pairs(kSize), at_once(kSize);
  Random random(5);
  const auto draw = [&](int32_t n) { return static_cast<int32_t>(random.Below(n)); };
  for (int round = 0; round < 200; ++round) {
    std::vector<int32_t> places;
    std::set<int32_t> group;
    by_pairs.BeginGroup();
    at_once.BeginGroup();
    for (int32_t size = 1 + draw(40); size > 0; --size) {
      const int32_t j = draw(100);
      if (!group.insert(j).second) continue;
      places.push_back(at_once.Touch(j));
      ASSERT_EQ(by_pairs.Touch(j), places.back());
      if (draw(20) == 0) places.back() = -1;
    }

    const auto picked = at_once.PickUncoupled(places, 1000);
    std::vector<size_t> expected;
    for (size_t i = 0; i < places.size(); ++i) {
      if (std::ranges::all_of(expected, [&](size_t k) {
            return places[i] >= 0 && places[k] >= 0 && by_pairs.IsKnown(places[i], places[k]) &&
                   !by_pairs.IsCoupled(places[i], places[k]);
          }))
        expected.push_back(i);
    }
    ASSERT_EQ(picked, expected);

    const auto num_known = static_cast<size_t>(draw(static_cast<int32_t>(places.size()) + 1));
    at_once.StoreUncoupled(places, num_known);
    for (size_t b = num_known; b < places.size(); ++b) {
      for (size_t a = 0; a < b; ++a) {
        if (places[a] < 0 || places[b] < 0) continue;
        const bool coupled = draw(3) == 0;
        by_pairs.Store(places[a], places[b], coupled);
        if (coupled) at_once.Store(places[a], places[b], true);
      }
    }
    for (int32_t j = 0; j < 100; ++j) {
      for (int32_t k = 0; k < j; ++k) ASSERT_EQ(Recall(at_once, j, k), Recall(by_pairs, j, k));
    }
  }
}

TEST(CouplingCache, RefusesSizesOutOfRangeAndNegativeVariables) {
  for (const int32_t size : {-1, 0, 1, (1 << 17) + 1}) EXPECT_THROW(CouplingCache{size}, Error);
  CouplingCache cache(2);
  EXPECT_THROW(cache.Touch(-1), std::logic_error);
  EXPECT_EQ(cache.Find(0), -1);
}

}  // namespace
}  // namespace strads
