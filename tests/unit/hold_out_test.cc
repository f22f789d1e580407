#include <gtest/gtest.h>
#include <strads/hold_out.h>
#include <strads/random.h>

#include <cmath>
#include <string>
#include <vector>

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
