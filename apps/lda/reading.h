#pragma once

#include <strads/corpus.h>
#include <strads/shard.h>

#include <cstdint>
#include <vector>

#include "apps/lda/held_out.h"
#include "apps/lda/messages.h"
#include "apps/lda/options.h"

namespace strads::lda {

// The documents that a worker trains on.
struct OwnDocuments {
  // Words are numbered block after block, in the order of rows within each.
  Corpus documents;
  std::vector<int64_t> ids = {};  // the number of each in the whole corpus, ascending
  std::vector<int64_t> block_begins = {0};
  // Not empty: the topic of each token, in their order, that a run before has left.
  std::vector<Topic> topics = {};
  HeldOut held_out = {};
};

// Reads a worker's shard in two steps: first what words it has, from which the vocabulary and its
// blocks are made; then its documents in terms of these, a shard cut anew if the words that are
// kept were unevenly spread.
class Reading {
 public:
  // Throws kData.
  Reading(const Options& options, Shard shard);

  // Fills words, of documents that are not held out.
  void Count(Partial& partial) const;
  // Takes what kCount came to. Fills what the partial says of kLoad. Throws kData if the file of
  // --resume does not fit.
  OwnDocuments Load(Update counted, Partial& partial);

 private:
  // Of a corpus that is cut so between the workers; evenly without cuts.
  void Read(const std::vector<double>& cuts);
  HeldOut LoadHeldOut(const Update& counted);

  const Options options_;
  const Shard shard_;
  NamedCorpus named_ = {};
  std::vector<char> held_out_ = {};  // of each document of the shard
  int64_t num_held_out_ = 0;
  Corpus held_out_documents_ = {};  // words as in named_
};

}  // namespace strads::lda
