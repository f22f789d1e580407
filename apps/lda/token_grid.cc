#include "apps/lda/token_grid.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/random.h>
#include <strads/rotation_schedule.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace strads::lda {
namespace {

constexpr uint64_t kStartStream = uint64_t{0x7a} << 56;

std::vector<Topic> RandomTopics(const Corpus& documents,
                                std::span<const int64_t> ids,
                                const TokenGrid::Options& options) {
  std::vector<Topic> topics, few;
  if (options.topics < 1) return topics;
  topics.reserve(Index(documents.CountTokens()));
  for (int64_t d = 0; d < documents.num_documents(); ++d) {
    Random random(options.seed, kStartStream + static_cast<uint64_t>(ids[Index(d)]));
    const auto draw = [&] {
      return static_cast<Topic>(random.Below(static_cast<uint64_t>(options.topics)));
    };
    few.clear();
    while (std::ssize(few) < options.start_topics) few.push_back(draw());
    for (int64_t n = documents.Length(d); n > 0; --n)
      topics.push_back(few.empty() ? draw() : few[random.Below(few.size())]);
  }
  return topics;
}

}  // namespace

TokenGrid::TokenGrid(const Corpus& documents,
                     std::span<const int64_t> ids,
                     std::span<const int64_t> slice_begins,
                     const Options& options)
    : TokenGrid(documents, slice_begins, options, RandomTopics(documents, ids, options)) {}

TokenGrid::TokenGrid(const Corpus& documents,
                     std::span<const int64_t> slice_begins,
                     const Options& options,
                     std::span<const Topic> topics)
    : groups_(std::max(1, options.groups)), topics_(options.topics) {
  if (topics_ < 1 || topics_ > kMaxTopics) {
    throw UsageError(std::to_string(topics_) + " topics, expected 1 to " +
                     std::to_string(kMaxTopics));
  }
  const int64_t vocabulary = slice_begins.back();
  const auto groups = Index(groups_);
  for (int64_t d = 0; d < documents.num_documents(); ++d) lengths_.push_back(documents.Length(d));
  document_groups_ = BalancedRanges(lengths_, groups_);

  // Tokens of each word in each group of documents; then where the next of them goes.
  std::vector<int64_t> next(groups * Index(vocabulary));
  word_counts_.resize(Index(vocabulary));
  const auto for_each_group = [&](auto body) {
    for (size_t g = 0; g < groups; ++g)
      for (int64_t d = document_groups_[g]; d < document_groups_[g + 1]; ++d) body(g, d);
  };
  for_each_group([&](size_t g, int64_t d) {
    const auto words = documents.Words(d), counts = documents.Counts(d);
    for (size_t n = 0; n < words.size(); ++n) {
      next[g * Index(vocabulary) + Index(words[n])] += counts[n];
      word_counts_[Index(words[n])] += counts[n];
    }
  });

  int64_t tokens = 0;
  for (size_t b = 0; b + 1 < slice_begins.size(); ++b) {
    Slice& slice = slices_.emplace_back();
    slice.first_word = slice_begins[b];
    slice.words = slice_begins[b + 1] - slice_begins[b];
    const std::span own = WordCounts(static_cast<int64_t>(b));
    const std::vector<int64_t> counts(own.begin(), own.end());
    slice.size = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    const std::vector<int64_t> word_groups = BalancedRanges(counts, groups_);
    for (size_t g = 0; g < groups; ++g) {
      for (size_t h = 0; h < groups; ++h) {
        CellRange& cell = slice.cells.emplace_back();
        cell.first = std::ssize(words_);
        for (int64_t w = word_groups[h]; w < word_groups[h + 1]; ++w) {
          int64_t& place = next[g * Index(vocabulary) + Index(slice.first_word + w)];
          if (place == 0) continue;
          words_.push_back(static_cast<int32_t>(w));
          begins_.push_back(tokens);
          tokens += std::exchange(place, tokens);
        }
        cell.count = std::ssize(words_) - cell.first;
        begins_.push_back(tokens);
      }
    }
  }

  documents_.resize(Index(tokens));
  topics_of_.resize(Index(tokens));
  size_t next_topic = 0;
  for_each_group([&](size_t g, int64_t d) {
    const auto words = documents.Words(d), counts = documents.Counts(d);
    for (size_t n = 0; n < words.size(); ++n) {
      for (int32_t i = 0; i < counts[n]; ++i) {
        const size_t token = Index(next[g * Index(vocabulary) + Index(words[n])]++);
        documents_[token] = static_cast<int32_t>(d);
        topics_of_[token] = topics[next_topic++];
      }
    }
  });
}

std::span<const int32_t> TokenGrid::WordCounts(int64_t slice) const {
  const Slice& own = slices_[Index(slice)];
  return std::span(word_counts_).subspan(Index(own.first_word), Index(own.words));
}

int64_t TokenGrid::SliceSize(int64_t slice) const { return slices_[Index(slice)].size; }

bool TokenGrid::HasShortDocuments() const {
  return std::ranges::all_of(lengths_, [](int64_t length) { return length < 1 << 16; });
}

Cell TokenGrid::At(int64_t slice, int step, int group) {
  const int64_t number = int64_t{group} * groups_ + (group + step) % groups_;
  const CellRange& range = slices_[Index(slice)].cells[Index(number)];
  const int64_t before = slice * groups_ * groups_ + number;  // one more begin than words in each
  return {.words = std::span(words_).subspan(Index(range.first), Index(range.count)),
          .begins = std::span(begins_).subspan(Index(range.first + before), Index(range.count + 1)),
          .documents = documents_.data(),
          .topics = topics_of_.data()};
}

TokenGrid::ByDocument TokenGrid::TokensByDocument() const {
  ByDocument all;
  all.begins = {0};
  for (const int64_t length : lengths_) all.begins.push_back(all.begins.back() + length);
  std::vector<int64_t> next(all.begins.begin(), all.begins.end() - 1);
  all.words.resize(topics_of_.size());
  all.topics.resize(topics_of_.size());
  int64_t cells = 0;  // before; each has one more begin than words
  for (const Slice& slice : slices_) {
    for (const CellRange& range : slice.cells) {
      for (int64_t i = range.first; i < range.first + range.count; ++i) {
        const auto word = static_cast<int32_t>(slice.first_word + words_[Index(i)]);
        for (int64_t n = begins_[Index(i + cells)]; n < begins_[Index(i + cells + 1)]; ++n) {
          const auto place = Index(next[Index(documents_[Index(n)])]++);
          all.words[place] = word;
          all.topics[place] = topics_of_[Index(n)];
        }
      }
      ++cells;
    }
  }
  return all;
}

}  // namespace strads::lda
