#include <gtest/gtest.h>
#include <strads/csv.h>
#include <strads/error.h>

#include <string>
#include <vector>

#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

constexpr char kFlowers[] =
    "kind,width, \"length, cm\"\r\n"
    "rose,1.5,2\r\n"
    "\n"
    "\"tulip\", -0.5 ,\"3e1\"\n"
    "rose,0,4";

std::vector<std::vector<double>> Rows(const RowMatrix& x) {
  std::vector<std::vector<double>> rows;
  x.With([&](const auto& all) {
    for (int64_t i = 0; i < x.num_rows(); ++i) {
      auto& row = rows.emplace_back(static_cast<size_t>(x.num_cols()), 0.0);
      all.ForEach(i, [&](int32_t j, double value) { row[static_cast<size_t>(j)] = value; });
    }
  });
  return rows;
}

std::vector<std::string> Labels(const LabelledRows& data) {
  std::vector<std::string> labels;
  for (const int32_t label : data.label) labels.emplace_back(data.labels.Name(label));
  return labels;
}

std::string ErrorOf(const std::string& text, const CsvOptions& options = {}) {
  const TempDir folder;
  const std::string path = folder.Write("data.csv", text);
  try {
    ReadCsv(path, {}, options);
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(path)) << error.what();
    return std::string(error.what()).substr(path.size());
  }
  return "no error";
}

TEST(Csv, ReadsNamesLabelsAndNumbers) {
  const TempDir folder;
  const LabelledRows data = ReadCsv(folder.Write("data.csv", kFlowers), {});
  EXPECT_EQ(data.target, "kind");
  EXPECT_EQ(data.features, (std::vector<std::string>{"width", "length, cm"}));
  EXPECT_EQ(Labels(data), (std::vector<std::string>{"rose", "tulip", "rose"}));
  EXPECT_EQ(Rows(data.x), (std::vector<std::vector<double>>{{1.5, 2}, {-0.5, 30}, {0, 4}}));
}

TEST(Csv, TheTargetMayBeAnyColumnAndNumbersAreNamedTheSame) {
  const TempDir folder;
  const LabelledRows data =
      ReadCsv(folder.Write("data.csv", "a,y\n1,+1.0\n2,1\n3,-1e0\n"), {}, {.target = "y"});
  EXPECT_EQ(data.features, (std::vector<std::string>{"a"}));
  EXPECT_EQ(Labels(data), (std::vector<std::string>{"1", "1", "-1"}));
}

TEST(Csv, WithoutATargetThereAreNoLabels) {
  const TempDir folder;
  const LabelledRows data =
      ReadCsv(folder.Write("data.csv", "a,b\n1,2\n"), {}, {.target = "y", .needs_target = false});
  EXPECT_TRUE(data.label.empty());
  EXPECT_EQ(data.x.num_cols(), 2);
}

TEST(Csv, NumbersAsTargetsAndWeightsGoWithTheirRows) {
  const TempDir folder;
  const std::string path = folder.Write("data.csv", "a,y\n1,1.5\n\n2,-2\n3,1e3\n");
  const std::string weights = folder.Write("weights", "0.5\n1\n2\n");
  std::vector<double> y, w;
  for (int rank = 0; rank < 2; ++rank) {
    const LabelledRows part = ReadCsv(
        path, {rank, 2, 1}, {.target = "y", .kind = TargetKind::kNumber, .weights = weights});
    EXPECT_TRUE(part.label.empty());
    y.insert(y.end(), part.y.begin(), part.y.end());
    w.insert(w.end(), part.weights.begin(), part.weights.end());
  }
  EXPECT_EQ(y, (std::vector<double>{1.5, -2, 1000}));
  EXPECT_EQ(w, (std::vector<double>{0.5, 1, 2}));
  EXPECT_TRUE(ErrorOf("y,a\n1,2\nred,3\n", {.kind = TargetKind::kNumber})
                  .starts_with(":3: 'red' in column 'y' is not a number, expected a number"));
}

TEST(Csv, ShardsAreTheFileForAnyNumberOfWorkersAndThreads) {
  const TempDir folder;
  std::string text = "y,a,b\n";
  for (int i = 0; i < 200; ++i) text += std::to_string(i % 7) + "," + std::to_string(i) + ",0.25\n";
  const std::string path = folder.Write("data.csv", text);
  const LabelledRows all = ReadCsv(path, {});
  for (const int workers : {2, 5}) {
    std::vector<std::vector<double>> rows;
    std::vector<std::string> labels;
    for (int rank = 0; rank < workers; ++rank) {
      const LabelledRows part = ReadCsv(path, {rank, workers, 3});
      for (auto& row : Rows(part.x)) rows.push_back(row);
      for (auto& label : Labels(part)) labels.push_back(label);
    }
    EXPECT_EQ(rows, Rows(all.x));
    EXPECT_EQ(labels, Labels(all));
  }
}

// Rows to predict, of a model that knows its features by number.
TEST(Csv, HasNoTargetIfAllColumnsAreFeaturesOfTheModel) {
  const TempDir folder;
  const std::string features = folder.Write("x.csv", "a,b\n1,2\n-1,0.5\n");
  const std::string with_target = folder.Write("y.csv", "c,a,b\nup,1,2\n,-1,0.5\n");
  const std::vector<std::vector<double>> rows = {{1, 2}, {-1, 0.5}};
  const CsvOptions predict = {.needs_target = false, .num_features = 2};
  EXPECT_EQ(Rows(ReadCsv(features, {}, predict).x), rows);
  EXPECT_EQ(ReadCsv(features, {}, predict).features, (std::vector<std::string>{"a", "b"}));
  const LabelledRows labelled = ReadCsv(with_target, {}, predict);
  EXPECT_EQ(Rows(labelled.x), rows);
  EXPECT_EQ(Labels(labelled), (std::vector<std::string>{"up", ""}));
  CsvOptions numbers = predict;
  numbers.kind = TargetKind::kNumber;
  EXPECT_EQ(Rows(ReadCsv(folder.Write("z.csv", "c,a,b\n7,1,2\n,-1,0.5\n"), {}, numbers).x), rows);
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheFirstName) {
  const TempDir folder;
  EXPECT_EQ(ReadCsv(folder.Write("x.csv", "\xef\xbb\xbfkind,a\nup,1\n"), {}).target, "kind");
}

TEST(Csv, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(ErrorOf("kind;width\nrose;1\n"),
            ":1: there is no column but 'kind;width', expected commas between columns, and a "
            "feature beside the target");
  EXPECT_EQ(ErrorOf("7.4,0.7,5\n7.8,0.88,5\n"),
            ":1: the names are all numbers, expected a line of names before the rows");
  EXPECT_TRUE(ErrorOf("").starts_with(":1: column 1 has no name"));
  EXPECT_TRUE(ErrorOf("y,a\n").starts_with(":1: no rows"));
  EXPECT_TRUE(ErrorOf("y,a,a\n1,2,3\n").starts_with(":1: two columns are named 'a'"));
  EXPECT_TRUE(ErrorOf("y,a\n1,2\n", {.target = "z"}).starts_with(":1: no column is named 'z'"));
  EXPECT_TRUE(ErrorOf("y,a\n1,2\n1\n").starts_with(":3: 1 field, expected 2"));
  EXPECT_TRUE(ErrorOf("y,a\n1,2,3\n").starts_with(":2: 3 fields, expected 2"));
  EXPECT_TRUE(ErrorOf("y,a\n1,x\n").starts_with(":2: 'x' in column 'a' is not a number"));
  EXPECT_TRUE(ErrorOf("y,a\n1,nan\n").starts_with(":2: 'nan' in column 'a' is out of range"));
  EXPECT_TRUE(ErrorOf("y,a\n1,\n").starts_with(":2: nothing stands in column 'a'"));
  EXPECT_TRUE(ErrorOf("y,a\n,1\n").starts_with(":2: the target 'y' is empty"));
  EXPECT_TRUE(ErrorOf("y,a\n\"b,1\n").starts_with(":2: a quote is not closed"));
  EXPECT_TRUE(ErrorOf("y,a\n\"b\"c,1\n").starts_with(":2: text follows a closing quote"));
}

}  // namespace
}  // namespace strads::testing
