#pragma once

#include <strads/parallel.h>
#include <strads/random.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/lda/prior.h"
#include "apps/lda/token_grid.h"
#include "apps/lda/word_topics.h"

namespace strads::lda {

// How a token's topic is drawn.
enum class SamplerKind {
  kDense,       // from all topics; the fastest for some hundred
  kTree,        // from the document's topics and a tree of sums over all
  kMetropolis,  // by proposals that are taken or refused, independent of the number of topics
};

// "dense", "tree", "metropolis", or "auto" for what is fastest with that many topics. Throws
// UsageError on another name.
SamplerKind ParseSampler(const std::string& name, int topics);

struct TopicCount {
  Topic topic = 0;
  int32_t count = 0;
  friend bool operator==(const TopicCount&, const TopicCount&) = default;
};

// A cell and what it is sampled with.
struct CellWork {
  Cell cell;
  int group = 0;
  WordRows* rows = nullptr;
  std::span<int64_t> totals;  // of all words; the cell's own
  Random random;
};

// Collapsed Gibbs sampling (Griffiths, Steyvers, PNAS 2004): a token of word w in document d gets
// topic k with probability in proportion to
//
//   (n_dk + alpha_k) (n_wk + beta) / (n_k + V beta)
//
// where counts are those of all other tokens. Holds what a worker knows of its documents; words'
// rows and the totals n_k are lent to it.
class Sampler {
 public:
  virtual ~Sampler() = default;

  // Draws new topics for all tokens of one cell or of two, word by word, and changes the rows of
  // their words and their totals accordingly. Two cells, which must be of different groups and have
  // no document and no word in common, may be gone through in turns so that neither waits for the
  // other: the same as one after the other. So may two threads at once.
  virtual void Sample(std::span<CellWork> work) = 0;
  virtual void SetPrior(const Prior& prior) = 0;
  // The topics of a document, in no particular order, and how often: replaces `counts`.
  virtual void CountsOf(int64_t document, std::vector<TopicCount>& counts) const = 0;
};

// From here on a table costs no more than to go through the tokens, with any number of topics.
inline constexpr int32_t kLongDocument = 1024;

// Samplers of the grid's documents, as its topics are now. With D documents, K topics and T tokens:
//
//   dense       2 K D bytes (4 K D with documents of more than 65,535 tokens); O(K) a token
//   tree        at most 4 T + 64 D bytes (6 T); O(topics of the document + sqrt(K)) a token, a word
//               O(its topics). Exact as dense is (Yu, Hsieh, Yun, Vishwanathan, Dhillon, WWW 2015)
//   metropolis  6 T + 32 D bytes, and of documents of kLongDocument tokens and more at most 8 a
//               token; O(cycles) expected a token, of shorter ones O(cycles (1 + tokens of the
//               document / 16)), a word O(its topics)
//
// and, for each of the grid's groups, some arrays of K numbers.
std::unique_ptr<Sampler> MakeSampler(SamplerKind kind, const TokenGrid& grid, const Prior& prior);
std::unique_ptr<Sampler> MakeDenseSampler(const TokenGrid& grid, const Prior& prior);
std::unique_ptr<Sampler> MakeTreeSampler(const TokenGrid& grid, const Prior& prior);
// Metropolis-Hastings, in `cycles` cycles of two proposals a token (Yuan et al., "LightLDA", WWW
// 2015), whose ratios are simple because proposals follow the counts of all other tokens as they
// are now and not as they once were:
//
//   from k to j by the word, in proportion to n_wj + beta, is taken with probability
//     min(1, (n_dj + alpha_j) (n_k + V beta) / ((n_dk + alpha_k) (n_j + V beta)))
//   and by the document, in proportion to n_dj + alpha_j, with probability
//     min(1, (n_wj + beta) (n_k + V beta) / ((n_wk + beta) (n_j + V beta)))
//
// n_wj is drawn from as a token of the cell, or else of elsewhere by an alias table that holds as
// long as the word is sampled; n_dj as a token of the document. So the draw is exact in the limit.
//
// Documents of long_length tokens and more have a table of their counts n_dk, those of others are
// taken from their tokens: the same draws whatever long_length.
std::unique_ptr<Sampler> MakeMetropolisSampler(const TokenGrid& grid,
                                               const Prior& prior,
                                               int cycles,
                                               int32_t long_length = kLongDocument);

// Adds the topics that the grid's tokens of a slice have to its rows and to totals.
void AddTopics(TokenGrid& grid, int64_t slice, WordRows& rows, std::span<int64_t> totals);

// One pass over the grid's tokens of a slice: new topics for all. `totals`, of all words, are as at
// the start of the pass, and are left as changed by it. A pass has as many steps as the grid has
// groups; within a step groups do not hear of each other's changes to totals. The same bytes for a
// given grid whatever pool.threads(). (seed, number) must be another one for every pass.
void RunPass(TokenGrid& grid,
             int64_t slice,
             uint64_t seed,
             uint64_t number,
             Sampler& sampler,
             WordRows& rows,
             std::span<int64_t> totals,
             ThreadPool& pool);

}  // namespace strads::lda
