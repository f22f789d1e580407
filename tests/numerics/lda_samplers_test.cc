#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "apps/lda/log_likelihood.h"
#include "tests/numerics/lda_problems.h"

namespace strads::testing {
namespace {

using lda::Prior;
using lda::Topic;
using lda::WordRows;

class LdaSamplersTest : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Samplers,
                         LdaSamplersTest,
                         ::testing::Values("dense", "tree", "metropolis"));

TEST_P(LdaSamplersTest, SameBytesForAnyNumberOfThreads) {
  const Corpus documents = DrawDocuments(80, 30, 60);
  const std::vector<int64_t> begins = {0, 30, 60};
  std::vector<std::vector<Topic>> topics;
  std::vector<std::vector<int64_t>> totals;
  for (const int threads : {1, 2, 3}) {
    LdaRun run(documents, begins, {.groups = 4, .topics = 20, .seed = 1});
    run.Count(GetParam(), MakePrior(20, 60));
    ThreadPool pool(threads);
    for (uint64_t pass = 0; pass < 3; ++pass) run.Pass(7, pass, pool);
    topics.emplace_back(run.grid.token_topics().begin(), run.grid.token_topics().end());
    totals.push_back(run.totals);
  }
  EXPECT_EQ(topics[1], topics[0]);
  EXPECT_EQ(topics[2], topics[0]);
  EXPECT_EQ(totals[1], totals[0]);
  EXPECT_EQ(totals[2], totals[0]);
}

// Topics with words of their own, two to a document, are found again.
TEST_P(LdaSamplersTest, FindsPlantedTopics) {
  constexpr int kTopics = 5, kWordsEach = 8;
  Random random(3);
  std::vector<std::vector<int32_t>> lists(120);
  for (auto& list : lists) {
    const uint64_t one = random.Below(kTopics), other = random.Below(kTopics);
    for (int n = 0; n < 40; ++n) {
      const uint64_t topic = random.Below(2) == 0 ? one : other;
      list.push_back(static_cast<int32_t>(topic * kWordsEach + random.Below(kWordsEach)));
    }
  }
  LdaRun run(MakeDocuments(lists), {0, 17, 40}, {.groups = 2, .topics = kTopics, .seed = 1});
  Prior prior{.alpha = std::vector<double>(kTopics, 0.1), .beta = 0.01, .vocabulary = 40};
  run.Count(GetParam(), prior);
  ThreadPool pool(2);
  for (uint64_t pass = 0; pass < 150; ++pass) run.Pass(3, pass, pool);
  std::set<Topic> used;
  for (int topic = 0; topic < kTopics; ++topic) {
    std::map<Topic, int64_t> counts;
    int64_t sum = 0;
    for (int word = topic * kWordsEach; word < (topic + 1) * kWordsEach; ++word) {
      const WordRows::Row row = word < 17 ? run.rows[0].Of(word) : run.rows[1].Of(word - 17);
      for (size_t n = 0; n < row.topics.size(); ++n) {
        counts[row.topics[n]] += row.counts[n];
        sum += row.counts[n];
      }
    }
    const auto most = std::ranges::max_element(counts, {}, [](const auto& c) { return c.second; });
    EXPECT_GT(static_cast<double>(most->second), 0.95 * static_cast<double>(sum));
    EXPECT_TRUE(used.insert(most->first).second);
  }
}

TEST(LdaTotalsErrorTest, IsTheMeanShareOfTokens) {
  // |1| + |-1| of the first worker, |3| + |-2| of the second, of 10 tokens.
  EXPECT_DOUBLE_EQ(lda::TotalsError(std::vector<std::vector<int64_t>>{{5, 5}, {7, 4}},
                                    std::vector<int64_t>{4, 6}, 10),
                   (2 + 5) / 20.0);
}

TEST(LdaSamplerKindTest, IsNamed) {
  EXPECT_EQ(lda::ParseSampler("dense", 5000), lda::SamplerKind::kDense);
  EXPECT_EQ(lda::ParseSampler("auto", 100), lda::SamplerKind::kDense);
  EXPECT_EQ(lda::ParseSampler("auto", 1000), lda::SamplerKind::kTree);
  EXPECT_THROW(lda::ParseSampler("sparse", 10), Error);
}

}  // namespace
}  // namespace strads::testing
