#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <vector>

#include "apps/lda/log_likelihood.h"
#include "tests/numerics/lda_problems.h"
#include "tests/numerics/lda_tokens.h"

namespace strads::testing {
namespace {

using lda::Cell;
using lda::Prior;
using lda::Topic;
using lda::TopicCount;
using lda::WordRows;

class LdaSamplerTest : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Samplers,
                         LdaSamplerTest,
                         ::testing::Values("dense", "tree", "metropolis"));

// Rows, totals and documents' counts as they must be by the topics of all tokens.
void ExpectRecounted(std::vector<LdaRun*> workers,
                     const std::vector<int64_t>& begins,
                     const std::vector<WordRows>& rows,
                     const std::vector<int64_t>& totals) {
  std::map<std::pair<int64_t, Topic>, int32_t> of_words;
  std::vector<int64_t> recounted(totals.size());
  for (LdaRun* worker : workers) {
    std::map<int64_t, std::map<Topic, int32_t>> of_documents;
    for (const Token& token : TokensOf(worker->grid, begins)) {
      ++of_words[{token.word, token.topic}];
      ++of_documents[token.document][token.topic];
      ++recounted[token.topic];
    }
    std::vector<TopicCount> counts;
    for (int64_t d = 0; d < std::ssize(worker->grid.lengths()); ++d) {
      worker->sampler->CountsOf(d, counts);
      std::map<Topic, int32_t> seen;
      for (const TopicCount& own : counts) EXPECT_TRUE(seen.emplace(own.topic, own.count).second);
      EXPECT_EQ(seen, of_documents[d]);
    }
  }
  EXPECT_EQ(totals, recounted);
  size_t entries = 0;
  for (size_t b = 0; b < rows.size(); ++b) {
    for (int64_t w = 0; w < rows[b].words(); ++w) {
      const WordRows::Row row = rows[b].Of(w);
      EXPECT_TRUE(std::ranges::is_sorted(row.topics));
      for (size_t n = 0; n < row.topics.size(); ++n) {
        EXPECT_EQ((of_words[{begins[b] + w, row.topics[n]}]), row.counts[n]);
        ++entries;
      }
    }
  }
  EXPECT_EQ(entries, of_words.size());
}

TEST_P(LdaSamplerTest, CountsAreThoseOfTheTopics) {
  const Corpus documents = DrawDocuments(50, 20, 40);
  const std::vector<int64_t> begins = {0, 13, 13, 40};
  for (const int topics : {11, 100}) {
    for (const int groups : {1, 3}) {
      LdaRun run(documents, begins, {.groups = groups, .topics = topics, .seed = 1});
      run.Count(GetParam(), MakePrior(topics, 40));
      ThreadPool pool(2);
      for (uint64_t pass = 0; pass < 4; ++pass) {
        run.Pass(7, pass, pool);
        ExpectRecounted({&run}, begins, run.rows, run.totals);
      }
    }
  }
}

TEST_P(LdaSamplerTest, SlicesRotateOverWorkers) {
  const std::vector<int64_t> begins = {0, 20, 40};
  const lda::TokenGrid::Options options{.groups = 2, .topics = 17, .seed = 1};
  LdaRun one(DrawDocuments(20, 20, 40, 1), begins, options);
  LdaRun two(DrawDocuments(25, 20, 40, 2), begins, options);
  const std::vector<LdaRun*> workers = {&one, &two};
  const Prior prior = MakePrior(17, 40);
  std::vector<lda::WordTopics> slices;
  std::vector<int64_t> totals(17);
  for (int64_t b = 0; b < 2; ++b) {
    slices.emplace_back(20, 17);
    for (LdaRun* worker : workers) {
      WordRows rows(slices.back(), worker->grid.WordCounts(b), 17);
      AddTopics(worker->grid, b, rows, totals);
      slices.back() = rows.Pack();
    }
  }
  for (LdaRun* worker : workers) worker->sampler = MakeNamed(GetParam(), worker->grid, prior);
  ThreadPool pool(1);
  for (uint64_t round = 0; round < 6; ++round) {
    // Both start from the same totals and hear of each other's changes afterwards.
    const std::vector<int64_t> before = totals;
    for (size_t p = 0; p < 2; ++p) {
      const int64_t b = static_cast<int64_t>((p + round) % 2);
      WordRows rows(slices[static_cast<size_t>(b)], workers[p]->grid.WordCounts(b), 17);
      std::vector<int64_t> own = before;
      RunPass(workers[p]->grid, b, p, round, *workers[p]->sampler, rows, own, pool);
      slices[static_cast<size_t>(b)] = rows.Pack();
      for (size_t k = 0; k < own.size(); ++k) totals[k] += own[k] - before[k];
    }
    std::vector<WordRows> rows;
    for (const auto& slice : slices) rows.emplace_back(slice, std::vector<int32_t>(20), 17);
    ExpectRecounted(workers, begins, rows, totals);
  }
}

TEST_P(LdaSamplerTest, CountsLongDocuments) {
  Corpus documents = MakeDocuments({{0, 1}, {0, 1}, {1}});
  documents.counts[2] = 70000;
  LdaRun run(documents, {0, 2}, {.groups = 1, .topics = 1, .seed = 1});
  run.Count(GetParam(), MakePrior(1, 2));
  ThreadPool pool(1);
  run.Pass(1, 1, pool);
  std::vector<TopicCount> counts;
  run.sampler->CountsOf(1, counts);
  EXPECT_EQ(counts, (std::vector<TopicCount>{{.topic = 0, .count = 70001}}));
  EXPECT_EQ(run.totals[0], 70004);
}

TEST_P(LdaSamplerTest, SameBytesForAnyNumberOfThreads) {
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
TEST_P(LdaSamplerTest, FindsPlantedTopics) {
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

TEST_P(LdaSamplerTest, LogLikelihoodIsThatOfTheChainRule) {
  const std::vector<int64_t> begins = {0, 10, 25};
  for (const bool symmetric : {false, true}) {
    LdaRun run(DrawDocuments(30, 10, 25), begins, {.groups = 2, .topics = 4, .seed = 1});
    const Prior prior = MakePrior(4, 25, symmetric);
    run.Count(GetParam(), prior);
    ThreadPool pool(2);
    run.Pass(1, 1, pool);
    double sum = TotalsLogLikelihood(prior, run.totals) +
                 DocumentsLogLikelihood(prior, *run.sampler, run.grid.lengths(), pool);
    for (const WordRows& rows : run.rows) sum += WordsLogLikelihood(prior, rows);
    const double expected = ChainRule(TokensOf(run.grid, begins), prior);
    EXPECT_NEAR(sum, expected, 1e-9 * std::abs(expected));
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
  EXPECT_EQ(lda::ParseSampler("auto", 400), lda::SamplerKind::kDense);
  EXPECT_EQ(lda::ParseSampler("auto", 1000), lda::SamplerKind::kTree);
  EXPECT_THROW(lda::ParseSampler("sparse", 10), Error);
}

}  // namespace
}  // namespace strads::testing
