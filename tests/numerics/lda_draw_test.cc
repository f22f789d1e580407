#include <gtest/gtest.h>
#include <strads/random.h>

#include <numeric>
#include <vector>

#include "apps/lda/alias_table.h"
#include "apps/lda/weight_tree.h"

namespace strads::testing {
namespace {

// All slots, and within each evenly spaced draws.
TEST(LdaAliasTableTest, DrawsInProportionToWeights) {
  for (const std::vector<double>& weights :
       {std::vector<double>{3}, std::vector<double>{1, 2, 3, 4},
        std::vector<double>{0, 5, 0.001, 2}, std::vector<double>(7, 0.1)}) {
    lda::AliasTable table;
    table.Build(std::vector<double>{1, 1});  // is replaced
    table.Build(weights);
    const uint64_t slots = weights.size(), each = 1000;
    std::vector<double> drawn(weights.size());
    for (uint64_t slot = 0; slot < slots; ++slot) {
      const uint64_t high = ((uint64_t{2 * slot + 1} << 32) / (2 * slots)) << 32;
      for (uint64_t n = 0; n < each; ++n)
        drawn[table.Draw(high | (((2 * n + 1) << 31) / each))] += 1;
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (size_t i = 0; i < weights.size(); ++i)
      EXPECT_NEAR(drawn[i] / static_cast<double>(slots * each), weights[i] / sum, 1e-3);
  }
}

TEST(LdaWeightTreeTest, FindsWhatALinearSearchFinds) {
  Random random(1);
  for (const int size : {1, 2, 7, 64, 65, 1000}) {
    lda::WeightTree tree(size);
    std::vector<double> weights(static_cast<size_t>(size));
    for (int n = 0; n < 20000; ++n) {
      const auto i = static_cast<size_t>(random.Below(static_cast<uint64_t>(size)));
      const auto weight = static_cast<float>(random.Uniform() * random.Uniform());
      weights[i] = n % 5 == 0 ? 0 : weight;
      tree.Set(static_cast<int>(i), n % 5 == 0 ? 0 : weight);
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    EXPECT_NEAR(tree.total(), sum, 1e-10 * sum);
    for (int n = 0; n < 300; ++n) {
      const double goal = random.Uniform() * sum;
      const int found = tree.Find(goal);
      ASSERT_LT(found, size);
      const double before = std::accumulate(weights.begin(), weights.begin() + found, 0.0);
      EXPECT_LE(before, goal + 1e-9);
      EXPECT_GE(before + weights[static_cast<size_t>(found)], goal - 1e-9);
    }
    EXPECT_LT(tree.Find(2 * sum + 1), size);
  }
}

}  // namespace
}  // namespace strads::testing
