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
  // To be said after a topic's count was raised by one.
  void Use(Topic topic) {
    if (counts_[topic] == 1) added_.push_back(topic);
  }

  void Load(const WordRows& rows, int64_t word);
  // Writes the row and sets all counts to 0 again. O(the row + n log n with n topics added). Throws
  // std::logic_error if there is no room for it.
  void Store(WordRows& rows, int64_t word);

 private:
  AlignedVector<int32_t> counts_;
  std::vector<Topic> loaded_;  // the topics of the row as it was, ascending
  std::vector<Topic> added_;   // those that came since, some of them maybe twice or gone again
};

}  // namespace strads::lda
