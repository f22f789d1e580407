#pragma once

#include <strads/fields.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/lda/prior.h"

namespace strads::lda {

// How often words of a slice have which topic, packed: what travels from worker to worker. For each
// word the number of its topics, then, ascending, each topic's distance to the one before with a
// bit that says whether the count is above 1, and if so the count; all as base-128 numbers. A count
// of 1 takes mostly one byte, others mostly two; no more than 4 with up to 2^13 topics and counts
// up to 2^14. A value type; equal rows are equal bytes.
struct WordTopics {
  WordTopics() = default;
  // No tokens of any word.
  WordTopics(int64_t num_words, int num_topics);

  int64_t words = 0;
  int32_t topics = 0;
  std::vector<uint8_t> bytes;

  STRADS_FIELDS(words, topics, bytes)

  friend bool operator==(const WordTopics&, const WordTopics&) = default;
};

// The same rows with room to grow, for sampling: of each word the topics that it has, ascending,
// and how often. 6 bytes a topic of a word. Rows of different words may be changed at once.
class WordRows {
 public:
  // Of a word: topics[n] is the topic of counts[n] > 0 tokens.
  struct Row {
    std::span<const Topic> topics;
    std::span<const int32_t> counts;
  };

  WordRows() = default;
  // Word w may have extra[w] more topics than now. Throws Error (kProtocol) if the bytes are no
  // such rows, or not of extra.size() words and `topics` topics. Takes memory in proportion to the
  // bytes and the sum of extra.
  WordRows(const WordTopics& packed, std::span<const int32_t> extra, int topics);

  int64_t words() const { return static_cast<int64_t>(sizes_.size()); }
  int topics() const { return topics_; }
  Row Of(int64_t word) const {
    const auto begin = static_cast<size_t>(begins_[static_cast<size_t>(word)]);
    const auto size = static_cast<size_t>(sizes_[static_cast<size_t>(word)]);
    return {std::span(topics_of_).subspan(begin, size), std::span(counts_).subspan(begin, size)};
  }
  // Asks for a row that will be wanted soon.
  void Prefetch(int64_t word) const {
    const Row row = Of(word);
    constexpr size_t kLine = 64, kMost = 512;  // topics
    for (size_t n = 0; n < std::min(row.topics.size(), kMost); n += kLine / sizeof(Topic))
      __builtin_prefetch(row.topics.data() + n, 1);
    for (size_t n = 0; n < std::min(row.counts.size(), kMost); n += kLine / sizeof(int32_t))
      __builtin_prefetch(row.counts.data() + n, 1);
  }
  // Topics in all rows.
  int64_t size() const;

  // Where a row is written anew: at most as many topics as there is room for, then Resize.
  Topic* TopicsAt(int64_t word) { return topics_of_.data() + begins_[static_cast<size_t>(word)]; }
  int32_t* CountsAt(int64_t word) { return counts_.data() + begins_[static_cast<size_t>(word)]; }
  int64_t Capacity(int64_t word) const {
    return begins_[static_cast<size_t>(word) + 1] - begins_[static_cast<size_t>(word)];
  }
  void Resize(int64_t word, int64_t size) {
    sizes_[static_cast<size_t>(word)] = static_cast<int32_t>(size);
  }

  WordTopics Pack() const;
  // Adds all rows to totals: n_k of this slice.
  void AddTo(std::span<int64_t> totals) const;

 private:
  int topics_ = 0;
  std::vector<int64_t> begins_ = {0};
  std::vector<int32_t> sizes_;
  std::vector<Topic> topics_of_;
  std::vector<int32_t> counts_;
};

}  // namespace strads::lda
