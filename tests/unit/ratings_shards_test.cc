#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "strads/error.h"
#include "strads/ratings.h"
#include "tests/support/ratings_test.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kRealMatrix;
using testing::Line;
using testing::LinesOf;
using RatingsShardsTest = testing::RatingsTest;

IdTable TableOf(const std::vector<std::string>& names) {
  IdTable table;
  for (const std::string& name : names) table.Add(name);
  return table;
}

// Lines of the format that `separator` makes, with blank lines and comments between them.
std::string RandomText(const std::string& separator, int count, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += (i % 7 == 0 ? "name " : "") + std::to_string(random() % 60) + separator +
            std::to_string(random() % 30) + (i % 5 == 0 ? "0000000000x" : "") + separator +
            std::to_string(random() % 11) + ".5" + (i % 3 == 0 ? "\r\n" : "\n");
    if (i % 10 == 3) text += "\n# a comment\n  \n";
  }
  return text;
}

TEST_F(RatingsShardsTest, ShardsTogetherAreTheFileForAnyNumberOfThreads) {
  const std::vector<std::string> texts = {
      RandomText("::", 200, 1),
      RandomText("\t", 200, 2),
      RandomText(",", 200, 3),
      "userId,movieId,rating\n" + RandomText(",", 200, 4),
      "# long comment before a header of its own\nuser\titem\trating\n1\t2\t3\n",
      kRealMatrix + "3 4 4\n1 2 3\n3 4 5\n%\n2 2 1\n1 1 1\n"};
  for (const std::string& text : texts) {
    const std::string path = Write(text);
    const NamedRatings whole = ReadRatings(path, {});
    for (const int workers : {1, 2, 3, 7, 40}) {
      std::vector<Line> lines;
      for (int rank = 0; rank < workers; ++rank) {
        const NamedRatings one = ReadRatings(path, {rank, workers, 1});
        for (const int threads : {2, 5}) {
          const NamedRatings many = ReadRatings(path, {rank, workers, threads});
          EXPECT_EQ(many.ratings, one.ratings);
          EXPECT_TRUE(many.users == one.users);
          EXPECT_TRUE(many.items == one.items);
        }
        const std::vector<Line> part = LinesOf(one);
        lines.insert(lines.end(), part.begin(), part.end());
      }
      EXPECT_EQ(lines, LinesOf(whole)) << workers;
    }
  }
}

TEST_F(RatingsShardsTest, ReportsTheFirstBadLineWhateverTheThreads) {
  std::string text;
  for (int i = 1; i <= 5000; ++i) text += i % 700 == 0 ? "bad\n" : "1 2 3\n";
  for (const int threads : {1, 2, 3, 8}) {
    EXPECT_EQ(MessageFor(text, {}, {.threads = threads}).substr(0, 4), "700:");
  }
}

TEST_F(RatingsShardsTest, WantedUsersTogetherAreTheFile) {
  const std::string path = Write(RandomText(",", 300, 8));
  const NamedRatings whole = ReadRatings(path, {});
  const IdTable users = IdTable::Merge(std::vector{whole.users}),
                items = IdTable::Merge(std::vector{whole.items});
  for (const int workers : {1, 3}) {
    std::vector<std::vector<Line>> parts;
    std::vector<std::size_t> next(static_cast<std::size_t>(workers));
    for (int rank = 0; rank < workers; ++rank) {
      std::vector<char> wanted;
      wanted.reserve(static_cast<std::size_t>(users.size()));
      for (int32_t i = 0; i < users.size(); ++i) wanted.push_back(i % workers == rank);
      const auto one = ReadRatings(path, users, items, wanted, 1);
      for (const int threads : {2, 5}) {
        EXPECT_EQ(ReadRatings(path, users, items, wanted, threads).ratings, one.ratings);
      }
      parts.push_back(LinesOf(users, items, one.ratings));
    }
    for (const Line& line : LinesOf(whole)) {
      const auto owner = static_cast<std::size_t>(users.Find(std::get<0>(line)) % workers);
      ASSERT_LT(next[owner], parts[owner].size());
      EXPECT_EQ(parts[owner][next[owner]++], line);
    }
    for (std::size_t w = 0; w < parts.size(); ++w) EXPECT_EQ(next[w], parts[w].size());
  }
  EXPECT_EQ(LinesOf(users, items, ReadRatings(path, users, items, {}, 2).ratings), LinesOf(whole));
}

TEST_F(RatingsShardsTest, RefusesOrCountsUnknownNames) {
  const IdTable users = TableOf({"1", "2"}), items = TableOf({"a", "b"});
  const std::string text = "1 a 1\n3 a 2\n1 c 3\n2 c 4\n2 b 5\n";
  const auto read = [&](const std::vector<char>& wanted, UnknownIds unknown) {
    return ReadRatings(Write(text), users, items, wanted, 2, {.unknown = unknown});
  };
  EXPECT_EQ(
      MessageOf([&](const std::string& path) { ReadRatings(path, users, items, {}, 2); }, text),
      "2: unknown user '3', expected one of the 2 known ones");
  EXPECT_EQ(MessageOf([&](const std::string& path) { ReadRatings(path, users, items, {}, 2); },
                      "1 a 1\n1 the::c 3\n"),
            "2: unknown item 'the::c', expected one of the 2 known ones");
  const IndexedRatings all = read({}, UnknownIds::kSkip), one = read({1, 0}, UnknownIds::kSkip);
  EXPECT_THAT(all.ratings, ElementsAre(Rating{0, 0, 1}, Rating{1, 1, 5}));
  EXPECT_EQ(all.unknown_users, 1);
  EXPECT_EQ(all.unknown_items, 2);
  EXPECT_THAT(one.ratings, ElementsAre(Rating{0, 0, 1}));
  EXPECT_EQ(one.unknown_users, 1);
  EXPECT_EQ(one.unknown_items, 1);
  EXPECT_THAT(read({0, 0}, UnknownIds::kSkip).ratings, IsEmpty());
  EXPECT_EQ(
      MessageOf([&](const std::string& path) { ReadRatings(path, users, items, {}, 2); }, "#\n")
          .find(" has no ratings"),
      0u);
}

}  // namespace
}  // namespace strads
