#include "strads/ratings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "strads/error.h"
#include "tests/support/temp_files.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A rating with the names it was given under.
using Line = std::tuple<std::string, std::string, float>;

std::vector<Line> LinesOf(const IdTable& users,
                          const IdTable& items,
                          const std::vector<Rating>& ratings) {
  std::vector<Line> lines;
  for (const Rating& rating : ratings) {
    lines.emplace_back(users.Name(rating.user), items.Name(rating.item), rating.value);
  }
  return lines;
}
std::vector<Line> LinesOf(const NamedRatings& named) {
  return LinesOf(named.users, named.items, named.ratings);
}

IdTable TableOf(const std::vector<std::string>& names) {
  IdTable table;
  for (const std::string& name : names) table.Add(name);
  return table;
}

class RatingsTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) const { return directory_.Write("r", text); }
  std::vector<Line> Read(const std::string& text, const RatingsOptions& options = {}) const {
    return LinesOf(ReadRatings(Write(text), {}, options));
  }
  // What is said when `read` is done, without the path in front.
  std::string MessageOf(const std::function<void(const std::string&)>& read,
                        const std::string& text) const {
    const std::string path = Write(text);
    try {
      read(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      const std::string message = error.what();
      EXPECT_EQ(message.find(path + ":"), 0u) << message;
      return message.substr(path.size() + 1);
    }
    return "nothing was thrown";
  }
  std::string MessageFor(const std::string& text,
                         const RatingsOptions& options = {},
                         Shard shard = {}) const {
    return MessageOf([&](const std::string& path) { ReadRatings(path, shard, options); }, text);
  }
  const testing::TempDir directory_;
};

const std::vector<Line> kFour = {
    {"10", "3", 5.f}, {"2", "3", 3.5f}, {"10", "1", 1.f}, {"2", "4", -2.f}};
const std::string kMatrix = "%%MatrixMarket matrix coordinate real general\n";

TEST_F(RatingsTest, ReadsTheSameFromEveryFormat) {
  const std::vector<std::string> texts = {
      "10::3::5::978300760\n2::3::3.5::9\n10::1::1\n2::4::-2::x::y\n",
      "10,3,5,964982703\n2,3,3.5,\n10,1,1\n2,4,-2,a,b\n",
      "userId,movieId,rating,timestamp\n10,3,5,964982703\n2,3,3.5,1\n10,1,1,2\n2,4,-2,3\n",
      "\"userId\",\"movieId\",\"rating\"\n\"10\",\"3\",\"5\"\n2,\"3\",3.5\n\"10\",1,1\n2,4,\"-"
      "2\"\n",
      "10\t3\t5\t881250949\n2\t3\t3.5\t8\n10\t1\t1\n2\t4\t-2\ta b\tc\n",
      "user_id\titem_id\trating\n10\t3\t5\n2\t3\t3.5\n10\t1\t1\n2\t4\t-2\n",
      "10 3 5\n2 3 3.5\n10 1 1 978300760\n2 4 -2\n",
      kMatrix + "% comment\n10 4 4\n10 3 5\n2 3 3.5\n10 1 1\n2 4 -2\n",
      kMatrix + "10 4 4\n010 3 5\n02 03 3.5\n10 1 1\n2 4 -2\n",
      "# comment\n\n   \n  10   3  5e0  \n% comment\n 2\t3 +3.5 17 \n\n10 1 1.0\n2 4 -2",
      " 10 , 3 , 5 \n 2,3 , 3.5\n10, 1,1\n\"2\" , \"4\" , \"-2\" ",
      "\xEF\xBB\xBF"
      "10,3,5\n2,3,3.5\n10,1,1\n2,4,-2\n",
  };
  for (const std::string& text : texts) {
    EXPECT_EQ(Read(text), kFour) << text;
    EXPECT_EQ(Read(text + "\n \n"), kFour) << text;
    EXPECT_EQ(Read(text.substr(0, text.find_last_not_of('\n') + 1)), kFour) << text;
    std::string windows;
    for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
    EXPECT_EQ(Read(windows), kFour) << windows;
    const std::string path = directory_.Path("r.gz");
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    EXPECT_EQ(LinesOf(ReadRatings(path, {})), kFour) << text;
  }
}

TEST_F(RatingsTest, NumbersNamesInOrderOfAppearance) {
  const NamedRatings named = ReadRatings(Write("b y 1\na y 2\nb x 3\n"), {});
  EXPECT_THAT(named.ratings, ElementsAre(Rating{0, 0, 1}, Rating{1, 0, 2}, Rating{0, 1, 3}));
}

TEST_F(RatingsTest, KeepsBlanksAndOtherSeparatorsInsideNames) {
  const std::vector<Line> expected = {{"Ann Lee", "Die Hard, 2", 4.f}};
  EXPECT_EQ(Read("Ann Lee::Die Hard, 2::4\n"), expected);
  EXPECT_EQ(Read(" Ann Lee \t Die Hard, 2 \t 4 \t\n"), expected);
  EXPECT_EQ(Read("Ann Lee,\"Die Hard, 2\",4\n"), expected);
  EXPECT_EQ(Read("\"a::b\t\",\"say \"\"hi\"\"\",1\n"),
            (std::vector<Line>{{"a::b\t", "say \"hi\"", 1.f}}));
  EXPECT_EQ(Read("a:b::12:30::1\n"), (std::vector<Line>{{"a:b", "12:30", 1.f}}));
  EXPECT_EQ(Read("\xC3\xA9 12345678 1\n"), (std::vector<Line>{{"\xC3\xA9", "12345678", 1.f}}));
}

TEST_F(RatingsTest, ReadsImplicitRatingsAsOne) {
  const std::vector<Line> expected = {{"1", "2", 1.f}, {"3", "4", 1.f}};
  const RatingsOptions implicit = {.implicit = true};
  for (const std::string text : {"1 2\n3 4 \n", "1,2\n3,4,\n", "user,item\n1,2\n3,4,1\n",
                                 "UserID\titem name\n1\t2\n3\t4\n", "1::2\n3::4::\n"}) {
    EXPECT_EQ(Read(text, implicit), expected) << text;
  }
  EXPECT_EQ(Read("%%MatrixMarket matrix coordinate pattern general\n3 4 2\n1 2\n3 4\n"), expected);
  EXPECT_EQ(Read("1 2 7\n3 4\n", implicit), (std::vector<Line>{{"1", "2", 7.f}, {"3", "4", 1.f}}));
  EXPECT_EQ(Read("user1,item1\nuser2,item1\n", implicit).size(), 2u);
}

TEST_F(RatingsTest, TakesNoLineWithANumberForAHeader) {
  EXPECT_EQ(Read("user,item,rating\nann,matrix,3\n"), (std::vector<Line>{{"ann", "matrix", 3.f}}));
  EXPECT_EQ(Read("ann,matrix,3\n").size(), 1u);
  EXPECT_EQ(MessageFor("1,2,five\n"),
            "1: the rating 'five' is not a number, expected user,item,rating");
  EXPECT_EQ(MessageFor("a,b,nan\n"), "1: the rating 'nan' is not finite, expected a finite number");
  EXPECT_EQ(MessageFor("user item rating\n1 2 3\n"),
            "1: the rating 'rating' is not a number, expected user item rating");
}

TEST_F(RatingsTest, NamesTheLineAndTheFieldThatIsWrong) {
  const std::string csv = "1,2,3\n\n", blank = "1 2 3\n\n", colons = "1::2::3\n\n",
                    tab = "1\t2\t3\n\n";
  const std::string csv_line = "expected user,item,rating",
                    blank_line = "expected user item rating",
                    tab_line = "expected user, item and rating with tabs between them";
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {csv, "1", "the line has no item, " + csv_line},
      {csv, "1,2", "the line has no rating, " + csv_line},
      {csv, "1,2,", "the line has no rating, " + csv_line},
      {csv, "1,2, ,4", "the line has no rating, " + csv_line},
      {csv, ",2,3", "the user is empty, " + csv_line},
      {csv, "1, ,3", "the item is empty, " + csv_line},
      {csv, "1,\"\",3", "the item is empty, " + csv_line},
      {csv, "1,2,x,7", "the rating 'x' is not a number, " + csv_line},
      {csv, "1,2,3 4,7", "the rating '3 4' is not a number, " + csv_line},
      {csv, "1,2,\"3,7", "the rating '\"3' is not a number, " + csv_line},
      {csv, "1,2,\"nan\"", "the rating '\"nan\"' is not finite, expected a finite number"},
      {csv, "1,\"2,3", "a quote is not closed, expected another \" in the same line"},
      {csv, "\"1\"x,2,3", "text after the closing quote of a field, expected a comma"},
      {csv, "1,2,1e39", "the rating '1e39' is too large, expected at most 3.4e38"},
      {csv, "1,2,1e999", "the rating '1e999' is not finite, expected a finite number"},
      {blank, "1", "the line has no item, " + blank_line},
      {blank, "1 2 ", "the line has no rating, " + blank_line},
      {blank, "1 2 x", "the rating 'x' is not a number, " + blank_line},
      {blank, "1 2 3x", "the rating '3x' is not a number, " + blank_line},
      {blank, "1 2 -inf", "the rating '-inf' is not finite, expected a finite number"},
      {blank, "1 2 3 4 5", "'5' is out of place, " + blank_line},
      {colons, "1::2", "the line has no rating, expected user::item::rating"},
      {colons, "1::2::4:5", "the rating '4:5' is not a number, expected user::item::rating"},
      {colons, "::2::4", "the user is empty, expected user::item::rating"},
      {tab, "1\t2", "the line has no rating, " + tab_line},
      {tab, "1 2 3", "the line has no item, " + tab_line},
      {tab, "\t2\t3", "the user is empty, " + tab_line},
      {tab, "1\t\t3", "the item is empty, " + tab_line},
      {kMatrix + "9 8 2\n", "10 1 1\n1 1 1",
       "the user '10' is not in the matrix, expected 1 to 9 in a line of row column rating"},
      {kMatrix + "9 8 2\n", "1 9 1\n1 1 1",
       "the item '9' is not in the matrix, expected 1 to 8 in a line of row column rating"},
      {kMatrix + "9 8 2\n", "0 1 1\n1 1 1",
       "the user '0' is not in the matrix, expected 1 to 9 in a line of row column rating"},
      {kMatrix + "9 8 2\n", "1 1\n1 1 1", "the line has no rating, expected row column rating"},
      {kMatrix + "9 8 2\n", "1 1 1 5\n1 1 1", "'5' is out of place, expected row column rating"},
      {"%%MatrixMarket matrix coordinate integer general\n9 8 1\n", "1 1 1.5",
       "the rating '1.5' is not whole, expected the integers that the header announces"},
      {"%%MatrixMarket matrix coordinate pattern general\n9 8 1\n", "1 1 1",
       "'1' is out of place, expected row column"},
  };
  for (const auto& [before, bad, message] : cases) {
    EXPECT_EQ(MessageFor(before + bad + "\n"), "3: " + message) << bad;
    EXPECT_EQ(MessageFor(before + bad), "3: " + message) << bad;
  }
}

TEST_F(RatingsTest, RefusesAFileWithoutRatingsInEveryShard) {
  for (const std::string text : {"", "\n", "# only\n\r\n% comments", "userId,movieId,rating\n",
                                 "%%MatrixMarket matrix coordinate real general\n3 3 0\n"}) {
    for (int rank = 0; rank < 3; ++rank) {
      EXPECT_EQ(MessageFor(text, {}, {.rank = rank, .num_workers = 3}).find(" has no ratings, "),
                0u)
          << text;
    }
  }
}

TEST_F(RatingsTest, RefusesMatricesThatAreNoRatings) {
  EXPECT_EQ(MessageFor(kMatrix + "3 3 2\n1 1 1\n"),
            "4: the file ends after 1 entries, expected 2 as the header says");
  EXPECT_EQ(MessageFor(kMatrix + "3 3 1\n1 1 1\n\n1 2 1\n"),
            "5: one entry too many, expected 1 as the header says");
  for (const std::string kind :
       {"array real general\n2 1\n1\n1", "coordinate real symmetric\n2 2 1\n2 1 1"}) {
    EXPECT_EQ(MessageFor("%%MatrixMarket matrix " + kind)
                  .find("1: no general coordinate matrix, expected "),
              0u);
  }
}

TEST_F(RatingsTest, SaysWhyAFileCannotBeOpened) {
  EXPECT_THROW(ReadRatings(directory_.Path("missing"), {}), Error);
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

TEST_F(RatingsTest, ShardsTogetherAreTheFileForAnyNumberOfThreads) {
  const std::vector<std::string> texts = {
      RandomText("::", 200, 1),
      RandomText("\t", 200, 2),
      RandomText(",", 200, 3),
      "userId,movieId,rating\n" + RandomText(",", 200, 4),
      "# long comment before a header of its own\nuser\titem\trating\n1\t2\t3\n",
      kMatrix + "3 4 4\n1 2 3\n3 4 5\n%\n2 2 1\n1 1 1\n"};
  for (const std::string& text : texts) {
    const std::string path = Write(text);
    const NamedRatings whole = ReadRatings(path, {});
    for (const int workers : {1, 2, 3, 7, 300}) {
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

TEST_F(RatingsTest, ReportsTheFirstBadLineWhateverTheThreads) {
  std::string text;
  for (int i = 1; i <= 5000; ++i) text += i % 700 == 0 ? "bad\n" : "1 2 3\n";
  for (const int threads : {1, 2, 3, 8}) {
    EXPECT_EQ(MessageFor(text, {}, {.threads = threads}).substr(0, 4), "700:");
  }
}

TEST_F(RatingsTest, WantedUsersTogetherAreTheFile) {
  const std::string path = Write(RandomText(",", 300, 8));
  const NamedRatings whole = ReadRatings(path, {});
  const IdTable users = IdTable::Merge(std::vector{whole.users}),
                items = IdTable::Merge(std::vector{whole.items});
  for (const int workers : {1, 3}) {
    std::vector<std::vector<Line>> parts;
    std::vector<std::size_t> next(static_cast<std::size_t>(workers));
    for (int rank = 0; rank < workers; ++rank) {
      std::vector<char> wanted;
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

TEST_F(RatingsTest, RefusesOrCountsUnknownNames) {
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

TEST_F(RatingsTest, SortsByUserAndItemAndKeepsTheOrderInACell) {
  std::mt19937 random(2);
  std::vector<Rating> ratings;
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

TEST_F(RatingsTest, FindsASecondRatingOfACell) {
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
      {kMatrix + "3 3 3\n1 1 1\n2 2 1\n1 01 1\n",
       "5: a second rating of item '1' by user '1' (the first is in line 3), expected one"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(MessageOf(refuse, text), message);
  EXPECT_EQ(MessageOf(refuse, "1 2 3\n2 1 3\n1 02 3\n"), "nothing was thrown");
  EXPECT_EQ(resolve(Write("u v 1\na v 7\nu w 2\nu v 3\nu v 4\na v 8\n"),
                    {.duplicates = Duplicates::kLast}),
            (std::vector<Line>{{"u", "v", 4.f}, {"u", "w", 2.f}, {"a", "v", 8.f}}));
}

// A file in memory: thousands of them take no time.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& text) : file_(memfd_create("ratings", 0)) {
    EXPECT_EQ(write(file_, text.data(), text.size()), std::ssize(text));
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(file_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

TEST_F(RatingsTest, DamagedFilesAreReadOrRefused) {
  const std::vector<std::string> texts = {
      "userId,movieId,rating\n10,\"3 \"\"x\"\"\",5.5\n2,3,1e1\n", "10::3::5::9\n2::3::3.5\n",
      "1\t2\t3\t4\n22222222\t3\t-1\n", "1 2 3\n# c\n12345678 99 4 5\n",
      kMatrix + "3 4 2\n1 2 3\n3 4 5\n"};
  std::mt19937 random(11);
  const std::string likely = "0123456789 ,:\t\n\r\"#%.-e";
  int read = 0, refused = 0;
  for (const std::string& text : texts) {
    for (int i = 0; i < 3000; ++i) {
      std::string damaged = text.substr(0, i % 2 == 0 ? random() % (text.size() + 1) : text.size());
      for (auto flips = random() % 4; flips > 0 && !damaged.empty(); --flips) {
        damaged[random() % damaged.size()] =
            random() % 2 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
      }
      const MemoryFile file(damaged);
      const std::string path = file.path();
      const RatingsOptions options = {.implicit = i % 3 == 0, .unknown = UnknownIds::kSkip};
      try {
        const NamedRatings named = ReadRatings(path, {0, 1, 1 + i % 2}, options);
        EXPECT_FALSE(named.ratings.empty());
        for (const auto& [user, item, value] : LinesOf(named)) {
          EXPECT_FALSE(user.empty() || item.empty() || !std::isfinite(value));
        }
        EXPECT_EQ(ReadRatings(path, named.users, named.items, {}, 1, options).ratings,
                  named.ratings);
        ++read;
      } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find(path), 0u);
        ++refused;
      }
    }
  }
  EXPECT_GT(read, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace strads
