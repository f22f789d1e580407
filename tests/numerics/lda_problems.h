#pragma once

#include <strads/corpus.h>
#include <strads/random.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "apps/lda/sampler.h"

namespace strads::testing {

// Documents as lists of words.
inline Corpus MakeDocuments(const std::vector<std::vector<int32_t>>& lists) {
  Corpus documents;
  for (const auto& list : lists) {
    std::map<int32_t, int32_t> counts;
    for (const int32_t word : list) ++counts[word];
    for (const auto& [word, count] : counts) {
      documents.words.push_back(word);
      documents.counts.push_back(count);
    }
    documents.begins.push_back(std::ssize(documents.words));
  }
  return documents;
}

// Of 1 to 2 * length - 1 tokens, words drawn with a preference for the first.
inline Corpus DrawDocuments(int count, int length, int vocabulary, uint64_t seed = 1) {
  Random random(seed);
  std::vector<std::vector<int32_t>> lists(static_cast<size_t>(count));
  for (auto& list : lists) {
    list.resize(1 + random.Below(static_cast<uint64_t>(2 * length - 1)));
    for (int32_t& word : list)
      word = static_cast<int32_t>(vocabulary * random.Uniform() * random.Uniform());
  }
  return MakeDocuments(lists);
}

inline std::vector<int64_t> FirstIds(int64_t count, int64_t first = 0) {
  std::vector<int64_t> ids(static_cast<size_t>(count));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

// Different alphas, so that a topic is not taken for another unnoticed.
inline lda::Prior MakePrior(int topics, int64_t vocabulary, bool symmetric = false) {
  lda::Prior prior{.alpha = {}, .beta = 0.4, .vocabulary = vocabulary};
  for (int k = 0; k < topics; ++k)
    prior.alpha.push_back(symmetric ? 0.3 : 0.2 + 0.5 * ((7 * k) % topics) / topics);
  return prior;
}

// "dense", "tree", "metropolis" with 1 cycle or, for what it is in the limit, "many cycles".
inline std::unique_ptr<lda::Sampler> MakeNamed(const std::string& name,
                                               const lda::TokenGrid& grid,
                                               const lda::Prior& prior) {
  if (name == "many cycles") return MakeMetropolisSampler(grid, prior, 40);
  if (name == "metropolis") return MakeMetropolisSampler(grid, prior, 1);
  return MakeSampler(lda::ParseSampler(name, prior.topics()), grid, prior);
}

// A worker, and a model of its own.
struct LdaRun {
  LdaRun(const Corpus& documents,
         const std::vector<int64_t>& slice_begins,
         const lda::TokenGrid::Options& options)
      : grid(documents, FirstIds(documents.num_documents()), slice_begins, options),
        totals(static_cast<size_t>(options.topics)) {}

  // Rows and sampler as the grid's topics are.
  void Count(const std::string& name, const lda::Prior& prior) {
    for (int64_t b = 0; b < grid.slices(); ++b) {
      const lda::WordTopics none(std::ssize(grid.WordCounts(b)), grid.topics());
      AddTopics(grid, b, rows.emplace_back(none, grid.WordCounts(b), grid.topics()), totals);
    }
    sampler = MakeNamed(name, grid, prior);
  }
  // Over all slices, which are packed in between as if they travelled.
  void Pass(uint64_t seed, uint64_t number, ThreadPool& pool) {
    for (int64_t b = 0; b < grid.slices(); ++b) {
      auto& own = rows[static_cast<size_t>(b)];
      own = lda::WordRows(own.Pack(), grid.WordCounts(b), grid.topics());
      RunPass(grid, b, seed, number, *sampler, own, totals, pool);
    }
  }

  lda::TokenGrid grid;
  std::vector<lda::WordRows> rows;
  std::vector<int64_t> totals;
  std::unique_ptr<lda::Sampler> sampler;
};

// Pearson's statistic of counts against probabilities, less its mean, in standard deviations.
// Outcomes expected less than 5 times are taken together.
inline double ChiSquaredScore(const std::vector<int64_t>& counts,
                              const std::vector<double>& probabilities) {
  const auto draws = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  double statistic = 0, rare_expected = 0, rare = 0;
  int outcomes = 0;
  const auto add = [&](double count, double expected) {
    statistic += (count - expected) * (count - expected) / expected;
    ++outcomes;
  };
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = draws * probabilities[i];
    if (expected >= 5) {
      add(static_cast<double>(counts[i]), expected);
    } else {
      rare_expected += expected;
      rare += static_cast<double>(counts[i]);
    }
  }
  if (rare_expected > 0) add(rare, rare_expected);
  const double freedom = outcomes - 1;
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

}  // namespace strads::testing
