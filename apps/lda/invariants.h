#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "apps/lda/sampler.h"
#include "apps/lda/token_grid.h"
#include "apps/lda/word_topics.h"

// Counts, counted anew: what --checks looks at. All throw std::logic_error where a count is wrong.
namespace strads::lda {

// What is in a block's rows that no token here accounts for: the tokens of other workers. A pass
// must not change it; and as it is nothing at first, the rows of a block that has been everywhere
// are the sum of all tokens. O(tokens of the block, topics of its words) log.
class CountsElsewhere {
 public:
  // Unless has_own, own tokens are not yet in the rows.
  CountsElsewhere(TokenGrid& grid, int64_t slice, const WordRows& rows, bool has_own);
  // That they are there now, and nothing else has changed.
  void Check(TokenGrid& grid, int64_t slice, const WordRows& rows) const;

 private:
  using Counts = std::map<std::pair<int64_t, Topic>, int64_t>;  // by word and topic; none is 0
  static Counts Of(const WordRows& rows);
  static void Subtract(TokenGrid& grid, int64_t slice, Counts& counts);

  Counts counts_;
};

// That the sampler's counts of documents are those of the grid's tokens. O(K documents, tokens).
void CheckDocuments(const TokenGrid& grid, const Sampler& sampler);

}  // namespace strads::lda
