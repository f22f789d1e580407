#pragma once

#include <strads/aligned_vector.h>

#include <cstdint>
#include <vector>

#include "apps/lda/word_topics.h"

namespace strads::lda {

// A row of words' topics while its word is sampled: a number for every topic.
class WordScratch {
 public:
  // All counts 0; room for a multiple of 8 topics.
  explicit WordScratch(int topics);

  int32_t* counts() { return counts_.data(); }
  // To be said of every topic whose count becomes positive.
  void Use(Topic topic) { used_[topic / 64U] |= uint64_t{1} << (topic % 64U); }

  void Load(const WordRows& rows, int64_t word);
  // Writes the row and sets all counts to 0 again. O(topics / 64 + the row). Throws
  // std::logic_error if there is no room for it.
  void Store(WordRows& rows, int64_t word);

 private:
  AlignedVector<int32_t> counts_;
  std::vector<uint64_t> used_;  // a bit each
};

}  // namespace strads::lda
