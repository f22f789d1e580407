#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/rotation_schedule.h>

#include <cmath>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "apps/mf/sgd.h"
#include "tests/numerics/mf_problems.h"

namespace strads::testing {
namespace {

using mf::CellRating;
using mf::RatingGrid;
using mf::SgdOptions;
using mf::SgdRows;
using mf::SgdStep;
using mf::Side;

SgdRows Draw(Side side, int64_t rows, int rank, float decay, float low = -1) {
  SgdRows drawn(rows, rank, 1.5F, decay);
  DrawFactors(7, side, 0, low, 1, drawn.factors);
  for (size_t i = 0; i < drawn.state.size(); ++i)
    drawn.state[i].bias = 0.1F * static_cast<float>(i + 1);
  return drawn;
}

bool SameBytes(const SgdRows& a, const SgdRows& b) {
  const auto x = a.factors.Range(0, a.rows()), y = b.factors.Range(0, b.rows());
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size_bytes()) == 0 &&
         std::memcmp(a.state.data(), b.state.data(), a.state.size() * sizeof(mf::SgdState)) == 0 &&
         std::ranges::equal(a.bias_sums, b.bias_sums);
}

// One rating's share of the weighted objective, in double.
double Term(float value,
            const SgdStep& step,
            const std::vector<double>& w,
            const std::vector<double>& h,
            double b,
            double c,
            double user_decay,
            double item_decay) {
  double e = value - step.mean - b - c, ww = b * b, hh = c * c;
  for (size_t k = 0; k < w.size(); ++k) {
    e -= w[k] * h[k];
    ww += w[k] * w[k];
    hh += h[k] * h[k];
  }
  return e * e + user_decay * ww + item_decay * hh;
}

std::vector<double> ToDouble(std::span<const float> row) { return {row.begin(), row.end()}; }

class SgdKernelTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks,
                         SgdKernelTest,
                         ::testing::Values(1, 3, 8, 9, 16, 24, 32, 40, 64, 100));

// Every number moves by its step times half the derivative, taken by differences, of the rating's
// share of the objective; then the sums grow by the mean squared derivative.
TEST_P(SgdKernelTest, MovesAgainstTheDerivative) {
  const int rank = GetParam();
  SgdRows users = Draw(Side::kUsers, 3, rank, 0.3F), items = Draw(Side::kItems, 4, rank, 0.2F);
  const SgdRows old_users = users, old_items = items;
  const SgdStep step{.mean = 0.5F, .rate = 0.1F, .bias_rate = 0.05F, .biases = true};
  const CellRating rating{.user = 1, .item = 2, .value = 2.5F};
  const double squares = SgdCell(std::span(&rating, 1), 1, 1, step, users, items);

  const std::vector<double> w = ToDouble(old_users.factors.Row(2));
  const std::vector<double> h = ToDouble(old_items.factors.Row(3));
  const double b = old_users.state[2].bias, c = old_items.state[3].bias;
  const auto term = [&](const auto& x, const auto& y, double bb, double cc) {
    return Term(rating.value, step, x, y, bb, cc, users.state[2].decay, items.state[3].decay);
  };
  const double kDifference = 1e-4;
  const auto half_derivative = [&](auto move) {
    return (move(kDifference) - move(-kDifference)) / (4 * kDifference);
  };
  double user_sums[2] = {}, item_sums[2] = {};
  for (size_t k = 0; k < w.size(); ++k) {
    const double dw = half_derivative([&](double d) {
      auto moved = w;
      moved[k] += d;
      return term(moved, h, b, c);
    });
    const double dh = half_derivative([&](double d) {
      auto moved = h;
      moved[k] += d;
      return term(w, moved, b, c);
    });
    const double eta = 0.1 / std::sqrt(1.5 * 1.5 * 1.5);
    EXPECT_NEAR(users.factors.Row(2)[k], w[k] - eta * dw, 1e-5);
    EXPECT_NEAR(items.factors.Row(3)[k], h[k] - eta * dh, 1e-5);
    user_sums[k < 8 ? 0 : 1] += dw * dw;
    item_sums[k < 8 ? 0 : 1] += dh * dh;
  }
  const double slow = std::min(8, rank), fast = std::max(1, rank - 8);
  const auto near = [](double x) {
    return ::testing::FloatNear(static_cast<float>(x), 1e-4F * static_cast<float>(x));
  };
  EXPECT_THAT(users.state[2].slow, near(3.375 + user_sums[0] / slow));
  EXPECT_THAT(users.state[2].fast, near(3.375 + user_sums[1] / fast));
  EXPECT_THAT(items.state[3].slow, near(3.375 + item_sums[0] / slow));
  EXPECT_THAT(items.state[3].fast, near(3.375 + item_sums[1] / fast));

  const double db = half_derivative([&](double d) { return term(w, h, b + d, c); });
  const double dc = half_derivative([&](double d) { return term(w, h, b, c + d); });
  EXPECT_NEAR(users.state[2].bias, b - 0.05 / 1.5 * db, 1e-5);
  EXPECT_NEAR(items.state[3].bias, c - 0.05 / 1.5 * dc, 1e-5);
  EXPECT_THAT(users.bias_sums[2], near(2.25 + db * db));
  EXPECT_THAT(items.bias_sums[3], near(2.25 + dc * dc));

  const double no_penalty = Term(rating.value, step, w, h, b, c, 0, 0);
  EXPECT_NEAR(squares, no_penalty, 1e-4 * no_penalty);
  // The other rows have not moved, nor has the padding.
  for (const int64_t row : {0, 1}) {
    EXPECT_TRUE(std::ranges::equal(users.factors.Row(row), old_users.factors.Row(row)));
    EXPECT_TRUE(std::ranges::equal(items.factors.Row(row), old_items.factors.Row(row)));
  }
  for (int k = rank; k < users.factors.stride(); ++k) EXPECT_EQ(users.factors.At(2)[k], 0);
}

TEST_P(SgdKernelTest, NonnegativeIsTheProjectionOfTheFreeStep) {
  const int rank = GetParam();
  SgdRows users = Draw(Side::kUsers, 1, rank, 0.3F, 0),
          items = Draw(Side::kItems, 1, rank, 0.2F, 0);
  SgdRows free_users = users, free_items = items;
  const CellRating rating{.user = 0, .item = 0, .value = -40.0F};
  SgdStep step{.rate = 0.1F};
  SgdCell(std::span(&rating, 1), 0, 0, step, free_users, free_items);
  step.nonnegative = true;
  SgdCell(std::span(&rating, 1), 0, 0, step, users, items);
  for (int k = 0; k < rank; ++k) {
    EXPECT_EQ(users.factors.At(0)[k], std::max(0.0F, free_users.factors.At(0)[k]));
    EXPECT_EQ(items.factors.At(0)[k], std::max(0.0F, free_items.factors.At(0)[k]));
  }
}

// Ratings that are done at once are so as if one came after the other, those of one row too.
TEST_P(SgdKernelTest, RatingsAreDoneInTheirOrder) {
  const int rank = GetParam();
  SgdRows users = Draw(Side::kUsers, 3, rank, 0.3F), items = Draw(Side::kItems, 3, rank, 0.2F);
  SgdRows one_user = users, one_item = items;
  std::vector<CellRating> ratings;
  Random random(1);
  for (int n = 0; n < 31; ++n)
    ratings.push_back({static_cast<uint16_t>(random.Below(3)),
                       static_cast<uint16_t>(random.Below(3)),
                       static_cast<float>(random.Uniform())});
  const SgdStep step{.rate = 0.1F, .bias_rate = 0.05F, .biases = true};
  SgdCell(ratings, 0, 0, step, users, items);
  for (const CellRating& rating : ratings)
    SgdCell(std::span(&rating, 1), 0, 0, step, one_user, one_item);
  EXPECT_TRUE(SameBytes(users, one_user));
  EXPECT_TRUE(SameBytes(items, one_item));
}

TEST(SgdTest, SlowOnlyMovesTheFirstFactors) {
  SgdRows users = Draw(Side::kUsers, 1, 20, 0.3F), items = Draw(Side::kItems, 1, 20, 0.2F);
  const SgdRows old_users = users;
  const CellRating rating{.user = 0, .item = 0, .value = 1.0F};
  SgdCell(std::span(&rating, 1), 0, 0, {.rate = 0.1F, .slow_only = true}, users, items);
  for (int k = 0; k < 20; ++k)
    EXPECT_EQ(users.factors.At(0)[k] == old_users.factors.At(0)[k], k >= 8);
  EXPECT_EQ(users.state[0].fast, old_users.state[0].fast);
}

struct Trained {
  std::vector<double> squares;  // of each epoch
  SgdRows users;
  std::vector<SgdRows> items;
};

struct How {
  int rank = 4;
  float lambda = 0;
  bool plain = false;
  int blocks = 1;
  int grid_threads = 1;
  int pool_threads = 1;
  int epochs = 10;
  SgdOptions options = {.rating_scale = 0.5F};
};

Trained Train(const RatingsProblem& problem, const How& how) {
  Trained run;
  run.users = SgdRows(problem.users, how.rank, how.options.rating_scale, how.lambda);
  DrawFactors(3, Side::kUsers, 0, 0, 0.7F, run.users.factors);
  const std::vector<int64_t> counts = problem.ItemCounts();
  const std::vector<int64_t> begins = BalancedRanges(counts, how.blocks);
  for (size_t b = 0; b + 1 < begins.size(); ++b) {
    run.items.emplace_back(begins[b + 1] - begins[b], how.rank, how.options.rating_scale,
                           how.lambda);
    DrawFactors(3, Side::kItems, begins[b], 0, 0.7F, run.items.back().factors);
    if (how.plain)
      SetPlainDecay(how.lambda, std::span(counts).subspan(static_cast<size_t>(begins[b])),
                    run.items.back());
  }
  if (how.plain) SetPlainDecay(how.lambda, problem.UserCounts(), run.users);
  const RatingGrid grid(
      problem.ratings, problem.users, begins,
      {.threads = how.grid_threads, .row_bytes = 32, .cache_bytes = 320, .seed = 5});
  ThreadPool pool(how.pool_threads);
  for (int epoch = 0; epoch < how.epochs; ++epoch) {
    double squares = 0;
    for (int b = 0; b < how.blocks; ++b)
      squares += RunSgd(how.options, {.number = static_cast<uint64_t>(epoch)}, grid, b, run.users,
                        run.items[static_cast<size_t>(b)], pool);
    run.squares.push_back(squares);
  }
  return run;
}

TEST(SgdTest, RecoversAMatrixOfLowRank) {
  const RatingsProblem problem = DrawRatings(120, 90, 3, 0.5, 0);
  for (const bool biases : {false, true}) {
    const Trained run = Train(problem, {.rank = 3,
                                        .blocks = 3,
                                        .grid_threads = 2,
                                        .epochs = 600,
                                        .options = {.rating_scale = 0.5F, .biases = biases}});
    EXPECT_LT(std::sqrt(run.squares.back() / static_cast<double>(problem.ratings.size())), 2e-3);
  }
}

TEST(SgdTest, SumOfErrorsIsThatOfTheRows) {
  const RatingsProblem problem = DrawRatings(50, 40, 3, 0.5, 0.1);
  const Trained run =
      Train(problem, {.options = {.mean = 0.3F, .rating_scale = 0.5F, .biases = true}});
  double squares = 0;
  for (const Rating& r : problem.ratings) {
    double e = r.value - 0.3 - run.users.state[static_cast<size_t>(r.user)].bias -
               run.items[0].state[static_cast<size_t>(r.item)].bias;
    for (int k = 0; k < 4; ++k)
      e -= static_cast<double>(run.users.factors.Row(r.user)[static_cast<size_t>(k)]) *
           run.items[0].factors.Row(r.item)[static_cast<size_t>(k)];
    squares += e * e;
  }
  ThreadPool pool(1);
  EXPECT_NEAR(SumSquaredErrors(problem.ratings, 0.3F, run.users, run.items[0], pool), squares,
              1e-4 * squares);
}

// An extra pass is one of a smaller rate that is counted apart.
TEST(SgdTest, ExtraPassesTakeSmallerSteps) {
  const RatingsProblem problem = DrawRatings(30, 20, 3, 0.5, 0.1);
  Trained scaled = Train(problem, {.epochs = 1}), slower = scaled;
  const std::vector<int64_t> begins = {0, problem.items};
  const RatingGrid grid(problem.ratings, problem.users, begins, {.row_bytes = 32});
  ThreadPool pool(1);
  RunSgd({.rate = 0.1F}, {.number = 1, .step_scale = mf::ExtraPassScale(0.5F, 2), .is_extra = true},
         grid, 0, scaled.users, scaled.items[0], pool);
  RunSgd({.rate = 0.025F}, {.number = 1}, grid, 0, slower.users, slower.items[0], pool);
  EXPECT_TRUE(SameBytes(scaled.users, slower.users));
  EXPECT_TRUE(SameBytes(scaled.items[0], slower.items[0]));
  EXPECT_EQ(scaled.items[0].passes, 1);
  EXPECT_EQ(scaled.items[0].extra_passes, 1);
  EXPECT_EQ(slower.items[0].passes, 2);
}

TEST(SgdTest, ThreadsDoNotChangeTheBytes) {
  const RatingsProblem problem = DrawRatings(60, 70, 3, 0.5, 0.1);
  How how{.lambda = 0.05F, .blocks = 2, .grid_threads = 3, .options = {.biases = true}};
  const Trained one = Train(problem, how);
  for (const int threads : {2, 3, 4}) {
    how.pool_threads = threads;
    const Trained other = Train(problem, how);
    EXPECT_EQ(one.squares, other.squares);
    EXPECT_TRUE(SameBytes(one.users, other.users));
    for (size_t b = 0; b < 2; ++b) EXPECT_TRUE(SameBytes(one.items[b], other.items[b]));
  }
}

// Every user and every item has as many ratings: lambda for each row is lambda / count for each
// rating.
TEST(SgdTest, PlainIsWeightedWhereAllCountsAreEqual) {
  const RatingsProblem problem = DrawRatings(16, 16, 2, 1, 0.1);
  const Trained plain = Train(problem, {.lambda = 0.8F, .plain = true});
  const Trained weighted = Train(problem, {.lambda = 0.05F});
  EXPECT_TRUE(SameBytes(plain.users, weighted.users));
  EXPECT_TRUE(SameBytes(plain.items[0], weighted.items[0]));
}

TEST(SgdTest, NonnegativeStaysSo) {
  RatingsProblem problem = DrawRatings(30, 40, 3, 0.5, 0.1);
  for (Rating& rating : problem.ratings) rating.value -= 1;
  const Trained run = Train(problem, {.options = {.rating_scale = 0.5F, .nonnegative = true}});
  for (const float value : run.users.factors.Range(0, 30)) EXPECT_GE(value, 0);
  for (const float value : run.items[0].factors.Range(0, 40)) EXPECT_GE(value, 0);
  EXPECT_LT(run.squares.back(), run.squares.front());
}

TEST(FactorsTest, ARowIsTheSameWhoeverDrawsIt) {
  mf::Factors all(10, 5), part(4, 5), other(10, 5);
  DrawFactors(1, Side::kUsers, 0, -1, 1, all);
  DrawFactors(1, Side::kUsers, 3, -1, 1, part);
  DrawFactors(1, Side::kItems, 0, -1, 1, other);
  EXPECT_TRUE(std::ranges::equal(part.Range(0, 4), all.Range(3, 7)));
  EXPECT_FALSE(std::ranges::equal(other.Row(0), all.Row(0)));
  EXPECT_FALSE(std::ranges::equal(all.Row(1), all.Row(0)));
  for (const float value : all.Row(2)) {
    EXPECT_GE(value, -1);
    EXPECT_LT(value, 1);
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(all.At(0)) % 64, 0U);
  EXPECT_EQ(all.stride(), 8);
  EXPECT_EQ(all.At(2)[5], 0);
}

TEST(RatingGridTest, RangesAreBalanced) {
  const std::vector<int64_t> counts = {5, 1, 1, 1, 3, 5, 0, 4};
  EXPECT_THAT(BalancedRanges(counts, 4), ::testing::ElementsAre(0, 1, 5, 6, 8));
  EXPECT_THAT(BalancedRanges(counts, 1), ::testing::ElementsAre(0, 8));
  EXPECT_THAT(BalancedRanges(std::vector<int64_t>{}, 2), ::testing::ElementsAre(0, 0, 0));
  const std::vector<int64_t> one = {100};
  EXPECT_EQ(BalancedRanges(one, 3).size(), 4U);
}

TEST(RatingGridTest, HasAnotherOrderInEachPassAndForEachSeed) {
  const RatingsProblem problem = DrawRatings(60, 60, 3, 0.4, 0.1);
  const std::vector<int64_t> begins = {0, 60};
  std::set<std::vector<std::pair<int64_t, int64_t>>> orders;  // of cells, of which there are 36
  for (const uint64_t seed : {5, 6, 7}) {
    const RatingGrid grid(problem.ratings, problem.users, begins,
                          {.row_bytes = 32, .cache_bytes = 320, .seed = seed});
    for (uint64_t pass = 0; pass < 4; ++pass) {
      std::vector<std::pair<int64_t, int64_t>> order;
      for (const RatingGrid::Cell& cell : grid.Cells(0, 0, 0, pass))
        order.emplace_back(cell.first_user, cell.first_item);
      EXPECT_EQ(order.size(), 36U);
      EXPECT_TRUE(orders.insert(std::move(order)).second) << "seed " << seed << ", pass " << pass;
    }
  }
}

TEST(RatingGridTest, HasEveryRatingOnceAndThreadsNeverMeet) {
  const RatingsProblem problem = DrawRatings(60, 70, 3, 0.4, 0.1);
  const std::vector<int64_t> begins = {0, 10, 10, 70};
  const RatingGrid grid(problem.ratings, problem.users, begins,
                        {.threads = 3, .row_bytes = 32, .cache_bytes = 320, .seed = 5});
  std::multiset<std::pair<int64_t, int64_t>> seen, expected;
  for (int64_t block = 0; block < 3; ++block) {
    const size_t before = seen.size();
    for (int step = 0; step < 3; ++step) {
      std::set<int64_t> users, items;  // of the threads before
      for (int thread = 0; thread < 3; ++thread) {
        std::set<int64_t> own_users, own_items;
        for (const RatingGrid::Cell& cell : grid.Cells(block, step, thread, 1)) {
          for (const CellRating& rating : cell.ratings) {
            EXPECT_LT(rating.user, 10);
            EXPECT_LT(rating.item, 10);
            own_users.insert(cell.first_user + rating.user);
            own_items.insert(cell.first_item + rating.item);
            seen.emplace(cell.first_user + rating.user,
                         begins[static_cast<size_t>(block)] + cell.first_item + rating.item);
          }
        }
        for (const int64_t user : own_users) EXPECT_TRUE(users.insert(user).second);
        for (const int64_t item : own_items) EXPECT_TRUE(items.insert(item).second);
      }
    }
    EXPECT_EQ(seen.size() - before, static_cast<size_t>(grid.size(block)));
  }
  for (const Rating& rating : problem.ratings) expected.emplace(rating.user, rating.item);
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace strads::testing
