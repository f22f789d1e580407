#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "tests/numerics/mf_descent.h"

namespace strads::testing {
namespace {

struct Case {
  std::string name;
  DescentHow how;
};

class CcdTest : public ::testing::TestWithParam<Case> {
 protected:
  // User 3 and item 5 have no ratings. For implicit feedback, counts, some of them 0.
  static Descent Make(const DescentHow& how) {
    RatingsProblem problem = DrawRatings(35, 28, 3, 0.4, 0.3);
    std::erase_if(problem.ratings, [](const Rating& r) { return r.user == 3 || r.item == 5; });
    if (how.implicit) {
      for (Rating& r : problem.ratings) r.value = std::floor(std::max(0.0F, r.value * 2));
    }
    return {problem, how};
  }
  static void ExpectStationary(double slope, float x, bool nonnegative) {
    if (nonnegative && x == 0) {
      EXPECT_GE(slope, -1e-5);
    } else {
      EXPECT_NEAR(slope, 0, 1e-5);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(
    Objectives,
    CcdTest,
    ::testing::Values(Case{"Plain", {}},
                      Case{"Weighted", {.weighted = true}},
                      Case{"Centred", {.mean = 0.7F, .weighted = true}},
                      Case{"Biases", {.mean = 0.7F, .weighted = true, .biases = true}},
                      Case{"Nonnegative", {.mean = 0.7F, .nonnegative = true}},
                      Case{"NoPenalty", {.lambda = 0}},
                      Case{"Implicit", {.implicit = true}},
                      Case{"ImplicitWeighted", {.weighted = true, .implicit = true}},
                      Case{"ImplicitNonnegative", {.nonnegative = true, .implicit = true}}),
    [](const auto& test) { return test.param.name; });

// After a column of one side is solved for, no number of it can be changed for the better.
TEST_P(CcdTest, EveryCoordinateIsAtItsBest) {
  const DescentHow how = GetParam().how;
  Descent descent = Make(how);
  descent.Epoch();
  for (int t = 0; t < descent.columns(); ++t) {
    const bool nonnegative = how.nonnegative && t < how.rank;
    descent.Open(t);
    for (int inner = 0; inner < 2; ++inner) {
      if (descent.MovesUsers(t)) {
        descent.SolveUsers(t);
        for (int64_t u = 0; u < descent.w().rows(); ++u)
          ExpectStationary(descent.UserSlope(u, t), descent.w().Column(t)[static_cast<size_t>(u)],
                           nonnegative);
      }
      if (descent.MovesItems(t)) {
        descent.SolveItems(t);
        for (int64_t i = 0; i < descent.h().rows(); ++i)
          ExpectStationary(descent.ItemSlope(i, t), descent.h().Column(t)[static_cast<size_t>(i)],
                           nonnegative);
      }
    }
    descent.Close(t);
  }
  EXPECT_EQ(descent.w().Column(0)[3], 0);  // has no rating, so 0 is best
}

TEST_P(CcdTest, ObjectiveFallsByTheDecreaseReported) {
  Descent descent = Make(GetParam().how);
  double before = descent.Objective();
  const auto expect = [&](double decrease) {
    const double now = descent.Objective();
    EXPECT_LE(now, before * (1 + 1e-6));
    EXPECT_NEAR(before - now, decrease, 1e-5 * before);
    before = now;
  };
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int t = 0; t < descent.columns(); ++t) {
      descent.Open(t);
      for (int inner = 0; inner <= epoch; ++inner) {
        if (descent.MovesUsers(t)) expect(descent.SolveUsers(t));
        if (descent.MovesItems(t)) expect(descent.SolveItems(t));
      }
      descent.Close(t);
    }
  }
}

TEST_P(CcdTest, LossOfTheResidualsIsThatOfTheFactors) {
  const DescentHow how = GetParam().how;
  Descent descent = Make(how);
  for (int epoch = 0; epoch < 4; ++epoch) {
    descent.Epoch(2);
    double loss = descent.shard().Loss(descent.pool());
    if (how.implicit) loss += mf::AllCellsLoss(mf::Gram(descent.w()), mf::Gram(descent.h()));
    EXPECT_NEAR(loss, descent.Loss(), 1e-4 * descent.Loss());
  }
}

TEST_P(CcdTest, ThreadsDoNotChangeTheBytes) {
  DescentHow how = GetParam().how;
  Descent one = Make(how);
  how.threads = 3;
  Descent three = Make(how);
  one.Epoch(2);
  three.Epoch(2);
  for (int t = 0; t < one.columns(); ++t) {
    EXPECT_TRUE(std::ranges::equal(one.w().Column(t), three.w().Column(t)));
    EXPECT_TRUE(std::ranges::equal(one.h().Column(t), three.h().Column(t)));
  }
  EXPECT_EQ(one.shard().Loss(one.pool()), three.shard().Loss(three.pool()));
}

TEST_P(CcdTest, SumsOfTwoWorkersAreThoseOfOne) {
  Descent whole = Make(GetParam().how);
  whole.Epoch();
  const RatingsProblem& problem = whole.problem();
  const DescentHow& how = GetParam().how;
  std::vector<mf::RowSums> expected(static_cast<size_t>(problem.items)), sums(expected.size());
  whole.Open(0);
  whole.shard().ItemSums(whole.w().Column(0), expected, whole.pool());
  // The same state, reached without a history: every column is a change from 0.
  for (const auto& range : {std::pair<int64_t, int64_t>{0, 15}, {15, problem.users}}) {
    const int64_t first = range.first, last = range.second;
    std::vector<Rating> own;
    for (Rating r : problem.ratings) {
      if (r.user < first || r.user >= last) continue;
      r.user -= static_cast<int32_t>(first);
      own.push_back(r);
    }
    mf::CcdShard part = how.implicit
                            ? mf::CcdShard::Implicit(own, last - first, problem.items, how.alpha)
                            : mf::CcdShard(own, last - first, problem.items, how.mean);
    const auto rows = [&](int t) {
      return whole.w().Column(t).subspan(static_cast<size_t>(first),
                                         static_cast<size_t>(last - first));
    };
    const std::vector<float> no_w(static_cast<size_t>(last - first)),
        no_h(static_cast<size_t>(problem.items));
    for (int t = 0; t < whole.columns(); ++t) {
      part.Open(no_w, no_h);
      part.Close(rows(t), whole.h().Column(t), whole.pool());
    }
    std::vector<mf::RowSums> more(sums.size());
    part.Open(rows(0), whole.h().Column(0));
    part.ItemSums(rows(0), more, whole.pool());
    AddSums(more, sums);
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    EXPECT_NEAR(sums[i].numerator, expected[i].numerator, 1e-3);
    EXPECT_NEAR(sums[i].denominator, expected[i].denominator, 1e-3);
  }
}

TEST(CcdRecoveryTest, FindsAMatrixOfLowRank) {
  Descent descent(DrawRatings(120, 90, 3, 0.5, 0), {.lambda = 0});
  for (int epoch = 0; epoch < 400; ++epoch) descent.Epoch(2);
  EXPECT_LT(std::sqrt(descent.Loss() / static_cast<double>(descent.problem().ratings.size())),
            2e-4);
}

TEST(CcdRecoveryTest, PlainIsWeightedWhereAllCountsAreEqual) {
  const RatingsProblem problem = DrawRatings(16, 16, 2, 1, 0.1);
  Descent plain(problem, {.lambda = 0.8F}), weighted(problem, {.lambda = 0.05F, .weighted = true});
  plain.Epoch(2);
  weighted.Epoch(2);
  for (int t = 0; t < 3; ++t) {
    for (size_t row = 0; row < 16; ++row) {
      EXPECT_FLOAT_EQ(plain.w().Column(t)[row], weighted.w().Column(t)[row]);
      EXPECT_FLOAT_EQ(plain.h().Column(t)[row], weighted.h().Column(t)[row]);
    }
  }
}

TEST(CcdRecoveryTest, NonnegativeBindsSomewhere) {
  const DescentHow how = {.mean = 0.7F, .nonnegative = true};
  Descent descent(DrawRatings(35, 28, 3, 0.4, 0.3), how);
  for (int epoch = 0; epoch < 5; ++epoch) descent.Epoch();
  int zeros = 0;
  for (int t = 0; t < how.rank; ++t) {
    for (const float x : descent.w().Column(t)) {
      EXPECT_GE(x, 0);
      zeros += static_cast<int>(x == 0);
    }
  }
  EXPECT_GT(zeros, 0);
}

TEST(InnerStopTest, StopsAtAShareOfTheLargestDecrease) {
  mf::InnerStop stop(0.1);
  EXPECT_TRUE(stop.Pays(10));
  EXPECT_TRUE(stop.Pays(1.5));
  EXPECT_FALSE(stop.Pays(0.5));
  EXPECT_TRUE(stop.Pays(20));
  EXPECT_FALSE(stop.Pays(1.5));
  mf::InnerStop done;
  EXPECT_FALSE(done.Pays(0));
}

TEST(ColumnsTest, GoThroughFactorsAndBack) {
  mf::Factors factors(5, 11);
  DrawFactors(1, mf::Side::kUsers, 0, -1, 1, factors);
  const mf::Columns columns(factors);
  EXPECT_EQ(columns.Column(10)[4], factors.Row(4)[10]);
  EXPECT_TRUE(std::ranges::equal(columns.ToFactors().Range(0, 5), factors.Range(0, 5)));
}

}  // namespace
}  // namespace strads::testing
