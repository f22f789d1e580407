#include "apps/lda/word_scratch.h"

#include <bit>
#include <stdexcept>

namespace strads::lda {

WordScratch::WordScratch(int topics)
    : counts_(static_cast<size_t>((topics + 7) / 8 * 8), 0),
      used_((static_cast<size_t>(topics) + 63) / 64) {}

void WordScratch::Load(const WordRows& rows, int64_t word) {
  const WordRows::Row row = rows.Of(word);
  for (size_t n = 0; n < row.topics.size(); ++n) {
    counts_[row.topics[n]] = row.counts[n];
    Use(row.topics[n]);
  }
}

void WordScratch::Store(WordRows& rows, int64_t word) {
  Topic* const topics = rows.TopicsAt(word);
  int32_t* const counts = rows.CountsAt(word);
  const int64_t capacity = rows.Capacity(word);
  int64_t size = 0;
  for (size_t i = 0; i < used_.size(); ++i) {
    for (uint64_t bits = used_[i]; bits != 0; bits &= bits - 1) {
      const size_t topic = 64 * i + static_cast<size_t>(std::countr_zero(bits));
      if (counts_[topic] <= 0) continue;
      if (size == capacity) throw std::logic_error("a row of a word's topics has no room");
      topics[size] = static_cast<Topic>(topic);
      counts[size++] = counts_[topic];
      counts_[topic] = 0;
    }
    used_[i] = 0;
  }
  rows.Resize(word, size);
}

}  // namespace strads::lda
