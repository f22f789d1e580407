#include "strads/variable_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "strads/error.h"

namespace strads {
namespace {

using ::testing::ElementsAre;

// Variables 10..21 in three families, j mod 3, coupled within them alone; of variable j all but j
// entries are zero.
class VariableBlocksTest : public ::testing::Test {
 protected:
  static std::vector<double> CouplingsOf(int32_t seed) {
    std::vector<double> couplings(22);
    for (int32_t j = 10; j < 22; ++j) {
      if (j % 3 == seed % 3) couplings[static_cast<size_t>(j)] = j % 2 == 0 ? 0.5 : -0.4;
    }
    couplings[static_cast<size_t>(seed)] = 0.1;  // in units of the others, maybe less than theirs
    return couplings;
  }
  static VariableBlocks Make(int num_blocks) {
    std::vector<int32_t> entries;
    for (int32_t j = 10; j < 22; ++j) entries.push_back(j);
    return {10, entries, num_blocks};
  }
  static VariableBlocks Complete(int num_blocks) {
    VariableBlocks blocks = Make(num_blocks);
    while (!blocks.IsComplete()) blocks.Grow(CouplingsOf(blocks.NextSeed()));
    return blocks;
  }
};

TEST_F(VariableBlocksTest, PutsTogetherWhatIsCoupledWithTheDensestVariable) {
  VariableBlocks blocks = Make(3);
  EXPECT_EQ(blocks.NextSeed(), 21);
  blocks.Grow(CouplingsOf(21));
  EXPECT_EQ(blocks.NextSeed(), 20);
  blocks.Grow(CouplingsOf(20));
  EXPECT_TRUE(blocks.IsComplete()) << "the last block is what is left";
  EXPECT_THAT(blocks.blocks(), ElementsAre(ElementsAre(12, 15, 18, 21), ElementsAre(11, 14, 17, 20),
                                           ElementsAre(10, 13, 16, 19)));
}

TEST_F(VariableBlocksTest, AreAPartitionIntoEqualPartsHoweverManyThereAre) {
  for (const int count : {1, 2, 5, 7, 11, 12, 13, 100}) {
    SCOPED_TRACE(count);
    const VariableBlocks blocks = Complete(count);
    std::set<int32_t> all;
    size_t total = 0;
    for (const auto& block : blocks.blocks()) {
      EXPECT_FALSE(block.empty());
      EXPECT_GE(block.size(), 12u / static_cast<size_t>(count));
      EXPECT_LE(block.size(), (12u + static_cast<size_t>(count) - 1) / static_cast<size_t>(count));
      all.insert(block.begin(), block.end());
      total += block.size();
    }
    EXPECT_EQ(all.size(), 12u);
    EXPECT_EQ(total, 12u);
    EXPECT_EQ(std::ssize(blocks.blocks()), std::min(count, 12));
  }
  EXPECT_TRUE(VariableBlocks(0, {}, 3).IsComplete());
  EXPECT_THROW(Make(0), Error);
}

TEST_F(VariableBlocksTest, DrawsBlocksUniformlyAndNoneTwice) {
  const VariableBlocks blocks = Complete(4);
  Random random(3);
  std::vector<int> drawn(4, 0);
  for (int round = 0; round < 4000; ++round) {
    std::vector<int> some = blocks.Draw(3, random);
    ASSERT_EQ(some.size(), 3u);
    for (const int at : some) ++drawn[static_cast<size_t>(at)];
    std::ranges::sort(some);
    ASSERT_TRUE(std::ranges::adjacent_find(some) == some.end());
  }
  for (const int count : drawn) EXPECT_NEAR(count, 3000, 5 * std::sqrt(4000 * 0.75 * 0.25));
  EXPECT_EQ(blocks.Draw(9, random).size(), 4u);
}

}  // namespace
}  // namespace strads
