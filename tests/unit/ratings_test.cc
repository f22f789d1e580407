#include "strads/ratings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "strads/error.h"
#include "tests/support/memory_file.h"
#include "tests/support/ratings_test.h"
#include "tests/support/text_variants.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using testing::kRealMatrix;
using testing::Line;
using testing::LinesOf;
using RatingsTest = testing::RatingsTest;

const std::vector<Line> kFour = {
    {"10", "3", 5.f}, {"2", "3", 3.5f}, {"10", "1", 1.f}, {"2", "4", -2.f}};

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
      kRealMatrix + "% comment\n10 4 4\n10 3 5\n2 3 3.5\n10 1 1\n2 4 -2\n",
      kRealMatrix + "10 4 4\n010 3 5\n02 03 3.5\n10 1 1\n2 4 -2\n",
      "# comment\n\n   \n  10   3  5e0  \n% comment\n 2\t3 +3.5 17 \n\n10 1 1.0\n2 4 -2",
      " 10 , 3 , 5 \n 2,3 , 3.5\n10, 1,1\n\"2\" , \"4\" , \"-2\" ",
      "\xEF\xBB\xBF"
      "10,3,5\n2,3,3.5\n10,1,1\n2,4,-2\n",
  };
  for (const std::string& text : texts) {
    EXPECT_EQ(Read(text), kFour) << text;
    EXPECT_EQ(Read(text + "\n \n"), kFour) << text;
    EXPECT_EQ(Read(text.substr(0, text.find_last_not_of('\n') + 1)), kFour) << text;
    const std::string windows = testing::WithWindowsLineEnds(text);
    EXPECT_EQ(Read(windows), kFour) << windows;
    const std::string path = testing::WriteGzip(directory_, "r.gz", text);
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

TEST_F(RatingsTest, ReadsRatingsThatMayLackWithTheirSigns) {
  const RatingsOptions lacking = {.may_lack = true};
  EXPECT_EQ(Read("1 2 -7\n3 4\n", lacking), (std::vector<Line>{{"1", "2", -7.f}, {"3", "4", 1.f}}));
  EXPECT_EQ(Read("1,2,-7\n3,4,\n", lacking),
            (std::vector<Line>{{"1", "2", -7.f}, {"3", "4", 1.f}}));
}

TEST_F(RatingsTest, TakesNoLineWithANumberForAHeader) {
  EXPECT_EQ(Read("user,item,rating\nann,matrix,3\n"), (std::vector<Line>{{"ann", "matrix", 3.f}}));
  EXPECT_EQ(Read("ann,matrix,3\n").size(), 1u);
  EXPECT_EQ(MessageFor("1,2,five\n"),
            "1: the rating 'five' is not a number, expected user,item,rating");
  EXPECT_EQ(MessageFor("a,b,nan\n"),
            "1: the rating 'nan' is out of range, expected a finite number of at most 3.4e38 in "
            "magnitude");
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
      {csv, "1,2,\"nan\"",
       "the rating '\"nan\"' is out of range, expected a finite number of at most 3.4e38 in "
       "magnitude"},
      {csv, "1,\"2,3", "a quote is not closed, expected another \" in the same line"},
      {csv, "\"1\"x,2,3", "text after the closing quote of a field, expected a comma"},
      {csv, "1,2,1e39",
       "the rating '1e39' is out of range, expected a finite number of at most 3.4e38 in "
       "magnitude"},
      {csv, "1,2,1e999",
       "the rating '1e999' is out of range, expected a finite number of at most 3.4e38 in "
       "magnitude"},
      {blank, "1", "the line has no item, " + blank_line},
      {blank, "1 2 ", "the line has no rating, " + blank_line},
      {blank, "1 2 x", "the rating 'x' is not a number, " + blank_line},
      {blank, "1 2 3x", "the rating '3x' is not a number, " + blank_line},
      {blank, "1 2 -inf",
       "the rating '-inf' is out of range, expected a finite number of at most 3.4e38 in "
       "magnitude"},
      {blank, "1 2 3 4 5", "'5' is out of place, " + blank_line},
      {colons, "1::2", "the line has no rating, expected user::item::rating"},
      {colons, "1::2::4:5", "the rating '4:5' is not a number, expected user::item::rating"},
      {colons, "::2::4", "the user is empty, expected user::item::rating"},
      {tab, "1\t2", "the line has no rating, " + tab_line},
      {tab, "1 2 3", "the line has no item, " + tab_line},
      {tab, "\t2\t3", "the user is empty, " + tab_line},
      {tab, "1\t\t3", "the item is empty, " + tab_line},
      {kRealMatrix + "9 8 2\n", "10 1 1\n1 1 1",
       "the user '10' is not in the matrix, expected 1 to 9 in a line of row column rating"},
      {kRealMatrix + "9 8 2\n", "1 9 1\n1 1 1",
       "the item '9' is not in the matrix, expected 1 to 8 in a line of row column rating"},
      {kRealMatrix + "9 8 2\n", "0 1 1\n1 1 1",
       "the user '0' is not in the matrix, expected 1 to 9 in a line of row column rating"},
      {kRealMatrix + "9 8 2\n", "1 1\n1 1 1", "the line has no rating, expected row column rating"},
      {kRealMatrix + "9 8 2\n", "1 1 1 5\n1 1 1",
       "'5' is out of place, expected row column rating"},
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
  EXPECT_EQ(MessageFor(kRealMatrix + "3 3 2\n1 1 1\n"),
            "4: the file ends after 1 entries, expected 2 as the header says");
  EXPECT_EQ(MessageFor(kRealMatrix + "3 3 1\n1 1 1\n\n1 2 1\n"),
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

TEST_F(RatingsTest, DamagedFilesAreReadOrRefused) {
  const std::vector<std::string> texts = {
      "userId,movieId,rating\n10,\"3 \"\"x\"\"\",5.5\n2,3,1e1\n", "10::3::5::9\n2::3::3.5\n",
      "1\t2\t3\t4\n22222222\t3\t-1\n", "1 2 3\n# c\n12345678 99 4 5\n",
      kRealMatrix + "3 4 2\n1 2 3\n3 4 5\n"};
  std::mt19937 random(11);
  const std::string likely = "0123456789 ,:\t\n\r\"#%.-e";
  int read = 0, refused = 0;
  for (const std::string& text : texts) {
    for (int i = 0; i < 1500; ++i) {
      std::string damaged = text.substr(0, i % 2 == 0 ? random() % (text.size() + 1) : text.size());
      for (auto flips = random() % 4; flips > 0 && !damaged.empty(); --flips) {
        damaged[random() % damaged.size()] =
            random() % 2 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
      }
      const testing::MemoryFile file(damaged);
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
