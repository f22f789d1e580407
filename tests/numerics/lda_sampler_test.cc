#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "apps/lda/log_likelihood.h"
#include "tests/numerics/lda_problems.h"

namespace strads::testing {
namespace {

using lda::Cell;
using lda::Prior;
using lda::Topic;
using lda::TopicCount;
using lda::WordRows;

// Chance makes a score of 5 standard deviations less than once in 10^5 runs, and seeds are fixed.
constexpr double kMostScore = 5;

struct Token {
  int64_t document;
  int64_t word;
  Topic topic;
};

// All tokens of the grid in the order in which one group samples them.
std::vector<Token> TokensOf(lda::TokenGrid& grid, const std::vector<int64_t>& slice_begins) {
  std::vector<Token> tokens;
  for (int64_t b = 0; b < grid.slices(); ++b) {
    for (int step = 0; step < grid.groups(); ++step) {
      for (int group = 0; group < grid.groups(); ++group) {
        const Cell cell = grid.At(b, step, group);
        for (size_t i = 0; i < cell.words.size(); ++i) {
          for (int64_t n = cell.begins[i]; n < cell.begins[i + 1]; ++n)
            tokens.push_back({cell.documents[n],
                              slice_begins[static_cast<size_t>(b)] + cell.words[i],
                              cell.topics[n]});
        }
      }
    }
  }
  return tokens;
}

// (n_dk + alpha_k) (n_wk + beta) / (n_k + V beta) of token i with the counts of all others.
std::vector<double> Conditional(const std::vector<Token>& tokens, size_t i, const Prior& prior) {
  std::vector<double> weights;
  double sum = 0;
  for (int k = 0; k < prior.topics(); ++k) {
    double of_document = prior.alpha[static_cast<size_t>(k)], of_word = prior.beta;
    double total = static_cast<double>(prior.vocabulary) * prior.beta;
    for (size_t n = 0; n < tokens.size(); ++n) {
      if (n == i || tokens[n].topic != k) continue;
      of_document += tokens[n].document == tokens[i].document ? 1 : 0;
      of_word += tokens[n].word == tokens[i].word ? 1 : 0;
      total += 1;
    }
    weights.push_back(of_document * of_word / total);
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

// Topics of all tokens as the digits of a number.
size_t StateOf(const std::vector<Token>& tokens, int topics) {
  size_t state = 0;
  for (const Token& token : tokens) state = state * static_cast<size_t>(topics) + token.topic;
  return state;
}
void SetState(size_t state, int topics, std::vector<Token>& tokens) {
  for (size_t n = tokens.size(); n-- > 0; state /= static_cast<size_t>(topics))
    tokens[n].topic = static_cast<Topic>(state % static_cast<size_t>(topics));
}

// With what probability one pass that draws every topic from its conditional leads from the state
// of `tokens` to each state: the conditionals of its tokens, those before as they are in it.
std::vector<double> OnePass(const std::vector<Token>& start, const Prior& prior) {
  size_t states = 1;
  for (size_t n = 0; n < start.size(); ++n) states *= static_cast<size_t>(prior.topics());
  std::vector<double> probabilities;
  for (size_t state = 0; state < states; ++state) {
    std::vector<Token> to = start, now = start;
    SetState(state, prior.topics(), to);
    double probability = 1;
    for (size_t n = 0; n < now.size(); ++n) {
      probability *= Conditional(now, n, prior)[to[n].topic];
      now[n].topic = to[n].topic;
    }
    probabilities.push_back(probability);
  }
  return probabilities;
}

// log p(w, z) token by token: each is drawn from its document's and its topic's predictive
// distribution given those before.
double ChainRule(const std::vector<Token>& tokens, const Prior& prior) {
  const double alpha_sum = std::accumulate(prior.alpha.begin(), prior.alpha.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    double length = 0, of_document = 0, of_word = 0, total = 0;
    for (size_t n = 0; n < i; ++n) {
      const bool same_document = tokens[n].document == tokens[i].document;
      const bool same_topic = tokens[n].topic == tokens[i].topic;
      length += same_document ? 1 : 0;
      of_document += same_document && same_topic ? 1 : 0;
      of_word += same_topic && tokens[n].word == tokens[i].word ? 1 : 0;
      total += same_topic ? 1 : 0;
    }
    sum += std::log((of_document + prior.alpha[tokens[i].topic]) / (length + alpha_sum)) +
           std::log((of_word + prior.beta) /
                    (total + static_cast<double>(prior.vocabulary) * prior.beta));
  }
  return sum;
}

std::vector<double> Posterior(std::vector<Token> tokens, const Prior& prior) {
  size_t states = 1;
  for (size_t n = 0; n < tokens.size(); ++n) states *= static_cast<size_t>(prior.topics());
  std::vector<double> probabilities;
  double sum = 0;
  for (size_t state = 0; state < states; ++state) {
    SetState(state, prior.topics(), tokens);
    probabilities.push_back(std::exp(ChainRule(tokens, prior)));
    sum += probabilities.back();
  }
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

// Gives the grid's tokens the topics of `tokens`, in the order of TokensOf; one group.
void SetTopics(const std::vector<Token>& tokens, lda::TokenGrid& grid) {
  size_t next = 0;
  for (int64_t b = 0; b < grid.slices(); ++b) {
    const Cell cell = grid.At(b, 0, 0);
    for (int64_t n = cell.begins.front(); n < cell.begins.back(); ++n)
      cell.topics[n] = tokens[next++].topic;
  }
}

class LdaSamplerTest : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Samplers,
                         LdaSamplerTest,
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
TEST_P(LdaSamplerTest, LeavesThePosteriorAsItIs) {
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
    lda::WordTopics packed = run.rows[0].Pack();
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

}  // namespace
}  // namespace strads::testing
