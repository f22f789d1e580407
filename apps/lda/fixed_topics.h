#pragma once

#include <strads/corpus.h>
#include <strads/parallel.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/lda/prior.h"
#include "apps/lda/word_topics.h"

namespace strads::lda {

// Topics as training has left them, for documents that were not part of it:
//
//   phi_kw = (n_wk + beta) / (n_k + V beta)
//
// Keeps the counts that are not zero, by word: 6 bytes each.
class FixedTopics {
 public:
  // The words of the slices are numbered one slice after another; words from there on were never
  // seen.
  FixedTopics(const Prior& prior, std::vector<WordRows> slices);
  // Slices with some of the words only: n_k of all words are `totals`.
  FixedTopics(const Prior& prior, std::vector<WordRows> slices, std::span<const int64_t> totals);

  int topics() const { return prior_.topics(); }

  // theta of a document: the mode of its posterior, found by `passes` steps of expectation
  // maximisation from theta_k in proportion to alpha_k,
  //
  //   theta_k = (sum_n c_n r_nk + alpha_k) / (N + sum_k alpha_k),  r_nk ~ theta_k phi_{k w_n},
  //
  // with c_n times word w_n: of Dir(alpha + 1).
  // O(passes (topics of its words + K)) time.
  std::vector<double> Theta(std::span<const int32_t> words,
                            std::span<const int32_t> counts,
                            int passes) const;
  // log sum_k theta_k phi_kw of each word.
  std::vector<double> LogProbabilities(std::span<const int32_t> words,
                                       std::span<const double> theta) const;

  const Prior& prior() const { return prior_; }

 private:
  static std::vector<int64_t> TotalsOf(int topics, std::span<const WordRows> slices);
  WordRows::Row RowOf(int32_t word) const;

  Prior prior_;
  std::vector<WordRows> slices_;
  std::vector<int64_t> begins_ = {0};
  std::vector<double> inverse_;  // 1 / (n_k + V beta)
};

// theta of every document, one row of topics() numbers after another. Same for any number of
// threads.
std::vector<float> InferTopics(const FixedTopics& topics,
                               const Corpus& documents,
                               int passes,
                               ThreadPool& pool);

// How well documents that were not trained on are completed: of each document the tokens of even
// place, in the order of its words, give theta, and those of odd place are then predicted,
//
//   perplexity = exp( - sum log sum_k theta_k phi_kw / tokens )                 over odd tokens
//
// as in Wallach, Murray, Salakhutdinov, Mimno, ICML 2009.
struct Completion {
  double log_probability = 0;  // of all odd tokens, in nats
  int64_t tokens = 0;
  double perplexity() const;
};
Completion CompleteDocuments(const FixedTopics& topics,
                             const Corpus& documents,
                             int passes,
                             ThreadPool& pool);

}  // namespace strads::lda
