#pragma once

#include <strads/corpus.h>
#include <strads/parallel.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/lda/fixed_topics.h"
#include "apps/lda/prior.h"
#include "apps/lda/word_topics.h"

namespace strads::lda {

// Steps of expectation maximisation for the theta of a document that was not trained on.
inline constexpr int kCompletionPasses = 50;

// A worker's documents that are not trained on, and a copy of the rows of their words, taken from
// blocks as they pass. Memory: 8 bytes an entry, 6 a count of the words that occur.
class HeldOut {
 public:
  HeldOut() = default;
  // Words of `documents` are numbered as in the vocabulary, ascending in each.
  HeldOut(Corpus documents, const std::vector<int32_t>& block_of_word, int num_blocks);

  // Copies what is of use from a block.
  void Take(int32_t block, const WordRows& rows);
  // With the rows taken from every block since the last time, and n_k as they were then. Forgets
  // the rows. Same for any number of threads.
  Completion Complete(const Prior& prior, std::span<const int64_t> totals, ThreadPool& pool);

 private:
  struct Place {
    int32_t row = 0;   // in the block
    int32_t word = 0;  // in documents_
  };
  struct Row {
    std::vector<Topic> topics;
    std::vector<int32_t> counts;
  };

  Corpus documents_;                        // words numbered without those that do not occur
  std::vector<std::vector<Place>> places_;  // by block
  std::vector<Row> rows_;                   // by word
};

}  // namespace strads::lda
