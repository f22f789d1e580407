#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "apps/mf/ranking.h"
#include "apps/mf/top_items.h"
#include "strads/random.h"

namespace strads::testing {
namespace {

using mf::Factors;
using mf::ItemsOfUsers;
using mf::ScoredItem;

struct Scene {
  int users = 1, items = 1, rank = 1, top = 1;
  bool whole_numbers = false;  // few different scores: many are equal
  double excluded = 0;         // share of the cells
};

// Small random factors and biases, and cells to leave out.
class Drawn {
 public:
  explicit Drawn(const Scene& scene, uint64_t seed = 3)
      : scene_(scene), random_(seed), w_(Draw(scene.users)), h_(Draw(scene.items)) {
    for (int i = 0; i < scene.items; ++i) biases_.push_back(DrawNumber());
    for (int u = 0; u < scene.users; ++u) {
      for (int i = 0; i < scene.items; ++i) {
        if (random_.Uniform() < scene.excluded) cells_.push_back({u, i, 0});
      }
    }
  }

  std::vector<std::vector<ScoredItem>> Top(const std::vector<int32_t>& users, int threads) const {
    ThreadPool pool(threads);
    const ItemsOfUsers excluded(scene_.users, scene_.items, cells_);
    return mf::TopItems(w_, users, mf::ItemPanels(h_, biases_), scene_.top, excluded, pool);
  }

  // All scores by their definition, sorted.
  std::vector<ScoredItem> Expected(int32_t user) const {
    std::vector<ScoredItem> all;
    for (int32_t i = 0; i < scene_.items; ++i) {
      const auto is_it = [&](const Rating& cell) { return cell.user == user && cell.item == i; };
      if (std::ranges::any_of(cells_, is_it)) continue;
      float sum = 0;
      for (size_t t = 0; t < static_cast<size_t>(scene_.rank); ++t)
        sum += w_.Row(user)[t] * h_.Row(i)[t];
      all.push_back({i, biases_[static_cast<size_t>(i)] + sum});
    }
    std::ranges::stable_sort(all, std::greater<>{}, &ScoredItem::score);
    all.resize(std::min(all.size(), static_cast<size_t>(scene_.top)));
    return all;
  }

 private:
  float DrawNumber() {
    const double x = 2 * random_.Uniform() - 1;
    return static_cast<float>(scene_.whole_numbers ? std::round(x) : x);
  }
  Factors Draw(int rows) {
    Factors factors(rows, scene_.rank);
    for (int64_t row = 0; row < rows; ++row) {
      for (float& x : factors.Row(row)) x = DrawNumber();
    }
    return factors;
  }

  const Scene scene_;
  Random random_;
  Factors w_, h_;
  std::vector<float> biases_;
  std::vector<Rating> cells_;
};

std::vector<int32_t> AllUsers(int count) {
  std::vector<int32_t> users(static_cast<size_t>(count));
  std::iota(users.begin(), users.end(), 0);
  return users;
}

TEST(TopItems, AreThoseOfAllScoresSorted) {
  // Around the widths of panels, groups and quads; and lists longer than there are items.
  for (const int items : {1, 15, 16, 17, 48, 70}) {
    for (const int users : {1, 3, 4, 5, 32, 33}) {
      for (const Scene& scene :
           {Scene{users, items, 1, 1, false, 0.0}, Scene{users, items, 7, 10, false, 0.3},
            Scene{users, items, 8, 3, true, 0.0}, Scene{users, items, 2, 20, true, 0.5},
            Scene{users, items, 3, 1000, true, 0.2}}) {
        SCOPED_TRACE(std::to_string(items) + " items, " + std::to_string(users) + " users, top " +
                     std::to_string(scene.top));
        const Drawn drawn(scene);
        for (const int threads : {1, 3}) {
          const auto lists = drawn.Top(AllUsers(users), threads);
          ASSERT_EQ(std::ssize(lists), users);
          for (int32_t u = 0; u < users; ++u)
            ASSERT_EQ(lists[static_cast<size_t>(u)], drawn.Expected(u)) << "user " << u;
        }
      }
    }
  }
}

TEST(TopItems, OfSomeUsersAreInTheOrderAskedFor) {
  const Drawn drawn({.users = 50, .items = 40, .rank = 5, .top = 4, .excluded = 0.1});
  const std::vector<int32_t> users = {49, 0, 7, 7, 31};
  const auto lists = drawn.Top(users, 2);
  ASSERT_EQ(lists.size(), users.size());
  for (size_t n = 0; n < users.size(); ++n) EXPECT_EQ(lists[n], drawn.Expected(users[n]));
}

TEST(TopItems, EqualScoresAreInTheOrderOfItems) {
  const Factors w(2, 3), h(100, 3);  // zeros
  ThreadPool pool(2);
  for (const auto& list : mf::TopItems(w, AllUsers(2), mf::ItemPanels(h, {}), 20, {}, pool)) {
    ASSERT_EQ(list.size(), 20u);
    for (int32_t n = 0; n < 20; ++n) EXPECT_EQ(list[static_cast<size_t>(n)], (ScoredItem{n, 0}));
  }
}

TEST(TopItems, AreNoneIfAllAreSeen) {
  const Drawn drawn({.users = 6, .items = 20, .rank = 2, .top = 5, .excluded = 1});
  for (const auto& list : drawn.Top(AllUsers(6), 1)) EXPECT_TRUE(list.empty());
}

// A product that is no number is no reason to recommend.
TEST(TopItems, LeaveOutScoresThatAreNoNumbers) {
  Factors w(1, 2), h(40, 2);
  std::ranges::fill(w.Row(0), 3e38F);
  h.Row(5)[0] = 3e38F;
  h.Row(5)[1] = -3e38F;  // inf - inf
  h.Row(39)[0] = 1e-38F;
  ThreadPool pool(1);
  const auto lists = mf::TopItems(w, AllUsers(1), mf::ItemPanels(h, {}), 40, {}, pool);
  ASSERT_EQ(lists[0].size(), 39u);
  EXPECT_EQ(lists[0][0].item, 39);
  for (const ScoredItem& scored : lists[0]) EXPECT_NE(scored.item, 5);
}

TEST(ItemsOfUsers, AreSortedAndOnce) {
  const ItemsOfUsers items(4, 10, {{2, 7, 1}, {0, 3, 1}, {2, 1, 1}, {2, 7, 5}, {3, 9, 1}});
  EXPECT_EQ(std::vector<int32_t>(items.Of(2).begin(), items.Of(2).end()),
            (std::vector<int32_t>{1, 7}));
  EXPECT_TRUE(items.Of(1).empty());
  EXPECT_EQ(items.Of(3).size(), 1u);
  EXPECT_TRUE(items.Has(0, 3));
  EXPECT_FALSE(items.Has(0, 7));
  EXPECT_FALSE(ItemsOfUsers().Has(5, 5));
}

mf::Ranking RankingOf(int top,
                      const std::vector<int32_t>& list,
                      const std::vector<int32_t>& relevant) {
  std::vector<ScoredItem> scored;
  for (const int32_t item : list) scored.push_back({item, 0});
  mf::Ranking ranking(top);
  ranking.Add(scored, relevant);
  return ranking;
}

TEST(Ranking, OfAPerfectListIsAsGoodAsTheListIsLong) {
  const mf::Ranking short_list = RankingOf(3, {8, 2, 5}, {1, 2, 5, 8});
  EXPECT_DOUBLE_EQ(short_list.precision(), 1);
  EXPECT_DOUBLE_EQ(short_list.recall(), 0.75);
  EXPECT_DOUBLE_EQ(short_list.ndcg(), 1);
  const mf::Ranking long_list = RankingOf(10, {8, 2, 5, 1, 0, 3, 4, 6, 7, 9}, {1, 2, 5, 8});
  EXPECT_DOUBLE_EQ(long_list.precision(), 0.4);
  EXPECT_DOUBLE_EQ(long_list.recall(), 1);
  EXPECT_DOUBLE_EQ(long_list.ndcg(), 1);
}

TEST(Ranking, CountsAHitByItsRank) {
  const mf::Ranking ranking = RankingOf(4, {9, 1, 7, 3}, {1, 3, 4});
  EXPECT_DOUBLE_EQ(ranking.precision(), 0.5);
  EXPECT_DOUBLE_EQ(ranking.recall(), 2.0 / 3);
  const double gain = 1 / std::log2(3) + 1 / std::log2(5);
  EXPECT_DOUBLE_EQ(ranking.ndcg(), gain / (1 + 1 / std::log2(3) + 0.5));
}

TEST(Ranking, IsTheMeanOverUsers) {
  mf::Ranking ranking = RankingOf(2, {0, 1}, {0, 1});
  ranking.Add(std::vector<ScoredItem>{{5, 0}}, std::vector<int32_t>{4});  // fewer than top
  EXPECT_EQ(ranking.users(), 2);
  EXPECT_DOUBLE_EQ(ranking.precision(), 0.5);
  EXPECT_DOUBLE_EQ(ranking.recall(), 0.5);
  EXPECT_DOUBLE_EQ(ranking.ndcg(), 0.5);
}

}  // namespace
}  // namespace strads::testing
