#include "apps/lasso/unit_search.h"

#include <gtest/gtest.h>
#include <strads/parallel.h>
#include <strads/random.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "apps/lasso/dual_bound.h"
#include "apps/lasso/penalty.h"

namespace strads::testing {
namespace {

using lasso::Penalty;

constexpr int kUnits = 10'001;  // of several blocks

struct Problem {
  std::vector<double> b, q, xx, norms, lengths;
};

Problem RandomProblem(uint64_t seed) {
  Random random(seed, 1);
  Problem problem;
  for (int j = 0; j < kUnits; ++j) {
    problem.b.push_back(random.Below(50) == 0 ? random.Uniform() - 0.5 : 0);
    problem.q.push_back(4 * random.Uniform() - 2);
    problem.norms.push_back(random.Uniform());
    problem.xx.push_back(2 * problem.norms.back());
    problem.lengths.push_back(std::sqrt(problem.norms.back()));
  }
  return problem;
}

// All alike, but with a list of members, so that it does not show.
Penalty OneByOne(const Penalty::Unit& common, bool nonnegative) {
  std::vector<Penalty::Unit> units;
  std::vector<int32_t> members;
  for (int u = 0; u < kUnits; ++u) {
    units.push_back({.first = u, .count = 1, .l1 = common.l1, .l2 = common.l2});
    members.push_back(u);
  }
  return {units, members, {}, nonnegative};
}

TEST(UnitSearch, FindsTheSameWhetherUnitsAreAlikeOrWrittenDownOneByOneAndWithAnyThreads) {
  const Problem problem = RandomProblem(3);
  ThreadPool pool(3);
  for (const bool nonnegative : {false, true}) {
    for (const double l2 : {0.0, 0.7}) {
      const Penalty::Unit common{.l1 = 1.5, .l2 = l2};
      const Penalty alike(kUnits, common, nonnegative), each = OneByOne(common, nonnegative);
      ASSERT_NE(alike.common_unit(), nullptr);
      ASSERT_EQ(each.common_unit(), nullptr);
      lasso::Violators expected;
      std::vector<int32_t> zeros;
      for (int u = 0; u < kUnits; ++u) {
        const auto j = static_cast<size_t>(u);
        double change = 0;
        if (each.Change(each.unit(u), problem.b.data(), problem.q.data(), problem.xx.data(),
                        &change)) {
          expected.units.push_back(u);
          expected.changes.push_back(std::abs(change) * std::sqrt(problem.norms[j]));
        }
        const double slope = nonnegative ? std::max(problem.q[j], 0.0) : std::abs(problem.q[j]);
        if (0.8 * slope + 0.4 * problem.lengths[j] < 1.5) zeros.push_back(u);
      }
      ASSERT_GT(expected.units.size(), 100u);
      ASSERT_GT(zeros.size(), 100u);
      for (const Penalty* penalty : {&alike, &each}) {
        for (ThreadPool* threads : {static_cast<ThreadPool*>(nullptr), &pool}) {
          const lasso::Violators found =
              FindViolators(*penalty, problem.b.data(), problem.q.data(), problem.xx.data(),
                            problem.norms.data(), threads);
          EXPECT_EQ(found.units, expected.units);
          ASSERT_EQ(found.changes.size(), expected.changes.size());
          for (size_t i = 0; i < found.changes.size(); ++i)
            EXPECT_DOUBLE_EQ(found.changes[i], expected.changes[i]);
          EXPECT_EQ(
              FindZeros(*penalty, problem.q.data(), 0.8, 0.4, problem.lengths.data(), threads),
              zeros);
        }
      }
      EXPECT_NEAR(alike.Value(problem.b.data()), each.Value(problem.b.data()), 1e-10);
      const auto bound = [&](const Penalty& penalty) {
        return BestDualBound(penalty, problem.b.data(), problem.q.data(), problem.xx.data(), 100,
                             50, 1e9);
      };
      EXPECT_DOUBLE_EQ(bound(alike).scale, bound(each).scale);
      EXPECT_DOUBLE_EQ(bound(alike).value, bound(each).value);
    }
  }
}

TEST(Penalty, KnowsThatItsUnitsAreAlike) {
  std::vector<Penalty::Unit> units;
  for (int u = 0; u < 5; ++u) units.push_back({.first = u, .count = 1, .l1 = 2, .l2 = 1});
  const Penalty alike(units, {}, {}, false);
  ASSERT_NE(alike.common_unit(), nullptr);
  EXPECT_EQ(alike.num_units(), 5);
  EXPECT_EQ(alike.unit(3).first, 3);
  EXPECT_EQ(alike.unit(3).l1, 2);
  // In a part of it, variables are numbered anew.
  const std::vector<double> b = {1, -2};
  EXPECT_EQ(alike.Over(std::vector<int>{4, 1}).Value(b.data()), 2 * 3 + 0.5 * 5);
  units[4].l1 = 3;
  EXPECT_EQ(Penalty(units, {}, {}, false).common_unit(), nullptr);
  units[4] = {.first = 4, .count = 2, .l1 = 2, .l2 = 1};
  EXPECT_EQ(Penalty(units, {}, {1, 1, 1, 1, 1, 1}, false).common_unit(), nullptr);
  Penalty zero = Penalty::Lasso(3, 1);
  zero.Adjust([](Penalty::Unit& unit) { unit.l1 = std::numeric_limits<double>::infinity(); });
  EXPECT_EQ(zero.Value(std::vector<double>(3).data()), 0) << "infinite times nothing";
}

}  // namespace
}  // namespace strads::testing
