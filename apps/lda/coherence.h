#pragma once

#include <strads/corpus.h>

#include <span>
#include <vector>

#include "apps/lda/trained_model.h"

namespace strads::lda {

// How often the first words of topics are found together, with D(w), D(v, w) how many documents
// have the words, D documents in all; means over topics with at least one pair, of
//
//   umass  sum over pairs v before w of log((D(v, w) + 1) / D(v))       (Mimno et al., EMNLP 2011)
//   npmi   mean over pairs of log(D D(v, w) / (D(v) D(w))) / log(D / D(v, w))      (Bouma, 2009)
//
// A pair with a word that no document has does not count; npmi of a pair that is never together is
// -1, of one that is in all documents 0.
struct Coherence {
  double umass = 0;
  double npmi = 0;
  int topics = 0;  // with at least one pair
};

// O(entries + sum over pairs of D(v) + D(w)).
Coherence MeasureCoherence(const std::vector<std::vector<TopWord>>& topics, const Corpus& corpus);

}  // namespace strads::lda
