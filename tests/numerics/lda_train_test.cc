#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "tests/numerics/lda_training.h"

namespace strads::testing {
namespace {

TEST_F(LdaTrain, CountsAreRightInEveryRound) {
  Make(DrawDocuments(20, 12, 30));
  options_.epochs = 3;
  std::map<std::string, int64_t> tokens;
  for (size_t n = 0; n < documents_.words.size(); ++n)
    tokens[std::to_string(documents_.words[n] + 1)] += documents_.counts[n];
  for (const char* sampler : {"dense", "tree", "metropolis"}) {
    options_.sampler = sampler;
    for (const int workers : {1, 2, 3, 7, 25}) {  // some without documents, or words
      if (workers == 25 && sampler != std::string("tree")) continue;
      SCOPED_TRACE(std::string(sampler) + " " + std::to_string(workers));
      RunOptions run;
      run.staleness = workers == 3 ? 2 : 0;
      const Summary summary = Train(workers, run);
      EXPECT_EQ(summary.termination, Termination::kMaxRounds) << summary.message;
      const int64_t all = documents_.CountTokens();
      EXPECT_EQ(summary.updates, options_.epochs * all);
      const TopicRows words = Words(), documents = Documents();
      ASSERT_EQ(words.rows.size(), tokens.size());
      for (const auto& [word, row] : words.rows)
        EXPECT_EQ(words.SumOf(word), tokens.at(words.words.at(word)));
      ASSERT_EQ(std::ssize(documents.rows), documents_.num_documents());
      for (const auto& [document, row] : documents.rows)
        EXPECT_EQ(documents.SumOf(document), documents_.Length(document));
      EXPECT_EQ(words.Totals(options_.topics), documents.Totals(options_.topics));
      EXPECT_EQ(words.Totals(options_.topics), model_.totals());
    }
  }
}

TEST_F(LdaTrain, SaysTheJointLikelihoodOfTheModelItWrites) {
  Make(DrawDocuments(60, 20, 40));
  options_.every = 3;
  for (const int optimize : {0, 2}) {
    options_.optimize_alpha = optimize;
    for (const int workers : {1, 3}) {
      const Summary summary = Train(workers);
      SCOPED_TRACE(std::to_string(optimize) + " " + std::to_string(workers));
      const double joint = JointLogLikelihood(Words(), Documents(), model_.alpha(), options_.beta) /
                           static_cast<double>(documents_.CountTokens());
      EXPECT_NEAR(summary.extra.at("log_likelihood"), joint, 1e-9);
      EXPECT_NEAR(summary.objective, -joint, 1e-9);
      EXPECT_NEAR(model_.log_likelihood(), joint, 1e-9);
      const std::set<double> alphas(model_.alpha().begin(), model_.alpha().end());
      EXPECT_EQ(alphas.size() > 1, optimize > 0);
    }
  }
}

TEST_F(LdaTrain, FittingAlphaMakesWordsAndTopicsMoreLikely) {
  UsePlanted();
  options_.epochs = 40;
  options_.alpha = 5;
  const double fixed = Train(2).extra.at("log_likelihood");
  options_.optimize_alpha = 5;
  const double fitted = Train(2).extra.at("log_likelihood");
  EXPECT_GT(fitted, fixed + 0.05);
  // It began at 50; the documents were drawn with 1, and some of their words belong to all topics.
  const double sum = std::accumulate(model_.alpha().begin(), model_.alpha().end(), 0.0);
  EXPECT_GT(sum, 0.5);
  EXPECT_LT(sum, 2);
}

TEST_F(LdaTrain, GivesTheSameBytesWhenRepeatedWithAnyThreads) {
  Make(DrawDocuments(60, 20, 40));
  options_.optimize_alpha = 2;
  for (const char* sampler : {"dense", "tree", "metropolis"}) {
    options_.sampler = sampler;
    for (const int workers : {1, 3}) {
      for (const int staleness : {0, 2}) {
        RunOptions run;
        run.staleness = staleness;
        Train(workers, run);
        const std::string first = Written();
        run.threads = 3;
        run.schedulers = 1;
        Train(workers, run);
        EXPECT_EQ(Written(), first) << sampler << " " << workers << " " << staleness;
      }
    }
  }
}

TEST_F(LdaTrain, TheFirstTopicsAreTheSameForAnyNumberOfWorkers) {
  Make(DrawDocuments(40, 12, 30));
  options_.epochs = 0;
  Train(1);
  const auto words = Words().rows, documents = Documents().rows;
  for (const int workers : {2, 7}) {
    Train(workers);
    EXPECT_EQ(Words().rows, words);
    EXPECT_EQ(Documents().rows, documents);
  }
}

TEST_F(LdaTrain, DocumentsBeginWithAsFewTopicsAsAsked) {
  Make(DrawDocuments(40, 30, 30));
  options_.epochs = 0;
  options_.topics = 50;
  for (const int few : {1, 3}) {
    options_.start_topics = few;
    Train(1);
    const auto documents = Documents().rows;
    size_t most = 0;
    for (const auto& [document, row] : documents) most = std::max(most, row.size());
    EXPECT_EQ(most, static_cast<size_t>(few));
    Train(3);
    EXPECT_EQ(Documents().rows, documents);
  }
  options_.start_topics = -1;
  for (const auto& [topics, start] : std::map<int, int>{{5, 0}, {100, 10}, {1000, 1}, {5000, 1}}) {
    options_.topics = topics;
    EXPECT_EQ(options_.num_start_topics(), start);
  }
}

// Welch's test of the likelihoods that several seeds come to.
TEST_F(LdaTrain, ManyWorkersComeToTheLikelihoodOfOne) {
  UsePlanted();
  options_.epochs = 20;
  options_.every = 20;
  constexpr int kSeeds = 5;
  const auto train = [&](int workers, int staleness) {
    std::vector<double> found;
    for (int seed = 1; seed <= kSeeds; ++seed) {
      options_.seed = seed;
      RunOptions run;
      run.staleness = staleness;
      const Summary summary = Train(workers, run);
      found.push_back(summary.extra.at("log_likelihood"));
      EXPECT_EQ(summary.extra.at("s_error") > 0, workers > 1);
      EXPECT_LT(summary.extra.at("s_error"), 0.1);
    }
    return found;
  };
  const auto mean_and_error = [](const std::vector<double>& x) {
    const auto count = static_cast<double>(x.size());
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
    double squares = 0;
    for (const double value : x) squares += (value - mean) * (value - mean);
    return std::pair(mean, squares / (count * (count - 1)));
  };
  const auto [one, error_of_one] = mean_and_error(train(1, 0));
  for (const int staleness : {0, 3}) {
    const auto [four, error_of_four] = mean_and_error(train(4, staleness));
    EXPECT_LT(std::abs(four - one), 4 * std::sqrt(error_of_one + error_of_four)) << staleness;
    EXPECT_NEAR(four, one, 0.1);
  }
}

TEST_F(LdaTrain, FindsPlantedTopics) {
  UsePlanted();
  options_.epochs = 100;
  options_.every = 100;
  // Some starts leave two topics in one: of several the one of the greatest likelihood counts.
  std::map<double, int> seeds;  // by likelihood
  for (int seed = 1; seed <= 4; ++seed) {
    options_.seed = seed;
    seeds[Train(2).extra.at("log_likelihood")] = seed;
  }
  options_.seed = seeds.rbegin()->second;
  Train(2);
  const std::vector<std::string> firsts = {"ba", "ce", "di", "fo", "gu",
                                           "ha", "je", "li", "mo", "nu"};
  std::set<std::string> found;
  std::vector<std::vector<std::pair<int64_t, std::string>>> lists(10);
  const TopicRows words = Words();
  for (const auto& [word, row] : words.rows)
    for (const auto& [topic, count] : row)
      lists[static_cast<size_t>(topic)].emplace_back(-count, words.words.at(word));
  for (auto& list : lists) {
    std::ranges::sort(list);
    std::map<std::string, int> own;
    for (const auto& [count, word] : list) {
      if (word.starts_with("sta")) continue;  // shared by all
      ++own[word.substr(0, 2)];
      if (std::accumulate(own.begin(), own.end(), 0,
                          [](int sum, const auto& x) { return sum + x.second; }) == 20)
        break;
    }
    const auto most = std::ranges::max_element(own, {}, [](const auto& x) { return x.second; });
    EXPECT_GE(most->second, 18) << most->first;
    found.insert(most->first);
  }
  EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(firsts));
}

TEST_F(LdaTrain, HoldsOutTheSameDocumentsWhateverTheNumberOfWorkers) {
  Make(DrawDocuments(60, 20, 40));
  options_.heldout_share = 0.3;
  Train(1);
  const auto documents = Documents().rows;
  EXPECT_LT(documents.size(), 60u);
  EXPECT_GT(documents.size(), 20u);
  EXPECT_EQ(model_.corpus().held_out_documents, 60 - std::ssize(documents));
  Train(3);
  const TopicRows again = Documents();
  ASSERT_EQ(again.rows.size(), documents.size());
  for (const auto& [document, row] : again.rows) {
    EXPECT_TRUE(documents.contains(document));
    EXPECT_EQ(again.SumOf(document), documents_.Length(document));
  }
}

TEST_F(LdaTrain, LeavesOutWordsAndDocumentsAsAsked) {
  // Word 1 is in all, word 3 in one only; then the last but one has nothing left, the last nothing.
  Make(MakeDocuments({{0, 1}, {0, 1, 1}, {0, 2}, {}}));
  options_.min_df = 2;
  options_.max_df = 0.6;
  options_.min_tokens = 2;
  Train(2);
  EXPECT_THAT(model_.words(), ::testing::ElementsAre("2"));
  EXPECT_EQ(model_.corpus().documents, 4);
  EXPECT_EQ(model_.corpus().empty_documents, 3);
  EXPECT_EQ(model_.corpus().tokens, 2);
  EXPECT_EQ(model_.corpus().left_out_tokens, 4);
  EXPECT_EQ(Documents().SumOf(1), 2);
  EXPECT_EQ(Documents().SumOf(0), 0);
}

// As long as a round takes the time of its busiest worker, by tokens.
TEST_F(LdaTrain, WorkersHaveAboutAsMuchToDoInEveryRound) {
  UsePlanted();
  options_.epochs = 1;
  EXPECT_EQ(Train(1).extra.at("balance"), 1);
  const double balance = Train(8).extra.at("balance");
  EXPECT_GE(balance, 0.85);  // cells have 280 tokens; large ones come closer to their mean
  EXPECT_LE(balance, 1);
}

TEST_F(LdaTrain, WorkersHaveAsManyTokensWhereverThoseThatAreKeptAre) {
  std::vector<std::vector<int>> documents(200);
  for (int d = 0; d < 200; ++d) {
    for (int i = 0; i < 40; ++i) documents[Index(d)].push_back(d < 100 ? (d * 7 + i * 3) % 80 : 80);
    if (d >= 100) documents[Index(d)].push_back(d % 80);
  }
  Make(MakeDocuments(documents));
  options_.max_df = 0.4;  // too little for word 80
  options_.heldout_share = 0.1;
  const Summary summary = Train(4);
  EXPECT_GE(summary.extra.at("balance"), 0.8);  // half of the workers would have 99 % of the tokens
  EXPECT_EQ(model_.corpus().left_out_tokens % 40, 0);
  int64_t tokens = 0;
  const TopicRows rows = Documents();
  for (const auto& [document, row] : rows.rows) {
    EXPECT_EQ(rows.SumOf(document), document < 100 ? 40 : 1) << document;
    tokens += rows.SumOf(document);
  }
  EXPECT_EQ(tokens, model_.corpus().tokens);
  EXPECT_EQ(std::ssize(rows.rows) + model_.corpus().held_out_documents, 200);
  EXPECT_GT(model_.corpus().held_out_documents, 5);
}

TEST_F(LdaTrain, MeasuresWhenAskedAndAlwaysAtTheEnd) {
  Make(DrawDocuments(20, 10, 20));
  options_.epochs = 7;
  options_.every = 3;
  Train(2);
  std::set<double> measured;
  for (const auto& [epoch, likelihood] : likelihoods_) measured.insert(likelihood);
  EXPECT_EQ(likelihoods_.size(), 8u);
  EXPECT_EQ(measured.size(), 4u);  // the start, 3, 6, 7
}

}  // namespace
}  // namespace strads::testing
