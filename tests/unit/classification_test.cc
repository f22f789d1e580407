#include "strads/classification.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace strads {
namespace {

// Two of class 0, three of class 1, one of a class that the model does not know.
const std::vector<int32_t> kTruth = {0, 0, 1, 1, 1, -1}, kPredicted = {0, 1, 1, 1, 0, 1};

TEST(Confusion, CountsEveryRowOnce) {
  const Confusion confusion(2, kTruth, kPredicted);
  EXPECT_EQ(confusion.rows(), 6);
  EXPECT_EQ(confusion.unknown(), 1);
  int64_t rows = 0;
  for (int32_t truth = 0; truth <= 2; ++truth) {
    for (int32_t predicted = 0; predicted < 2; ++predicted)
      rows += confusion.Count(truth, predicted);
  }
  EXPECT_EQ(rows, 6);
  EXPECT_EQ(confusion.Count(1, 0), 1);
  EXPECT_EQ(confusion.Count(2, 1), 1);
  EXPECT_EQ(confusion.Accuracy(), 0.5);
  EXPECT_EQ(confusion.Precision(1), 0.5);
  EXPECT_DOUBLE_EQ(confusion.Recall(1), 2.0 / 3);
}

TEST(Confusion, HasNoShareOfNothing) {
  const Confusion confusion(3, std::vector<int32_t>{0}, std::vector<int32_t>{0});
  EXPECT_TRUE(std::isnan(confusion.Precision(2)));
  EXPECT_TRUE(std::isnan(confusion.Recall(2)));
}

// In characters, of which UTF-8 has fewer than bytes.
size_t Width(const std::string& line) {
  size_t width = 0;
  for (const char c : line) width += (static_cast<unsigned char>(c) >> 6) == 2 ? 0 : 1;
  return width;
}

TEST(ClassificationText, HasColumnsBelowOneAnotherWhateverTheLabels) {
  const std::vector<std::string> labels = {"größe", "a longer label"};
  std::istringstream text(ToText(Confusion(2, kTruth, kPredicted), labels, kTruth, {}));
  size_t heading = 0, lines = 0;
  for (std::string line; std::getline(text, line);) {
    const bool is_heading = line.starts_with("class") || line.starts_with("   ");
    if (is_heading) heading = Width(line);
    if (is_heading || heading == 0 || line.empty() || line.starts_with("confusion")) continue;
    ++lines;
    EXPECT_EQ(Width(line), heading) << line;
  }
  EXPECT_EQ(lines, 5u);
}

TEST(AreaUnderCurve, IsTheShareOfPairsInOrderAndHalfOfTies) {
  const std::vector<int32_t> truth = {1, 0, 1, 0, 1};
  const std::vector<double> values = {2, 1, 1, 3, 0.5};
  double pairs = 0, ordered = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    for (size_t j = 0; j < truth.size(); ++j) {
      if (truth[i] != 1 || truth[j] != 0) continue;
      ++pairs;
      ordered += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
    }
  }
  EXPECT_DOUBLE_EQ(AreaUnderCurve(truth, values), ordered / pairs);
  EXPECT_TRUE(std::isnan(AreaUnderCurve(std::vector<int32_t>{1, 1}, std::vector<double>{1, 2})));
}

}  // namespace
}  // namespace strads
