#pragma once

#include <strads/id_table.h>
#include <strads/message.h>
#include <strads/rotation.h>
#include <strads/vocabulary.h>

#include <cstdint>
#include <vector>

#include "apps/lda/alpha.h"
#include "apps/lda/totals_change.h"
#include "apps/lda/word_topics.h"

namespace strads::lda {

// What a round is for.
enum class Phase : int {
  kCount,    // workers count the words of their shard
  kLoad,     // and number those of the vocabulary
  kStart,    // add the first topics of own tokens to the block at hand
  kSample,   // draw new topics of own tokens of the block at hand
  kHeldOut,  // copy the rows of held-out documents' words, and in the end complete these
  kIdle,     // after the end
};

struct Plan {
  int phase = 0;
  Rotation rotation;
  int epoch = 0;                    // kStart: that of the first topics, mostly 0
  bool ends_epoch = false;          // the last round of the epoch
  bool measures = false;            // the log-likelihood at the end of the epoch
  bool fits_alpha = false;          // at the end of the epoch
  std::vector<int32_t> last_visit;  // of each worker: 1 if its block comes to no other in the epoch

  STRADS_FIELDS(phase, rotation, epoch, ends_epoch, measures, fits_alpha, last_visit)
};

struct Partial {
  WordCounts words;  // kCount
  // kLoad: of the shard's documents that are not held out
  int64_t documents = 0, empty = 0, held_out = 0, tokens = 0;
  int64_t left_out = 0;  // tokens of words that are not in the vocabulary
  // kStart, kSample
  int64_t seen = 0;  // updates that the worker had had when it began
  TotalsChange change;
  int64_t sampled = 0;                                    // tokens
  int64_t block_bytes = 0, block_counts = 0;              // packed rows, and counts in them
  double words_likelihood = 0, documents_likelihood = 0;  // if plan.measures
  TopicHistogram histogram;                               // if plan.fits_alpha
  // kHeldOut, at its end
  double heldout_log_probability = 0;
  int64_t heldout_tokens = 0;

  STRADS_FIELDS(words,
                documents,
                empty,
                held_out,
                tokens,
                left_out,
                seen,
                change,
                sampled,
                block_bytes,
                block_counts,
                words_likelihood,
                documents_likelihood,
                histogram,
                heldout_log_probability,
                heldout_tokens)
};

struct Update {
  int phase = 0;
  // kCount
  IdTable words;
  std::vector<int32_t> block_of_word;
  std::vector<double> cuts;  // not empty: of the corpus between workers, from now on
  int first_epoch = 0;       // done by the run that this one goes on from
  // kStart, kSample
  TotalsChange change;        // by all workers
  std::vector<double> alpha;  // of kLoad too; not empty: of each topic, from now on

  STRADS_FIELDS(phase, words, block_of_word, cuts, first_epoch, change, alpha)
};

// The rows of some words, which travel.
struct Block {
  int32_t index = 0;
  WordTopics rows;
  STRADS_FIELDS(index, rows)
};

// Topics of documents, at the end.
struct Share {
  std::vector<int64_t> documents;  // their numbers in the corpus, ascending
  std::vector<int32_t> sizes;      // topics of each
  std::vector<uint16_t> topics;    // ascending in each document
  std::vector<int32_t> counts;     // > 0
  // With --tokens, of each token of these documents: its word, numbered block by block, and topic.
  std::vector<int32_t> token_words;
  std::vector<uint16_t> token_topics;
  STRADS_FIELDS(documents, sizes, topics, counts, token_words, token_topics)
};

// The words of each block in the order of its rows: ascending.
std::vector<std::vector<int32_t>> WordsOfBlocks(const std::vector<int32_t>& block_of_word,
                                                int num_blocks);

}  // namespace strads::lda
