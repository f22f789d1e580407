#pragma once

#include <strads/aligned_vector.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "apps/lda/sampler.h"
#include "apps/lda/token_grid.h"

namespace strads::lda {

// Of every document the topics that it has, in no particular order, and how often; Count is wide
// enough for a document's length. Room for min(length, K) topics, 2 + sizeof(Count) bytes each,
// rounded up to 16 topics.
template <class Count>
class DocumentTopics {
 public:
  static constexpr int kTopicsAtOnce = 16;  // rows are padded to a multiple with counts of 0

  struct Row {
    Topic* topics;
    Count* counts;
    int32_t* size;
  };

  explicit DocumentTopics(const TokenGrid& grid) : sizes_(grid.lengths().size()) {
    int64_t end = 0;
    for (const int64_t length : grid.lengths()) {
      begins_.push_back(end);
      end += (std::min<int64_t>(length, grid.topics()) + kTopicsAtOnce - 1) / kTopicsAtOnce *
             kTopicsAtOnce;
    }
    begins_.push_back(end);
    memory_.assign(static_cast<size_t>(end) * kUnits, 0);
    const auto documents = grid.token_documents();
    const auto topics = grid.token_topics();
    for (size_t n = 0; n < documents.size(); ++n) Add(documents[n], topics[n]);
  }

  Row Of(int64_t document) {
    const auto d = static_cast<size_t>(document);
    Topic* const topics = memory_.data() + begins_[d] * kUnits;
    return {topics, reinterpret_cast<Count*>(topics + (begins_[d + 1] - begins_[d])), &sizes_[d]};
  }
  // The most topics a document may come to have, with padding.
  int64_t MaxCapacity() const {
    int64_t most = 0;
    for (size_t d = 0; d + 1 < begins_.size(); ++d)
      most = std::max(most, begins_[d + 1] - begins_[d]);
    return most;
  }
  void CountsOf(int64_t document, std::vector<TopicCount>& counts) const {
    const Row row = const_cast<DocumentTopics*>(this)->Of(document);  // NOLINT: only read
    counts.clear();
    for (int32_t n = 0; n < *row.size; ++n)
      counts.push_back({row.topics[n], static_cast<int32_t>(row.counts[n])});
  }

 private:
  static constexpr int64_t kUnits = 1 + static_cast<int64_t>(sizeof(Count) / sizeof(Topic));

  void Add(int64_t document, Topic topic) {
    const Row row = Of(document);
    int32_t n = 0;
    while (n < *row.size && row.topics[n] != topic) ++n;
    if (n == *row.size) {
      row.topics[n] = topic;
      ++*row.size;
    }
    ++row.counts[n];
  }

  std::vector<int64_t> begins_;  // in topics
  std::vector<int32_t> sizes_;
  AlignedVector<uint16_t> memory_;  // of each document: topics, then counts
};

}  // namespace strads::lda
