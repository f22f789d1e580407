#include "scheduler/sum_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "strads/random.h"

namespace strads {
namespace {

int32_t FindOne(SumTree& tree, double u, double floor) {
  int32_t leaf = -1;
  tree.Find({&u, 1}, floor, {&leaf, 1});
  return leaf;
}

// The sum of the tree by its definition: AddUp of groups of 16, level by level, down to one number.
double FreshSum(std::vector<double> weights) {
  do {
    std::vector<double> above;
    for (size_t i = 0; i < weights.size() || above.empty(); i += SumTree::kFanout) {
      SumTree::Sums group{};
      for (size_t k = 0; k < group.size() && i + k < weights.size(); ++k) group[k] = weights[i + k];
      above.push_back(SumTree::AddUp(group));
    }
    weights = above;
  } while (weights.size() > 1);
  return weights[0];
}

class SumTreeOfSize : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Sizes,
                         SumTreeOfSize,
                         ::testing::Values(1, 2, 15, 16, 17, 255, 256, 257, 4095, 4097, 70000));

TEST_P(SumTreeOfSize, SumsExactlyTheLeavesLeftAfterManyChanges) {
  const int32_t size = GetParam();
  SumTree tree(size);
  std::vector<double> weights(static_cast<size_t>(size));
  std::set<int32_t> removed;
  Random random(7, static_cast<uint64_t>(size));
  for (int step = 0; step < 100000; ++step) {
    const auto leaf = static_cast<int32_t>(random.Below(static_cast<uint64_t>(size)));
    const uint64_t what = random.Below(100);
    if (what == 0) {
      tree.Restore(std::vector(removed.begin(), removed.end()));
      removed.clear();
    } else if (what < 20) {
      tree.Restore(std::vector{leaf});
      removed.erase(leaf);
    } else if (what < 40) {
      tree.Remove(std::vector{leaf});
      removed.insert(leaf);
    } else {
      // Ever smaller, over 40 orders of magnitude: the error of a running difference, which is
      // relative to the largest weight it ever saw, would soon exceed the sum.
      const double weight = std::pow(10.0, 20 - 40 * (step / 1e5) + random.Uniform());
      tree.Set(std::vector{leaf}, std::vector{weight});
      weights[static_cast<size_t>(leaf)] = weight;
    }
    if (step % 5000 != 4999) continue;
    std::vector<double> left = weights;
    for (const int32_t j : removed) left[static_cast<size_t>(j)] = 0;
    ASSERT_EQ(tree.Sum(), FreshSum(left));
    ASSERT_EQ(tree.Count(), size - std::ssize(removed));
  }
  tree.Restore(std::vector(removed.begin(), removed.end()));
  EXPECT_EQ(tree.Sum(), FreshSum(weights));
  EXPECT_EQ(tree.Count(), size);
  for (int32_t leaf = 0; leaf < size; ++leaf) {
    ASSERT_EQ(tree.Weight(leaf), weights[static_cast<size_t>(leaf)]);
  }
}

TEST_P(SumTreeOfSize, NeverFindsALeafThatIsRemovedOrHasNoLength) {
  const int32_t size = GetParam();
  const std::vector<double> edges = {0, 0x1.0p-53, 0.5, std::nextafter(1.0, 0.0)};
  Random random(8, static_cast<uint64_t>(size));
  for (int trial = 0; trial < 200; ++trial) {
    SumTree tree(size);
    // A few positive weights among zeros, their sizes far apart, the ends included in turn.
    for (int i = 0; i < 5; ++i) {
      const int32_t ends[] = {0, size - 1, size / 2};
      const int32_t leaf = i == 0 ? ends[trial % 3]
                                  : static_cast<int32_t>(random.Below(static_cast<uint64_t>(size)));
      const double weight = std::pow(10.0, 300 * random.Uniform() - 150) / 3;
      tree.Set(std::vector{leaf}, std::vector{weight});
    }
    tree.Remove(std::vector{static_cast<int32_t>(random.Below(static_cast<uint64_t>(size)))});
    for (int i = 0; i < 100; ++i) {
      const double u = i < std::ssize(edges) ? edges[static_cast<size_t>(i)] : random.Uniform();
      if (tree.Sum() > 0) {
        const int32_t leaf = FindOne(tree, u, 0.0);
        ASSERT_TRUE(leaf >= 0 && leaf < size);
        ASSERT_GT(tree.Weight(leaf), 0) << "u = " << u;
        ASSERT_FALSE(tree.IsRemoved(leaf));
      }
      if (tree.Count() > 0) {
        const int32_t leaf = FindOne(tree, u, 1e-3);
        ASSERT_TRUE(leaf >= 0 && leaf < size);
        ASSERT_FALSE(tree.IsRemoved(leaf)) << "u = " << u;
      }
    }
  }
}

TEST(SumTree, FindsEveryLeafOnItsStretchOfTheLine) {
  constexpr int32_t kSize = 1000;
  SumTree tree(kSize);
  std::vector<int32_t> leaves;
  std::vector<double> weights;
  for (int32_t leaf = 0; leaf < kSize; ++leaf) {
    leaves.push_back(leaf);
    weights.push_back(leaf % 7);
  }
  tree.Set(leaves, weights);
  constexpr double kFloor = 0.5;
  const double total = tree.Sum() + kFloor * tree.Count();
  std::vector<double> middles;
  double begin = 0;
  for (const double weight : weights) {
    middles.push_back((begin + (weight + kFloor) / 2) / total);
    begin += weight + kFloor;
  }
  std::vector<int32_t> found(kSize);
  tree.Find(middles, kFloor, found);
  EXPECT_EQ(found, leaves);
}

TEST(SumTree, GivesARestoredLeafTheWeightSetWhileItWasOut) {
  SumTree tree(40);
  tree.Set(std::vector{3, 20}, std::vector{1.0, 2.0});
  tree.Remove(std::vector{3, 20, 30});
  tree.Set(std::vector{3}, std::vector{8.0});
  EXPECT_TRUE(tree.IsRemoved(30)) << "though its weight is 0";
  EXPECT_EQ(tree.Weight(20), 2);
  EXPECT_EQ(tree.Sum(), 0);
  EXPECT_EQ(tree.Count(), 37);
  tree.Restore(std::vector{3, 30, 31});
  EXPECT_EQ(tree.Sum(), 8);
  EXPECT_EQ(tree.Count(), 39);
}

TEST(SumTree, OfNoLeavesSumsToZero) {
  SumTree tree(0);
  EXPECT_EQ(tree.Sum(), 0);
  EXPECT_EQ(tree.Count(), 0);
}

}  // namespace
}  // namespace strads
