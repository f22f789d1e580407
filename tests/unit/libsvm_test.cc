#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "strads/dataset.h"
#include "strads/error.h"
#include "tests/support/temp_files.h"
#include "worker/number.h"

namespace strads {
namespace {

Eigen::MatrixXd ToEigen(const ColumnMatrix& x) {
  Eigen::MatrixXd values = Eigen::MatrixXd::Zero(x.num_rows(), x.num_cols());
  for (int j = 0; j < x.num_cols(); ++j) {
    if (x.num_rows() > 0) x.AddColumn(j, 1.0, values.col(j).data());
  }
  return values;
}

class LibsvmTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) const { return directory_.Write("data.svm", text); }
  Dataset Read(const std::string& text, const ReadOptions& options = {}) const {
    return ReadLibsvm(Write(text), {}, options);
  }
  // What is said about `text`, without the path in front.
  std::string MessageFor(const std::string& text,
                         const ReadOptions& options = {},
                         Shard shard = {}) const {
    const std::string path = Write(text);
    try {
      ReadLibsvm(path, shard, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      const std::string message = error.what();
      EXPECT_EQ(message.find(path + ":"), 0u) << message;
      return message.substr(path.size() + 1);
    }
    return "nothing was thrown";
  }
  const testing::TempDir directory_;
};

TEST_F(LibsvmTest, ReadsLabelsAndEntriesInEveryAcceptedForm) {
  const Dataset data = Read(
      "# a comment line\n"
      "+1 1:+2 3:.5 # the rest 4:5\n"
      "\r\n"
      "   \t \n"
      "-1.5e0\tqid:7 2:1. 3:-1e-5  \r\n"
      "0\n"
      "2 1:0 3:1e2#comment\n"
      "  7 qid:-3 2:-0.25");
  Eigen::MatrixXd expected(5, 3);
  expected << 2, 0, .5, 0, 1, -1e-5, 0, 0, 0, 0, 0, 100, 0, -.25, 0;
  EXPECT_EQ(data.y, (Eigen::VectorXd(5) << 1, -1.5, 0, 2, 7).finished());
  EXPECT_EQ(ToEigen(data.x), expected);
  EXPECT_EQ(data.x.num_nonzeros(), 6);
}

TEST_F(LibsvmTest, TakesTheWidthFromTheOptionOrTheLargestIndex) {
  EXPECT_EQ(Read("1 5:1\n").x.num_cols(), 5);
  EXPECT_EQ(Read("1 5:1\n", {.num_features = 9}).x.num_cols(), 9);
  EXPECT_EQ(Read("1\n2\n").x.num_cols(), 0);
}

TEST_F(LibsvmTest, NamesTheLineAndTheFieldThatIsWrong) {
  const std::string line = "label [qid:n] index:value ...";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"abc 1:2", "the label 'abc' is not a number, expected " + line},
      {"1x 1:2", "the label '1x' is not a number, expected " + line},
      {"1:2 3:4", "no label before '1:2', expected " + line},
      {"nan 1:2",
       "the label 'nan' is out of range, expected a finite number of at most 1e75 in magnitude"},
      {"-inf",
       "the label '-inf' is out of range, expected a finite number of at most 1e75 in magnitude"},
      {"1e999",
       "the label '1e999' is out of range, expected a finite number of at most 1e75 in magnitude"},
      {"+-1", "the label '+-1' is not a number, expected " + line},
      {"1 5", "'5' has no colon, expected index:value"},
      {"1 a:1", "the index of 'a:1' is not a whole number, expected index:value"},
      {"1 1.5:1", "the index of '1.5:1' is not a whole number, expected index:value"},
      {"1 :1", "the index of ':1' is not a whole number, expected index:value"},
      {"1 0:1", "the index of '0:1' is below 1, expected indices from 1 on"},
      {"1 -2:1", "the index of '-2:1' is below 1, expected indices from 1 on"},
      {"1 3:1 2:1", "the index of '2:1' comes after index 3, expected increasing indices"},
      {"1 3:1 3:1", "the index of '3:1' comes after index 3, expected increasing indices"},
      {"1 2147483647:1",
       "the index of '2147483647:1' is beyond the width of the data, expected at most 2147483646"},
      {"1 99999999999999999999999:1",
       "the index of '99999999999999999999999:1' is beyond the width of the data, expected at most "
       "2147483646"},
      {"1 1:x", "the value of '1:x' is not a number, expected index:value"},
      {"1 1: 2:1", "the value of '1:' is not a number, expected index:value"},
      {"1 1:1,5", "the value of '1:1,5' is not a number, expected index:value"},
      {"1 1:0x10", "the value of '1:0x10' is not a number, expected index:value"},
      {"1 1:1e", "the value of '1:1e' is not a number, expected index:value"},
      {"1 1:.", "the value of '1:.' is not a number, expected index:value"},
      {"1 1:NaN",
       "the value of '1:NaN' is out of range, expected a finite number of at most 1e75 in "
       "magnitude"},
      {"1 1:Infinity",
       "the value of '1:Infinity' is out of range, expected a finite number of at most 1e75 in "
       "magnitude"},
      {"1 qid:x 1:1", "'qid:x' names no query, expected qid: and a whole number"},
      {"1 1:1\x01", "the value of '1:1\\x01' is not a number, expected index:value"},
  };
  for (const auto& [bad, message] : cases) {
    EXPECT_EQ(MessageFor("1 1:1\n\n" + bad + "\n1 1:1\n"), "3: " + message);
    EXPECT_EQ(MessageFor("# first\r\n1 1:1\r\n1\r\n" + bad), "4: " + message);
  }
}

TEST_F(LibsvmTest, RefusesAZeroByteInTheText) {
  const std::string zero(1, '\0');
  EXPECT_EQ(MessageFor("1 1:1\n1 1:1" + zero + "\n"),
            "2: the value of '1:1\\x00' is not a number, expected index:value");
  EXPECT_EQ(MessageFor("1 1:1\n" + zero + "\n").substr(0, 20), "2: the label '\\x00' ");
}

TEST_F(LibsvmTest, RefusesIndicesBeyondTheGivenWidth) {
  EXPECT_EQ(Read("1 3:1\n", {.num_features = 3}).x.num_cols(), 3);
  EXPECT_EQ(MessageFor("1 3:1\n2 1:1 4:1\n", {.num_features = 3}),
            "2: the index of '4:1' is beyond the width of the data, expected at most 3");
}

TEST_F(LibsvmTest, RefusesAFileWithoutRowsInEveryShard) {
  for (const std::string text : {"", "\n", "# only\n\r\n#comments"}) {
    for (int rank = 0; rank < 3; ++rank) {
      EXPECT_EQ(MessageFor(text, {}, {.rank = rank, .num_workers = 3}),
                "1: no rows in the file, expected lines of label [qid:n] index:value ...");
    }
  }
}

TEST_F(LibsvmTest, RefusesASeparateTarget) {
  EXPECT_NE(MessageFor("1 1:1\n", {.target = "y.txt"}).find("expected no --target"),
            std::string::npos);
}

std::string RandomText(int rows, int cols, double density) {
  std::mt19937 random(7);
  std::bernoulli_distribution is_set(density);
  std::normal_distribution<double> normal;
  std::ostringstream text;
  for (int i = 0; i < rows; ++i) {
    text << normal(random);
    for (int j = 1; j <= cols; ++j) {
      if (is_set(random)) text << ' ' << j << ':' << normal(random);
    }
    text << (i % 3 == 0 ? " # comment\r\n" : i % 5 == 0 ? "\n\n# comment\n" : "\n");
  }
  return text.str();
}

TEST_F(LibsvmTest, ShardsTogetherAreTheFile) {
  for (const double density : {0.02, 0.8}) {
    const ReadOptions options = {.num_features = 40};
    const std::string path = Write(RandomText(101, 40, density));
    const Dataset whole = ReadLibsvm(path, {}, options);
    ASSERT_EQ(whole.y.size(), 101);
    for (const int workers : {1, 2, 3, 7, 500}) {
      for (const int threads : {1, 2, 3, 8}) {
        Eigen::VectorXd y(0);
        Eigen::MatrixXd x(0, 40);
        for (int rank = 0; rank < workers; ++rank) {
          const Dataset part = ReadLibsvm(path, {rank, workers, threads}, options);
          ASSERT_EQ(part.x.num_rows(), part.y.size());
          y = (Eigen::VectorXd(y.size() + part.y.size()) << y, part.y).finished();
          Eigen::MatrixXd joined(y.size(), 40);
          joined << x, ToEigen(part.x);
          x = joined;
        }
        EXPECT_EQ(y, whole.y);
        EXPECT_EQ(x, ToEigen(whole.x));
      }
    }
  }
}

TEST_F(LibsvmTest, FindsOneBadLineInExactlyOneShard) {
  constexpr int kRows = 200'000;
  for (const int bad_line : {1, 123'456, kRows}) {
    std::string text;
    for (int i = 1; i <= kRows; ++i) text += i == bad_line ? "1 1:oops\n" : "1 1:2 3:4.5\n";
    const std::string path = Write(text);
    for (const int workers : {1, 2, 3, 7}) {
      for (const int threads : {1, 4}) {
        int found = 0;
        for (int rank = 0; rank < workers; ++rank) {
          try {
            ReadLibsvm(path, {rank, workers, threads});
          } catch (const Error& error) {
            ++found;
            EXPECT_EQ(error.what(),
                      path + ":" + std::to_string(bad_line) +
                          ": the value of '1:oops' is not a number, expected index:value");
          }
        }
        EXPECT_EQ(found, 1) << "line " << bad_line << ", " << workers << " workers";
      }
    }
  }
}

TEST_F(LibsvmTest, ReportsTheFirstBadLineWhateverTheThreads) {
  std::string text;
  for (int i = 1; i <= 5000; ++i) text += i % 700 == 0 ? "bad\n" : "1 1:2 3:4.5\n";
  for (const int threads : {1, 2, 3, 8}) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      ASSERT_EQ(MessageFor(text, {}, {.threads = threads}).substr(0, 4), "700:");
    }
  }
}

TEST_F(LibsvmTest, GivesTheSameBytesForAnyNumberOfThreads) {
  const std::string path = Write(RandomText(500, 300, 0.05));
  const Dataset one = ReadLibsvm(path, {});
  ASSERT_FALSE(one.x.is_dense());
  for (const int threads : {2, 3, 16}) {
    const Dataset many = ReadLibsvm(path, {.threads = threads});
    EXPECT_EQ(many.y, one.y);
    for (int j = 0; j < 300; ++j) {
      EXPECT_TRUE(std::ranges::equal(many.x.Rows(j), one.x.Rows(j)));
      EXPECT_TRUE(std::ranges::equal(many.x.Values(j), one.x.Values(j)));
    }
  }
}

// Numbers of every shape, whose bits strtod decides.
// More text than is parsed at a time, short rows and one that is longer than that.
TEST_F(LibsvmTest, ReadsRowsOfAnyLength) {
  constexpr int kShort = 50'000, kLong = 200'000;
  std::string text;
  for (int i = 0; i < kShort; ++i) text += "1 1:1 5:" + std::to_string(i % 9 + 1) + "\n";
  text += "2";
  for (int j = 1; j <= kLong; ++j) text += ' ' + std::to_string(j) + ":0.1";
  text += "\n3 2:7\n";
  const std::string path = Write(text);
  for (const int threads : {1, 3}) {
    const Dataset data = ReadLibsvm(path, {0, 1, threads}, {});
    ASSERT_EQ(data.x.num_rows(), kShort + 2);
    ASSERT_EQ(data.x.num_cols(), kLong);
    EXPECT_EQ(data.x.num_nonzeros(), 2 * kShort + kLong + 1);
    EXPECT_EQ(data.y[kShort], 2);
    Eigen::VectorXd of_first = Eigen::VectorXd::Zero(kShort + 2), of_fifth = of_first;
    data.x.AddColumn(0, 1, of_first);
    data.x.AddColumn(4, 1, of_fifth);
    EXPECT_EQ(of_first.sum(), kShort + 0.1);
    for (int i = 0; i < kShort; ++i) ASSERT_EQ(of_fifth[i], i % 9 + 1) << "row " << i;
    EXPECT_EQ(data.x.Values(1).size(), 2u) << "of the last two rows";
    EXPECT_EQ(data.x.Values(kLong - 1).size(), 1u);
  }
}

TEST(NumberTest, IsReadBitForBitAsByStrtod) {
  std::mt19937_64 random(3);
  const auto digits = [&](uint64_t most) {
    std::string text;
    for (uint64_t n = random() % (most + 1); n > 0; --n)
      text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (int i = 0; i < 400'000; ++i) {
    std::string text = std::string(random() % 2   ? "-"
                                   : random() % 4 ? ""
                                                  : "+") +
                       digits(i % 4 ? 3 : 25);
    if (random() % 4 != 0) text += "." + digits(i % 3 ? 8 : 30);
    if (random() % 4 == 0) {
      text += (random() % 2 ? "e" : "E") +
              std::string(random() % 2   ? "-"
                          : random() % 2 ? "+"
                                         : "") +
              std::to_string(random() % (i % 2 ? 25 : 330));
    }
    if (i % 10 == 0) {
      char buffer[40];
      std::snprintf(buffer, sizeof buffer, "%.17g", std::bit_cast<double>(random()));
      text = buffer;
    }
    const std::string padded = text + " " + std::string(16, '\0');
    char* expected_end;
    double expected = std::strtod(padded.c_str(), &expected_end);
    if (std::abs(expected) < kLeastMagnitude) expected = std::copysign(0.0, expected);
    double value = -1;
    const char* const end = ParseNumber(padded.data(), padded.data() + text.size(), &value);
    if (expected_end == padded.c_str() || !(std::abs(expected) <= kMostMagnitude)) {
      ASSERT_EQ(end, nullptr) << text;
      ASSERT_EQ(IsOutOfRange(padded.data(), padded.data() + text.size()),
                expected_end != padded.c_str())
          << text;
    } else {
      ASSERT_EQ(end, expected_end) << text;
      ASSERT_EQ(std::bit_cast<uint64_t>(value), std::bit_cast<uint64_t>(expected)) << text;
    }
  }
}

TEST(NumberTest, WholeNumbersOfAnyLengthAreRead) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = static_cast<int64_t>(random() >> (random() % 50 + 6));
    const std::string text = std::to_string(number) + ":" + std::string(16, '\0');
    int64_t value = -1;
    const char* const end = ParseInteger(text.data(), &value);
    ASSERT_EQ(end, text.data() + text.find(':'));
    ASSERT_EQ(value, number);
  }
  int64_t value = 0;
  EXPECT_NE(ParseInteger("123456789012345678901234567890        ", &value), nullptr);
  EXPECT_EQ(value, kHugeInteger);
}

}  // namespace
}  // namespace strads
