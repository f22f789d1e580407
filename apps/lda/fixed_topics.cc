#include "apps/lda/fixed_topics.h"

#include <strads/index.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace strads::lda {

FixedTopics::FixedTopics(const Prior& prior, std::vector<WordRows> slices)
    : FixedTopics(prior, {}, TotalsOf(prior.topics(), slices)) {
  slices_ = std::move(slices);
  for (const WordRows& slice : slices_) begins_.push_back(begins_.back() + slice.words());
}

std::vector<int64_t> FixedTopics::TotalsOf(int topics, std::span<const WordRows> slices) {
  std::vector<int64_t> totals(Index(topics));
  for (const WordRows& slice : slices) slice.AddTo(totals);
  return totals;
}

FixedTopics::FixedTopics(const Prior& prior,
                         std::vector<WordRows> slices,
                         std::span<const int64_t> totals)
    : prior_(prior), slices_(std::move(slices)) {
  for (const WordRows& slice : slices_) begins_.push_back(begins_.back() + slice.words());
  for (const int64_t total : totals) {
    inverse_.push_back(
        1 / (static_cast<double>(total) + prior_.beta * static_cast<double>(prior_.vocabulary)));
  }
}

WordRows::Row FixedTopics::RowOf(int32_t word) const {
  if (word >= begins_.back()) return {};
  const auto slice = std::ranges::upper_bound(begins_, int64_t{word}) - begins_.begin() - 1;
  return slices_[Index(slice)].Of(word - begins_[Index(slice)]);
}

std::vector<double> FixedTopics::LogProbabilities(std::span<const int32_t> words,
                                                  std::span<const double> theta) const {
  double smoothing = 0;
  for (size_t k = 0; k < theta.size(); ++k) smoothing += theta[k] * inverse_[k];
  std::vector<double> logs;
  for (const int32_t word : words) {
    const WordRows::Row row = RowOf(word);
    double sum = prior_.beta * smoothing;
    for (size_t n = 0; n < row.topics.size(); ++n)
      sum += theta[row.topics[n]] * inverse_[row.topics[n]] * row.counts[n];
    logs.push_back(std::log(sum));
  }
  return logs;
}

// With x_k = theta_k / (n_k + V beta), a word's probability is p = beta sum_k x_k + sum of n_wk x_k
// over its topics, and topic k's share of its c tokens c (n_wk + beta) x_k / p: the part of beta is
// the same for all words, so only counts that are not zero are looked at.
std::vector<double> FixedTopics::Theta(std::span<const int32_t> words,
                                       std::span<const int32_t> counts,
                                       int passes) const {
  const double alpha_sum = std::accumulate(prior_.alpha.begin(), prior_.alpha.end(), 0.0);
  const auto length =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  std::vector<double> theta(prior_.alpha.size()), x(theta.size()), share(theta.size());
  std::vector<WordRows::Row> rows;
  for (const int32_t word : words) rows.push_back(RowOf(word));
  for (size_t k = 0; k < theta.size(); ++k) theta[k] = prior_.alpha[k] / alpha_sum;
  for (int pass = 0; pass < passes; ++pass) {
    double smoothing = 0, every = 0;
    for (size_t k = 0; k < theta.size(); ++k) smoothing += x[k] = theta[k] * inverse_[k];
    std::ranges::fill(share, 0);
    for (size_t i = 0; i < rows.size(); ++i) {
      const WordRows::Row& row = rows[i];
      double sum = prior_.beta * smoothing;
      for (size_t n = 0; n < row.topics.size(); ++n) sum += row.counts[n] * x[row.topics[n]];
      const double weight = counts[i] / sum;
      every += prior_.beta * weight;
      for (size_t n = 0; n < row.topics.size(); ++n) share[row.topics[n]] += row.counts[n] * weight;
    }
    for (size_t k = 0; k < theta.size(); ++k)
      theta[k] = (x[k] * (share[k] + every) + prior_.alpha[k]) / (length + alpha_sum);
  }
  return theta;
}

std::vector<float> InferTopics(const FixedTopics& topics,
                               const Corpus& documents,
                               int passes,
                               ThreadPool& pool) {
  std::vector<float> thetas(Index(documents.num_documents()) * Index(topics.topics()));
  pool.ParallelFor(documents.num_documents(), [&](int64_t begin, int64_t end) {
    for (int64_t d = begin; d < end; ++d) {
      const std::vector<double> theta =
          topics.Theta(documents.Words(d), documents.Counts(d), passes);
      std::ranges::transform(theta, thetas.begin() + d * topics.topics(),
                             [](double x) { return static_cast<float>(x); });
    }
  });
  return thetas;
}

double Completion::perplexity() const {
  return std::exp(-log_probability / static_cast<double>(tokens));
}

Completion CompleteDocuments(const FixedTopics& topics,
                             const Corpus& documents,
                             int passes,
                             ThreadPool& pool) {
  std::vector<Completion> of_documents(Index(documents.num_documents()));
  pool.ParallelFor(documents.num_documents(), [&](int64_t begin, int64_t end) {
    std::vector<int32_t> even_words, even_counts, odd_words, odd_counts;
    for (int64_t d = begin; d < end; ++d) {
      for (auto* part : {&even_words, &even_counts, &odd_words, &odd_counts}) part->clear();
      const auto words = documents.Words(d), counts = documents.Counts(d);
      int64_t place = 0;
      for (size_t n = 0; n < words.size(); ++n) {
        const auto even = static_cast<int32_t>((counts[n] + (place % 2 == 0 ? 1 : 0)) / 2);
        place += counts[n];
        if (even > 0) {
          even_words.push_back(words[n]);
          even_counts.push_back(even);
        }
        if (even < counts[n]) {
          odd_words.push_back(words[n]);
          odd_counts.push_back(counts[n] - even);
        }
      }
      const std::vector<double> logs =
          topics.LogProbabilities(odd_words, topics.Theta(even_words, even_counts, passes));
      Completion& own = of_documents[Index(d)];
      for (size_t n = 0; n < logs.size(); ++n) {
        own.log_probability += odd_counts[n] * logs[n];
        own.tokens += odd_counts[n];
      }
    }
  });
  Completion all;
  for (const Completion& own : of_documents) {
    all.log_probability += own.log_probability;
    all.tokens += own.tokens;
  }
  return all;
}

}  // namespace strads::lda
