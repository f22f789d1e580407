#pragma once

#include <strads/corpus.h>

#include <cstdint>

namespace strads {

// Whether a document, by its number in the whole corpus, is among those held out. Each is with
// probability `share`, by a hash of its number and the seed alone: not of shards, nor of what else
// is in the corpus.
bool IsHeldOut(int64_t document, double share, uint64_t seed);

// A corpus in two parts of the same shape: what is in one is not in the other. Documents and words
// keep their numbers, so that a document may be empty in one of them or both.
struct SplitCorpus {
  Corpus train = {}, held_out = {};
};

// Documents that IsHeldOut go to held_out, the others to train. O(entries).
SplitCorpus SplitDocuments(const Corpus& corpus, double share, uint64_t seed);

// Document completion: every second token of each document, in ascending order of words, goes to
// held_out; the first and so on to train, which has as many tokens or one more. O(entries).
SplitCorpus SplitTokens(const Corpus& corpus);

}  // namespace strads
