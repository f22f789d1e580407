#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "tests/numerics/lda_problems.h"
#include "tests/numerics/lda_tokens.h"

namespace strads::testing {
namespace {

using lda::Prior;
using lda::Topic;
using lda::WordRows;

// Chance makes a score of 5 standard deviations less than once in 10^5 runs, and seeds are fixed.
constexpr double kMostScore = 5;

class LdaPosteriorTest : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Samplers,
                         LdaPosteriorTest,
                         ::testing::Values("dense", "tree", "metropolis"));

class LdaExactTest : public ::testing::TestWithParam<std::tuple<const char*, int, bool>> {};
INSTANTIATE_TEST_SUITE_P(SamplersAndTopics,
                         LdaExactTest,
                         ::testing::Values(std::tuple("dense", 1, false),
                                           std::tuple("dense", 3, false),
                                           std::tuple("dense", 8, false),
                                           std::tuple("dense", 21, false),
                                           std::tuple("dense", 33, true),
                                           std::tuple("tree", 1, false),
                                           std::tuple("tree", 3, false),
                                           std::tuple("tree", 8, true),
                                           std::tuple("tree", 21, false),
                                           std::tuple("tree", 33, false),
                                           std::tuple("many cycles", 3, false),
                                           std::tuple("many cycles", 21, true)));

// From one state the states after a pass are distributed as the conditionals say.
TEST_P(LdaExactTest, OnePassDrawsFromTheConditionals) {
  const auto [name, topics, symmetric] = GetParam();
  const Corpus documents =
      topics <= 3 ? MakeDocuments({{0, 0, 1}, {1, 2}}) : MakeDocuments({{0, 1}});
  const Prior prior = MakePrior(topics, 4, symmetric);
  const std::vector<int64_t> begins = {0, 2, 4};
  ThreadPool pool(1);
  const auto make = [&] {
    return LdaRun(documents, begins, {.groups = 1, .topics = topics, .seed = 3});
  };
  LdaRun first = make();
  const std::vector<double> expected = OnePass(TokensOf(first.grid, begins), prior);
  std::vector<int64_t> counts(expected.size());
  for (uint64_t draw = 0; draw < 30000; ++draw) {
    LdaRun run = make();
    run.Count(name, prior);
    run.Pass(draw, 1, pool);
    ++counts[StateOf(TokensOf(run.grid, begins), topics)];
  }
  if (topics > 1) {
    EXPECT_LT(ChiSquaredScore(counts, expected), kMostScore);
  }
}

// States that are drawn from the posterior are still so after a pass, also one of few proposals.
TEST_P(LdaPosteriorTest, LeavesThePosteriorAsItIs) {
  constexpr int kTopics = 3;
  const Corpus documents = MakeDocuments({{0, 0, 1}, {1, 0}});
  const Prior prior = MakePrior(kTopics, 4);
  const std::vector<int64_t> begins = {0, 4};
  ThreadPool pool(1);
  const lda::TokenGrid::Options options{.groups = 1, .topics = kTopics, .seed = 3};
  LdaRun first(documents, begins, options);
  std::vector<Token> tokens = TokensOf(first.grid, begins);
  const std::vector<double> posterior = Posterior(tokens, prior);
  std::vector<int64_t> counts(posterior.size());
  Random random(11);
  for (uint64_t draw = 0; draw < 40000; ++draw) {
    double goal = random.Uniform();
    size_t state = 0;
    while (state + 1 < posterior.size() && goal >= posterior[state]) goal -= posterior[state++];
    SetState(state, kTopics, tokens);
    LdaRun run(documents, begins, options);
    SetTopics(tokens, run.grid);
    run.Count(GetParam(), prior);
    run.Pass(draw, 1, pool);
    ++counts[StateOf(TokensOf(run.grid, begins), kTopics)];
  }
  EXPECT_LT(ChiSquaredScore(counts, posterior), kMostScore);
}

// Likewise with a word of which most tokens are elsewhere, and a document that is here alone.
TEST_P(LdaExactTest, DrawsWithTokensOfOtherWorkers) {
  const auto [name, topics, symmetric] = GetParam();
  const Prior prior = MakePrior(topics, 2, symmetric);
  const Corpus documents = DrawDocuments(1, 40, 1);
  const std::vector<int64_t> begins = {0, 1};
  const lda::TokenGrid::Options options{.groups = 1, .topics = topics, .seed = 5};
  ThreadPool pool(1);
  LdaRun first(documents, begins, options);
  std::vector<Token> tokens = TokensOf(first.grid, begins);
  const size_t own = tokens.size();
  Random random(2);
  for (int n = 0; n < 60; ++n) {
    const double skew = random.Uniform() * random.Uniform();
    tokens.push_back({-1, 0, static_cast<Topic>(skew * topics)});
  }
  std::vector<int64_t> counts(static_cast<size_t>(topics));
  for (uint64_t draw = 0; draw < 3000; ++draw) {
    LdaRun run(documents, begins, options);
    run.Count(name, prior);
    std::vector<int32_t> extra = {60 + run.grid.WordCounts(0)[0]};
    WordRows rows(lda::WordTopics(1, topics), extra, topics);
    std::vector<int32_t> all(static_cast<size_t>(topics));
    std::ranges::fill(run.totals, 0);
    for (const Token& token : tokens) {
      ++all[token.topic];
      ++run.totals[token.topic];
    }
    int64_t size = 0;
    for (int k = 0; k < topics; ++k) {
      if (all[static_cast<size_t>(k)] == 0) continue;
      rows.TopicsAt(0)[size] = static_cast<Topic>(k);
      rows.CountsAt(0)[size++] = all[static_cast<size_t>(k)];
    }
    rows.Resize(0, size);
    RunPass(run.grid, 0, draw, 1, *run.sampler, rows, run.totals, pool);
    ++counts[run.grid.token_topics()[0]];
    EXPECT_EQ(std::accumulate(run.totals.begin(), run.totals.end(), int64_t{0}),
              static_cast<int64_t>(own) + 60);
  }
  if (topics > 1) {
    EXPECT_LT(ChiSquaredScore(counts, Conditional(tokens, 0, prior)), kMostScore);
  }
}

}  // namespace
}  // namespace strads::testing
