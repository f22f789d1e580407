#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "strads/error.h"
#include "strads/ratings.h"
#include "tests/support/ratings_test.h"

namespace strads {
namespace {

using testing::kRealMatrix;
using testing::Line;
using testing::LinesOf;
using DuplicateRatingsTest = testing::RatingsTest;

TEST_F(DuplicateRatingsTest, SortsByUserAndItemAndKeepsTheOrderInACell) {
  std::mt19937 random(2);
  std::vector<Rating> ratings;
  ratings.reserve(2000);
  for (int i = 0; i < 2000; ++i) {
    ratings.push_back({static_cast<int32_t>(random() % 20), static_cast<int32_t>(random() % 30),
                       static_cast<float>(i)});
  }
  std::vector<Rating> expected = ratings;
  std::stable_sort(expected.begin(), expected.end(), [](const Rating& a, const Rating& b) {
    return std::tie(a.user, a.item) < std::tie(b.user, b.item);
  });
  SortRatings(20, 30, ratings);
  EXPECT_EQ(ratings, expected);
  std::vector<Rating> none;
  SortRatings(0, 0, none);
}

TEST_F(DuplicateRatingsTest, FindsASecondRatingOfACell) {
  const auto resolve = [](const std::string& path, const RatingsOptions& options) {
    const NamedRatings named = ReadRatings(path, {.threads = 2}, options);
    std::vector<Rating> ratings = named.ratings;
    SortRatings(named.users.size(), named.items.size(), ratings);
    ResolveDuplicates(path, named.users, named.items, options, ratings);
    return LinesOf(named.users, named.items, ratings);
  };
  const auto refuse = [&](const std::string& path) { resolve(path, {}); };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"u v 1\n#\nu w 2\nu v 3\nu v 4\n",
       "4: a second rating of item 'v' by user 'u' (the first is in line 1), expected one"},
      {"user,item,rating\nu,x,1\n\"u\",\"v w\",1\nu,v w,2\n",
       "4: a second rating of item 'v w' by user 'u' (the first is in line 3), expected one"},
      {kRealMatrix + "3 3 3\n1 1 1\n2 2 1\n1 01 1\n",
       "5: a second rating of item '1' by user '1' (the first is in line 3), expected one"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(MessageOf(refuse, text), message);
  EXPECT_EQ(MessageOf(refuse, "1 2 3\n2 1 3\n1 02 3\n"), "nothing was thrown");
  EXPECT_EQ(resolve(Write("u v 1\na v 7\nu w 2\nu v 3\nu v 4\na v 8\n"),
                    {.duplicates = Duplicates::kLast}),
            (std::vector<Line>{{"u", "v", 4.f}, {"u", "w", 2.f}, {"a", "v", 8.f}}));
}

}  // namespace
}  // namespace strads
