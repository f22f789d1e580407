#include "apps/lda/held_out.h"

#include <strads/index.h>

#include <algorithm>
#include <utility>

namespace strads::lda {

HeldOut::HeldOut(Corpus documents, const std::vector<int32_t>& block_of_word, int num_blocks)
    : documents_(std::move(documents)), places_(Index(num_blocks)) {
  std::vector<int32_t> number(block_of_word.size(), -1), next_row(Index(num_blocks));
  for (const int32_t word : documents_.words) number[Index(word)] = 0;
  int32_t words = 0;
  for (size_t word = 0; word < number.size(); ++word) {
    const auto block = Index(block_of_word[word]);
    const int32_t row = next_row[block]++;
    if (number[word] < 0) continue;
    number[word] = words++;
    places_[block].push_back({row, number[word]});
  }
  for (int32_t& word : documents_.words) word = number[Index(word)];
  documents_.num_words = words;
  rows_.resize(Index(words));
}

void HeldOut::Take(int32_t block, const WordRows& rows) {
  if (places_.empty()) return;
  for (const Place& place : places_[Index(block)]) {
    const WordRows::Row row = rows.Of(place.row);
    rows_[Index(place.word)].topics.assign(row.topics.begin(), row.topics.end());
    rows_[Index(place.word)].counts.assign(row.counts.begin(), row.counts.end());
  }
}

Completion HeldOut::Complete(const Prior& prior,
                             std::span<const int64_t> totals,
                             ThreadPool& pool) {
  std::vector<int32_t> sizes;
  sizes.reserve(rows_.size());
  for (const Row& row : rows_) sizes.push_back(static_cast<int32_t>(row.topics.size()));
  std::vector<WordRows> slice;
  slice.emplace_back(WordTopics(std::ssize(rows_), prior.topics()), sizes, prior.topics());
  for (size_t word = 0; word < rows_.size(); ++word) {
    const Row row = std::exchange(rows_[word], {});
    std::ranges::copy(row.topics, slice.front().TopicsAt(static_cast<int64_t>(word)));
    std::ranges::copy(row.counts, slice.front().CountsAt(static_cast<int64_t>(word)));
    slice.front().Resize(static_cast<int64_t>(word), std::ssize(row.topics));
  }
  const FixedTopics topics(prior, std::move(slice), totals);
  return CompleteDocuments(topics, documents_, kCompletionPasses, pool);
}

}  // namespace strads::lda
