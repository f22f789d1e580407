#include "strads/dependency_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "strads/error.h"
#include "strads/independent_set.h"
#include "strads/random.h"

namespace strads {
namespace {

using ::testing::ElementsAre;

// Random columns, some of them all but equal, and their inner products.
class Columns {
 public:
  Columns(int count, int rows, uint64_t seed) {
    Random random(seed);
    for (int j = 0; j < count; ++j) {
      std::vector<double> column(static_cast<size_t>(rows));
      for (double& x : column) x = 2 * random.Uniform() - 1;
      if (j > 0 && random.Below(3) == 0) {
        const auto& twin = columns_[random.Below(static_cast<uint64_t>(j))];
        for (size_t i = 0; i < column.size(); ++i) column[i] = -3 * twin[i] + 0.1 * column[i];
      }
      columns_.push_back(column);
      squared_norms_.push_back(Dot(j, j));
    }
  }

  double Dot(int32_t j, int32_t k) const {
    const auto& x = columns_[static_cast<size_t>(j)];
    const auto& y = columns_[static_cast<size_t>(k)];
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  }
  double Cosine(int32_t j, int32_t k) const { return Dot(j, k) / std::sqrt(Dot(j, j) * Dot(k, k)); }
  const std::vector<double>& squared_norms() const { return squared_norms_; }

  // What the workers answer.
  std::vector<double> Gram(const DependencyFilter::Probe& probe) const {
    std::vector<double> gram;
    for (size_t b = static_cast<size_t>(probe.num_known); b < probe.columns.size(); ++b) {
      for (size_t a = 0; a < b; ++a) gram.push_back(Dot(probe.columns[a], probe.columns[b]));
    }
    return gram;
  }

 private:
  std::vector<std::vector<double>> columns_;
  std::vector<double> squared_norms_;
};

std::vector<int32_t> FirstIntegers(int count) {
  std::vector<int32_t> result(static_cast<size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

TEST(IndependentSet, IsIndependentAndLeavesOutOnlyWhatIsCoupledInRandomGraphs) {
  Random random(41);
  for (int graph = 0; graph < 200; ++graph) {
    const int size = 1 + static_cast<int>(random.Below(40));
    std::map<std::pair<int32_t, int32_t>, double> couplings;
    for (int32_t k = 0; k < size; ++k) {
      for (int32_t j = 0; j < k; ++j) couplings[{j, k}] = 2 * random.Uniform() - 1;
    }
    const auto coupling = [&](int32_t j, int32_t k) { return couplings.at(std::minmax(j, k)); };
    const double bound = random.Uniform();
    const auto kept = IndependentSet(FirstIntegers(size), size, bound, coupling);
    EXPECT_EQ(VerifyIndependentSet(kept, bound, coupling), "");
    EXPECT_EQ(kept.front(), 0);
    for (const int32_t j : FirstIntegers(size)) {
      if (std::ranges::count(kept, j)) continue;
      std::vector<int32_t> before;
      for (const int32_t k : kept) {
        if (k < j) before.push_back(k);
      }
      before.push_back(j);
      EXPECT_NE(VerifyIndependentSet(before, bound, coupling), "") << j << " was dropped in vain";
    }
    const auto fewer = IndependentSet(FirstIntegers(size), 3, bound, coupling);
    EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), kept.begin()));
    EXPECT_EQ(fewer.size(), std::min<size_t>(3, kept.size()));
  }
}

TEST(IndependentSet, TakesACouplingAtTheBoundOrNotANumberForTooLarge) {
  const std::vector<int32_t> two = {0, 1};
  for (const double coupling : {0.5, -0.5, 0.7, std::nan("")}) {
    const auto all_alike = [&](int32_t, int32_t) { return coupling; };
    EXPECT_THAT(IndependentSet(two, 2, 0.5, all_alike), ElementsAre(0));
    EXPECT_NE(VerifyIndependentSet(two, 0.5, all_alike), "");
  }
}

TEST(IndependentSet, NeverKeepsAVariableTwice) {
  const auto none = [](int32_t, int32_t) { return 0.0; };
  EXPECT_THAT(IndependentSet(std::vector{4, 4, 5}, 3, 0.5, none), ElementsAre(4, 5));
  EXPECT_EQ(VerifyIndependentSet(std::vector{4, 5, 4}, 0.5, none),
            "variable 4 occurs twice, expected distinct variables");
}

TEST(IndependentSet, RefusesAParallelismBelowOne) {
  const auto none = [](int32_t, int32_t) { return 0.0; };
  EXPECT_THROW(IndependentSet(std::vector{4}, 0, 0.5, none), Error);
}

TEST(VerifyIndependentSet, NamesThePairThatIsCoupled) {
  const auto coupling = [](int32_t j, int32_t k) { return j + k == 20 ? -0.93 : 0.1; };
  EXPECT_EQ(VerifyIndependentSet(std::vector{1, 3, 17}, 0.3, coupling),
            "variables 3 and 17 have coupling 0.93, expected below 0.3");
}

// `count` different columns, drawn from `columns`, which it shuffles.
std::vector<int32_t> DrawSome(std::vector<int32_t>& columns, size_t count, Random& random) {
  for (size_t i = 0; i < count; ++i) {
    std::swap(columns[i], columns[i + random.Below(columns.size() - i)]);
  }
  return {columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(DependencyFilter, KeepsAnIndependentSetOfTheTrueCouplingsInEveryRound) {
  constexpr int kColumns = 120;
  constexpr double kBound = 0.4;
  const Columns columns(kColumns, 30, 43);
  const auto cosine = [&](int32_t j, int32_t k) { return columns.Cosine(j, k); };
  for (const int32_t max_cached : {2, 12, 20, 64, kColumns}) {
    DependencyFilter filter(kBound, max_cached);
    Random random(44, static_cast<uint64_t>(max_cached));
    std::vector<int32_t> all = FirstIntegers(kColumns);
    for (int round = 0; round < 100; ++round) {
      const auto drawn = DrawSome(all, 20, random);
      const auto probe = filter.MakeProbe(drawn);
      ASSERT_TRUE(std::is_permutation(drawn.begin(), drawn.end(), probe.columns.begin()));
      filter.Learn(probe, columns.Gram(probe), columns.squared_norms());
      const auto kept = filter.Keep(drawn, 20);
      ASSERT_EQ(VerifyIndependentSet(kept, kBound, cosine), "");
      ASSERT_EQ(kept.front(), drawn.front());
      if (max_cached < kColumns) continue;  // variables may push each other out
      ASSERT_EQ(kept, IndependentSet(drawn, 20, kBound, cosine)) << "round " << round;
    }
  }
}

// With answers that come rounds later, when the cache has moved on.
TEST(DependencyFilter, KeepsAnIndependentSetThoughAnswersComeLate) {
  constexpr int kColumns = 60;
  constexpr double kBound = 0.4;
  const Columns columns(kColumns, 30, 46);
  const auto cosine = [&](int32_t j, int32_t k) { return columns.Cosine(j, k); };
  for (const int32_t max_cached : {16, 40}) {
    DependencyFilter filter(kBound, max_cached);
    Random random(47, static_cast<uint64_t>(max_cached));
    std::vector<int32_t> all = FirstIntegers(kColumns);
    std::deque<DependencyFilter::Probe> asked;
    std::deque<std::vector<int32_t>> candidates;
    for (int round = 0; round < 200; ++round) {
      candidates.push_back(DrawSome(all, 12, random));
      asked.push_back(filter.MakeProbe(candidates.back()));
      if (asked.size() < 4) continue;
      filter.Learn(asked.front(), columns.Gram(asked.front()), columns.squared_norms());
      ASSERT_EQ(VerifyIndependentSet(filter.Keep(candidates.front(), 12), kBound, cosine), "");
      asked.pop_front();
      candidates.pop_front();
    }
  }
}

TEST(DependencyFilter, LearnsTheSameFromCouplingsAsFromInnerProducts) {
  constexpr double kBound = 0.4;
  const Columns columns(40, 30, 48);
  DependencyFilter by_products(kBound, 30);
  DependencyFilter by_couplings(kBound, 30);
  Random random(49);
  std::vector<int32_t> all = FirstIntegers(40);
  for (int round = 0; round < 50; ++round) {
    const auto drawn = DrawSome(all, 10, random);
    const auto probe = by_products.MakeProbe(drawn);
    ASSERT_EQ(by_couplings.MakeProbe(drawn).columns, probe.columns);
    std::vector<int32_t> coupled_pairs;
    int32_t pair = 0;
    for (size_t b = static_cast<size_t>(probe.num_known); b < probe.columns.size(); ++b) {
      for (size_t a = 0; a < b; ++a, ++pair) {
        const double cosine = columns.Cosine(probe.columns[a], probe.columns[b]);
        if (!(std::abs(cosine) < kBound)) coupled_pairs.push_back(pair);
      }
    }
    by_products.Learn(probe, columns.Gram(probe), columns.squared_norms());
    by_couplings.LearnCoupled(probe, coupled_pairs);
    ASSERT_EQ(by_products.Keep(drawn, 10), by_couplings.Keep(drawn, 10));
  }
}

TEST(DependencyFilter, KeepsOneVariableWhileNothingIsKnown) {
  DependencyFilter filter(0.3, 100);
  EXPECT_THAT(filter.Keep(std::vector{7, 8, 9}, 3), ElementsAre(7));
  EXPECT_THAT(filter.Keep(std::vector<int32_t>{}, 3), ElementsAre());
}

TEST(DependencyFilter, AsksForEveryPairAtFirstAndThenOnlyForThoseOfNewVariables) {
  const Columns columns(6, 30, 45);
  DependencyFilter filter(0.3, 100);
  auto probe = filter.MakeProbe(std::vector{3, 1, 2});
  EXPECT_THAT(probe.columns, ElementsAre(3, 1, 2));
  EXPECT_EQ(probe.num_known, 1);
  EXPECT_EQ(NumPairs(probe), 3);
  filter.Learn(probe, columns.Gram(probe), columns.squared_norms());

  probe = filter.MakeProbe(std::vector{1, 5, 3, 4, 2});
  EXPECT_THAT(probe.columns, ElementsAre(1, 3, 2, 5, 4));
  EXPECT_EQ(probe.num_known, 3);
  EXPECT_EQ(NumPairs(probe), 10 - 3);
  EXPECT_EQ(filter.statistics().pairs_asked, 3 + 10);
  EXPECT_EQ(filter.statistics().pairs_known, 0 + 3);

  filter.Learn(probe, columns.Gram(probe), columns.squared_norms());
  EXPECT_EQ(NumPairs(filter.MakeProbe(std::vector{5, 4, 3, 2, 1})), 0);
}

TEST(DependencyFilter, AsksForNothingIfNoPairCanBeCoupled) {
  DependencyFilter filter(1.5, 2);
  EXPECT_EQ(NumPairs(filter.MakeProbe(std::vector{5, 4, 3})), 0);
  EXPECT_THAT(filter.Keep(std::vector{5, 4, 3}, 2), ElementsAre(5, 4));
}

TEST(DependencyFilter, TakesAZeroColumnForUncoupledAndWhatIsNotFiniteForCoupled) {
  DependencyFilter filter(0.3, 100);
  const auto probe = filter.MakeProbe(std::vector{0, 1, 2});
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> pairs_01_02_12 = {0, infinity, 0};
  filter.Learn(probe, pairs_01_02_12, std::vector{1.0, 0.0, 1.0});
  EXPECT_THAT(filter.Keep(std::vector{0, 1, 2}, 3), ElementsAre(0, 1));
}

TEST(DependencyFilter, CutsACosineThatRoundingPutAboveOne) {
  // At a bound of exactly 1 only a cosine of 1 is coupled, and at one just above it none is.
  for (const double bound : {1.0, std::nextafter(1.0, 2.0)}) {
    DependencyFilter filter(bound, 100);
    const DependencyFilter::Probe probe = {{0, 1}, 1};
    filter.Learn(probe, std::vector{1 + 1e-6}, std::vector{1.0, 1.0});
    EXPECT_EQ(filter.Keep(std::vector{0, 1}, 2).size(), bound > 1 ? 2 : 1);
  }
}

TEST(DependencyFilter, RefusesAnAnswerThatDoesNotFitTheProbe) {
  DependencyFilter filter(0.3, 100);
  const auto probe = filter.MakeProbe(std::vector{0, 1, 2});
  EXPECT_THROW(filter.Learn(probe, std::vector{0.0}, std::vector{1.0, 1.0, 1.0}), std::logic_error);
  EXPECT_THROW(filter.Learn(probe, std::vector{0.0, 0.0, 0.0}, std::vector{1.0}), std::logic_error);
  for (const std::vector<int32_t>& pairs : {std::vector{3}, {-1}, {1, 1}, {2, 0}})
    EXPECT_THROW(filter.LearnCoupled(probe, pairs), std::logic_error);
  EXPECT_EQ(NumPairs(filter.MakeProbe(std::vector{0, 1, 2})), 3) << "it learned from a bad answer";
}

TEST(DependencyFilter, RefusesABoundThatIsNegativeOrNotANumber) {
  EXPECT_THROW(DependencyFilter(-0.1, 100), Error);
  EXPECT_THROW(DependencyFilter(std::nan(""), 100), Error);
  EXPECT_THROW(DependencyFilter(0.3, 1), Error);
}

}  // namespace
}  // namespace strads
