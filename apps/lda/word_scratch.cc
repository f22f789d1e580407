#include "apps/lda/word_scratch.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace strads::lda {

WordScratch::WordScratch(int topics) : counts_(static_cast<size_t>((topics + 7) / 8 * 8), 0) {}

void WordScratch::Load(const WordRows& rows, int64_t word) {
  const WordRows::Row row = rows.Of(word);
  loaded_.assign(row.topics.begin(), row.topics.end());
  added_.clear();
  for (size_t n = 0; n < row.topics.size(); ++n) counts_[row.topics[n]] = row.counts[n];
}

void WordScratch::Store(WordRows& rows, int64_t word) {
  Topic* const topics = rows.TopicsAt(word);
  int32_t* const counts = rows.CountsAt(word);
  const int64_t capacity = rows.Capacity(word);
  int64_t size = 0;
  const auto put = [&](Topic topic) {
    const int32_t count = std::exchange(counts_[topic], 0);
    if (size == capacity) {
      if (count > 0) throw std::logic_error("a row of a word's topics has no room");
      return;
    }
    topics[size] = topic;
    counts[size] = count;
    size += static_cast<int64_t>(count > 0);  // as often as not, and in no order: no branch
  };
  std::ranges::sort(added_);
  auto next = loaded_.begin();
  for (const Topic topic : added_) {
    for (; next != loaded_.end() && *next < topic; ++next) put(*next);
    put(topic);
  }
  for (; next != loaded_.end(); ++next) put(*next);
  rows.Resize(word, size);
}

}  // namespace strads::lda
