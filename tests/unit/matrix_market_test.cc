#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "strads/dataset.h"
#include "strads/error.h"
#include "tests/support/temp_files.h"

namespace strads {
namespace {

Eigen::MatrixXd ToEigen(const ColumnMatrix& x) {
  Eigen::MatrixXd values = Eigen::MatrixXd::Zero(x.num_rows(), x.num_cols());
  for (int j = 0; j < x.num_cols(); ++j) {
    if (x.num_rows() > 0) x.AddColumn(j, 1.0, values.col(j).data());
  }
  return values;
}

class MatrixMarketTest : public ::testing::Test {
 protected:
  std::string Targets(int count) const {
    std::string text = "# targets\n\n";
    for (int i = 0; i < count; ++i) text += std::to_string(i) + ".5\n";
    return directory_.Write("y.txt", text);
  }
  Eigen::MatrixXd Read(const std::string& text, int rows, int64_t num_features = 0) const {
    const std::string path = directory_.Write("x.mtx", text);
    const Dataset data = ReadDataset(path, {.threads = 2}, {Targets(rows), num_features});
    EXPECT_EQ(data.y.size(), rows);
    return ToEigen(data.x);
  }
  // The first error of any of `workers`, without the path in front.
  std::string MessageFor(const std::string& text,
                         const ReadOptions& options,
                         int workers = 1) const {
    const std::string path = directory_.Write("x.mtx", text);
    for (int rank = 0; rank < workers; ++rank) {
      try {
        ReadMatrixMarket(path, {.rank = rank, .num_workers = workers, .threads = 2}, options);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kData);
        const std::string message = error.what();
        const std::size_t slash = message.rfind(directory_.Path(""), 0);
        EXPECT_EQ(slash, 0u) << message;
        return message.substr(directory_.Path("").size());
      }
    }
    return "nothing was thrown";
  }
  std::string MessageFor(const std::string& text) const { return MessageFor(text, {Targets(3)}); }
  const testing::TempDir directory_;
};

const std::string kGeneral = "%%MatrixMarket matrix coordinate real general\n";

TEST_F(MatrixMarketTest, ReadsEntriesInAnyOrder) {
  Eigen::MatrixXd expected(3, 2);
  expected << 0, -2.5, 1e-3, 0, 7, 4;
  EXPECT_EQ(
      Read(kGeneral + "% a comment\n%\n\n3 2 5\n3 2 4\n1 2 -2.5\n\n2 1 1e-3\r\n1 1 0\n3 1 +7", 3),
      expected);
}

TEST_F(MatrixMarketTest, ReadsPatternsAndIntegersAndWordsInAnyCase) {
  Eigen::MatrixXd expected(2, 2);
  expected << 1, 0, 0, 1;
  EXPECT_EQ(Read("%%MatrixMarket MATRIX Coordinate Pattern General\n2 2 2\n1 1\n2 2\n", 2),
            expected);
  expected << 0, -3, 0, 0;
  EXPECT_EQ(Read("%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 2 -3\n", 2), expected);
}

TEST_F(MatrixMarketTest, MirrorsSymmetricEntries) {
  Eigen::MatrixXd expected(3, 3);
  expected << 1, 2, 0, 2, 0, 5, 0, 5, 0;
  EXPECT_EQ(
      Read("%%MatrixMarket matrix coordinate real symmetric\n3 3 3\n1 1 1\n2 1 2\n3 2 5\n", 3),
      expected);
  expected << 0, -2, 0, 2, 0, -5, 0, 5, 0;
  EXPECT_EQ(Read("%%MatrixMarket matrix coordinate real skew-symmetric\n3 3 2\n2 1 2\n3 2 5\n", 3),
            expected);
}

TEST_F(MatrixMarketTest, ReadsArraysByColumn) {
  Eigen::MatrixXd expected(2, 3);
  expected << 1, 3, 5, 2, 0, -6.5;
  const std::string text =
      "%%MatrixMarket matrix array real general\n% c\n2 3\n1\n2\n3\n0\n5\n-6.5\n";
  EXPECT_EQ(Read(text, 2), expected);
  EXPECT_EQ(MessageFor(text + "1\n", {Targets(2)}),
            "x.mtx:10: one entry too many, expected 6 as the header says");
}

TEST_F(MatrixMarketTest, IsKnownByItsFirstLineUnderAnyName) {
  const std::string path = directory_.Write("data", kGeneral + "1 1 1\n1 1 4\n");
  EXPECT_EQ(ReadDataset(path, {}, {.target = Targets(1)}).x.SquaredNorm(0), 16);
}

TEST_F(MatrixMarketTest, ShardsTogetherAreTheFile) {
  std::mt19937 random(5);
  std::vector<std::string> lines;
  for (int i = 1; i <= 50; ++i) {
    for (int j = 1; j <= 30; ++j) {
      if (random() % 8 == 0) {
        lines.push_back(std::to_string(i) + " " + std::to_string(j) + " " +
                        std::to_string(random()));
      }
    }
  }
  std::shuffle(lines.begin(), lines.end(), random);
  std::string text = kGeneral + "50 30 " + std::to_string(lines.size()) + "\n";
  for (const auto& line : lines) text += line + "\n";
  const std::string path = directory_.Write("x.mtx", text);
  const ReadOptions options = {.target = Targets(50)};
  const Eigen::MatrixXd whole = ToEigen(ReadDataset(path, {}, options).x);
  for (const int workers : {2, 3, 7, 60}) {
    for (const int threads : {1, 3}) {
      int64_t rows = 0;
      for (int rank = 0; rank < workers; ++rank) {
        const Dataset part = ReadDataset(path, {rank, workers, threads}, options);
        ASSERT_EQ(ToEigen(part.x), whole.middleRows(rows, part.y.size()));
        for (int64_t i = 0; i < part.y.size(); ++i) {
          EXPECT_EQ(part.y[i], static_cast<double>(rows + i) + 0.5);
        }
        rows += part.y.size();
      }
      EXPECT_EQ(rows, 50);
    }
  }
}

TEST_F(MatrixMarketTest, NamesTheLineAndTheFieldThatIsWrong) {
  const std::string row = "x.mtx:4: ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"4 1 1", "the row '4' is not in the matrix, expected 1 to 3 in a line of row column value"},
      {"0 1 1", "the row '0' is not in the matrix, expected 1 to 3 in a line of row column value"},
      {"x 1 1", "the row 'x' is not in the matrix, expected 1 to 3 in a line of row column value"},
      {"1 3 1",
       "the column '3' is not in the matrix, expected 1 to 2 in a line of row column value"},
      {"1", "the column '' is not in the matrix, expected 1 to 2 in a line of row column value"},
      {"1 1", "the value '' is no number, expected a finite number in a line of row column value"},
      {"1 1 x",
       "the value 'x' is no number, expected a finite number in a line of row column value"},
      {"1 1 nan",
       "the value 'nan' is out of range, expected a finite number of at most 1e75 in magnitude"},
      {"1 1 -inf",
       "the value '-inf' is out of range, expected a finite number of at most 1e75 in magnitude"},
      {"1 1 1 1", "'1' is out of place, expected row column value"},
      {"2 2 9", "the entry (2, 2) is given again, expected each position once"},
  };
  for (const auto& [bad, message] : cases) {
    for (const int workers : {1, 2, 3}) {
      EXPECT_EQ(MessageFor(kGeneral + "3 2 3\n2 2 1\n" + bad + "\n3 1 1\n", {Targets(3)}, workers),
                row + message);
    }
  }
  EXPECT_EQ(
      MessageFor("%%MatrixMarket matrix coordinate integer general\n3 2 1\n1 1 1.5\n"),
      "x.mtx:3: the value '1.5' is not whole, expected the integers that the header announces");
}

TEST_F(MatrixMarketTest, NamesTheSecondOfRepeatedEntriesInFileOrder) {
  const std::string text = kGeneral + "3 2 5\n3 1 1\n1 1 1\n2 2 0\n1 1 2\n3 1 2\n";
  EXPECT_EQ(MessageFor(text, {Targets(3)}),
            "x.mtx:6: the entry (1, 1) is given again, expected each position once");
  EXPECT_EQ(MessageFor("%%MatrixMarket matrix coordinate real symmetric\n9 9 2\n2 1 1\n2 1 1\n",
                       {Targets(9)}),
            "x.mtx:4: the entry (1, 2) is given again, expected each position once");
}

TEST_F(MatrixMarketTest, RefusesAnotherNumberOfEntriesThanAnnounced) {
  EXPECT_EQ(MessageFor(kGeneral + "3 2 3\n1 1 1\n2 1 1\n"),
            "x.mtx:5: the file ends after 2 entries, expected 3 as the header says");
  EXPECT_EQ(MessageFor(kGeneral + "3 2 1\n1 1 1\n\n% c\n2 1 1\n3 1 1\n"),
            "x.mtx:6: one entry too many, expected 1 as the header says");
}

TEST_F(MatrixMarketTest, RefusesTheWrongTriangle) {
  EXPECT_EQ(MessageFor("%%MatrixMarket matrix coordinate real symmetric\n3 3 1\n1 2 1\n"),
            "x.mtx:3: an entry above the diagonal, expected the lower triangle alone");
  EXPECT_EQ(MessageFor("%%MatrixMarket matrix coordinate real skew-symmetric\n3 3 1\n2 2 1\n"),
            "x.mtx:3: an entry on the diagonal, expected those below it");
}

TEST_F(MatrixMarketTest, RefusesHeadersItCannotRead) {
  EXPECT_EQ(MessageFor("1 1:1\n"), "x.mtx:1: expected %%MatrixMarket matrix coordinate|array ...");
  EXPECT_EQ(MessageFor("%%MatrixMarket matrix coordinate complex general\n"),
            "x.mtx:1: 'complex' is not supported, expected real or integer or pattern");
  EXPECT_EQ(
      MessageFor("%%MatrixMarket matrix coordinate real hermitian\n"),
      "x.mtx:1: 'hermitian' is not supported, expected general or symmetric or skew-symmetric");
  EXPECT_EQ(MessageFor("%%MatrixMarket matrix array real symmetric\n"),
            "x.mtx:1: 'symmetric' is not supported, expected general");
  EXPECT_EQ(MessageFor(kGeneral + "% c\n3 2\n"),
            "x.mtx:3: expected the size of the matrix: rows cols entries");
  EXPECT_EQ(MessageFor(kGeneral), "x.mtx:2: expected the size of the matrix: rows cols entries");
  EXPECT_EQ(MessageFor(kGeneral + "3 0 0\n"),
            "x.mtx:2: a matrix of 3 x 0, expected 1 to 2^31 - 2 rows and columns");
  EXPECT_EQ(MessageFor("%%MatrixMarket matrix coordinate real symmetric\n3 2 0\n"),
            "x.mtx:2: a symmetric matrix of 3 x 2, expected as many rows as columns");
}

TEST_F(MatrixMarketTest, KeepsToTheWidthThatIsGiven) {
  EXPECT_EQ(Read(kGeneral + "3 4 1\n1 2 1\n", 3, 2).cols(), 2);
  EXPECT_EQ(Read(kGeneral + "3 4 1\n1 2 1\n", 3, 6).cols(), 6);
  EXPECT_EQ(MessageFor(kGeneral + "3 4 1\n1 3 1\n", {Targets(3), 2}),
            "x.mtx:3: column 3 is beyond the width of the data, expected at most 2");
}

TEST_F(MatrixMarketTest, ReadsTheTargetFromAnArrayOrPlainText) {
  const std::string x = directory_.Write("x.mtx", kGeneral + "3 1 1\n1 1 1\n");
  const Eigen::Vector3d expected(1, -2.5, 3);
  for (const std::string text : {"%%MatrixMarket matrix array real general\n3 1\n1\n-2.5\n3\n",
                                 "%%MatrixMarket matrix array real general\n1 3\n1\n-2.5\n3\n",
                                 "# y\n1 # first\n\n  -2.5\r\n3"}) {
    EXPECT_EQ(ReadDataset(x, {}, {.target = directory_.Write("y", text)}).y, expected);
  }
}

TEST_F(MatrixMarketTest, RefusesATargetThatDoesNotFit) {
  const std::string x = kGeneral + "2 1 1\n1 1 1\n";
  const auto message = [&](const std::string& target) {
    return MessageFor(x, {directory_.Write("y", target)});
  };
  EXPECT_EQ(MessageFor(x, {}),
            "x.mtx: a Matrix Market file holds no target, expected --target=FILE");
  EXPECT_EQ(message("1\n"), "y:2: the file ends after 1 targets, expected 2, one for each row");
  EXPECT_EQ(message("1\n\n2\n3\n"), "y:4: more targets than rows, expected 2, one for each row");
  EXPECT_EQ(message("1\nx\n"), "y:2: 'x' is out of place, expected one finite number on a line");
  EXPECT_EQ(message("1\nnan\n"),
            "y:2: 'nan' is out of range, expected a finite number of at most 1e75 in magnitude");
  EXPECT_EQ(message("1 2\n"), "y:1: '2' is out of place, expected one finite number on a line");
  EXPECT_EQ(message("%%MatrixMarket matrix array real general\n3 1\n1\n2\n3\n"),
            "y:2: 3 targets, expected 2, one for each row");
  EXPECT_EQ(message("%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n"),
            "y:1: the target is a matrix, expected an array of n x 1 or 1 x n");
  EXPECT_EQ(MessageFor(x, {directory_.Path("missing")}),
            "missing: cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace strads
