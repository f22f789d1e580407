#include <gtest/gtest.h>
#include <strads/hold_out.h>
#include <strads/labelled_rows.h>
#include <strads/random.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/temp_files.h"

namespace strads {
namespace {

TEST(HoldOut, FoldsPartTheData) {
  for (const int folds : {2, 3, 7, 10}) {
    Random random(1);
    std::vector<int> sizes(static_cast<size_t>(folds));
    for (int i = 0; i < 10000; ++i) {
      const double u = random.Uniform();
      int times = 0;
      for (int fold = 0; fold < folds; ++fold) {
        if (!HoldOut{.share = 1.0 / folds, .fold = fold}.Has(u)) continue;
        ++times;
        ++sizes[static_cast<size_t>(fold)];
      }
      ASSERT_EQ(times, 1) << u;
    }
    // Five standard deviations of a binomial count.
    const double share = 1.0 / folds, spread = 5 * std::sqrt(10000 * share * (1 - share));
    for (const int size : sizes) EXPECT_NEAR(size, 10000 * share, spread);
  }
}

// Whatever the sizes of classes: those of folds differ by one row at most, of each class and of
// all.
TEST(HoldOut, FoldsHaveTheirShareOfEachClass) {
  Random random(4);
  for (int trial = 0; trial < 300; ++trial) {
    const auto folds = static_cast<int>(2 + random.Below(9));
    std::vector<int64_t> classes(1 + random.Below(6));
    for (int64_t& rows : classes)
      rows = static_cast<int64_t>(1 + random.Below(3 * static_cast<uint64_t>(folds)));
    std::vector<int> whole(static_cast<size_t>(folds), 0);
    int64_t before = 0;
    for (size_t k = 0; k < classes.size(); ++k) {
      std::vector<int> sizes(static_cast<size_t>(folds), 0);
      for (int64_t row = 0; row < classes[k]; ++row) {
        int times = 0;
        for (int fold = 0; fold < folds; ++fold) {
          const HoldOut held_out{.share = 1.0 / folds, .fold = fold};
          if (!held_out.HasRow(trial, HoldOut::RowOfClass{.of_class = static_cast<int32_t>(k),
                                                          .row = row,
                                                          .rows = classes[k],
                                                          .before = before}))
            continue;
          ++times;
          ++sizes[static_cast<size_t>(fold)];
          ++whole[static_cast<size_t>(fold)];
        }
        EXPECT_EQ(times, 1);
      }
      EXPECT_LE(std::ranges::max(sizes) - std::ranges::min(sizes), 1);
      before += classes[k];
    }
    EXPECT_LE(std::ranges::max(whole) - std::ranges::min(whole), 1);
  }
}

// No place in the order of the file is always in the same fold as another.
TEST(HoldOut, FoldsOfAClassAreDrawn) {
  constexpr int kRows = 12, kFolds = 4;
  std::vector<int> counts(kRows * kRows, 0);
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<bool> has;
    for (int row = 0; row < kRows; ++row)
      has.push_back(HoldOut{.share = 1.0 / kFolds, .fold = 1}.HasRow(
          trial, HoldOut::RowOfClass{.of_class = 1, .row = row, .rows = kRows, .before = 7}));
    for (int a = 0; a < kRows; ++a) {
      for (int b = 0; b < kRows; ++b)
        counts[static_cast<size_t>(a * kRows + b)] +=
            has[static_cast<size_t>(a)] && has[static_cast<size_t>(b)];
    }
  }
  // Five standard deviations of a binomial count.
  const auto expect_share = [&](int a, int b, double share) {
    EXPECT_NEAR(counts[static_cast<size_t>(a * kRows + b)], kTrials * share,
                5 * std::sqrt(kTrials * share * (1 - share)))
        << a << " " << b;
  };
  for (int a = 0; a < kRows; ++a) {
    expect_share(a, a, 0.25);
    for (int b = 0; b < a; ++b) {
      if (a / kFolds != b / kFolds) expect_share(a, b, 0.0625);
    }
  }
}

// As the coordinator and the workers of a run do.
std::vector<int64_t> HeldOutOf(const std::string& path, int shards, const HoldOut& hold_out) {
  std::vector<LabelledRows> parts;
  std::vector<std::string> labels;
  for (int rank = 0; rank < shards; ++rank) {
    parts.push_back(ReadLabelledRows(path, Shard{rank, shards, 1}));
    const IdTable& own = parts.back().labels;
    for (int32_t k = 0; k < own.size(); ++k) labels.emplace_back(own.Name(k));
  }
  labels = SortedLabels(labels);
  ClassRows classes;
  for (const LabelledRows& part : parts) classes.Add(part.labels, RowsOfEachLabel(part), labels);
  std::vector<int64_t> held_out;
  int64_t first = 0;
  for (int rank = 0; rank < shards; ++rank) {
    LabelledRows& part = parts[static_cast<size_t>(rank)];
    part.label = ClassesOf(part, labels);
    for (const int64_t row : SplitRows(part, hold_out, 5, classes, rank).held_out)
      held_out.push_back(first + row);
    first += part.x.num_rows();
  }
  return held_out;
}

TEST(HoldOut, OfAClassDoesNotDependOnTheShards) {
  Random random(9);
  std::string text;
  for (int i = 0; i < 83; ++i)
    text += std::to_string(random.Below(4) * random.Below(3)) + " " +
            std::to_string(1 + random.Below(1 + static_cast<uint64_t>(i))) + ":1\n";
  const testing::TempDir folder;
  const std::string path = folder.Write("data.libsvm", text);
  std::vector<int64_t> all;
  for (int fold = 0; fold < 5; ++fold) {
    const HoldOut hold_out{.share = 0.2, .fold = fold};
    const std::vector<int64_t> alone = HeldOutOf(path, 1, hold_out);
    all.insert(all.end(), alone.begin(), alone.end());
    for (const int shards : {2, 3, 7, 100}) EXPECT_EQ(HeldOutOf(path, shards, hold_out), alone);
  }
  std::ranges::sort(all);
  std::vector<int64_t> rows(83);
  std::iota(rows.begin(), rows.end(), 0);
  EXPECT_EQ(all, rows);
}

TEST(HoldOut, OfShareZeroIsNothing) { EXPECT_FALSE((HoldOut{.share = 0, .fold = 0}.Has(0))); }

TEST(HoldOut, OutOfRangeIsRefused) {
  EXPECT_NO_THROW((HoldOut{.share = 0.1, .fold = 9}.Validate()));
  EXPECT_NO_THROW((HoldOut{.share = 0, .fold = 0}.Validate()));
  EXPECT_THROW((HoldOut{.share = 0.1, .fold = 10}.Validate()), Error);
  EXPECT_THROW((HoldOut{.share = 0.1, .fold = -1}.Validate()), Error);
  EXPECT_THROW((HoldOut{.share = 0, .fold = 1}.Validate()), Error);
  EXPECT_THROW((HoldOut{.share = 1, .fold = 0}.Validate()), Error);
}

TEST(HoldOut, OfFoldsThatThereAreNotTellsHowManyThereAre) {
  const auto refusal = [](double share, int fold) {
    try {
      HoldOut{.share = share, .fold = fold}.Validate();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(0.3, 2), "");
  EXPECT_EQ(refusal(0.3, 3),
            "--validation_fold=3 is out of range, expected 0 to 2 with --validation_share=0.3");
  EXPECT_EQ(refusal(0.7, 1),
            "--validation_fold=1 is out of range, expected 0 with --validation_share=0.7");
  EXPECT_EQ(refusal(0, 1),
            "--validation_fold=1 is out of range, expected 0 without --validation_share");
}

}  // namespace
}  // namespace strads
