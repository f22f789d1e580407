#pragma once

#include <strads/aligned_vector.h>
#include <strads/corpus.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/lda/prior.h"

namespace strads::lda {

// A part of a worker's tokens, word by word: those of words[i], counted from the slice's first,
// are [begins[i], begins[i + 1]) of the worker's, documents ascending.
struct Cell {
  std::span<const int32_t> words;
  std::span<const int64_t> begins;  // words.size() + 1
  const int32_t* documents = nullptr;
  Topic* topics = nullptr;
};

// A worker's tokens with their topics, by slice of the vocabulary, and within a slice by cells:
// groups of documents x groups of words. With G groups of either, step s of a pass has the G cells
// of documents' group g and words' group g + s mod G, so that no two meet in a document or a word;
// and the documents of a group are few enough to stay in cache.
class TokenGrid {
 public:
  struct Options {
    int groups = 1;  // as many threads can be of use
    int topics = 1;
    uint64_t seed = 0;
    int start_topics = 0;  // 0: all
  };

  // Slice b holds the words [slice_begins[b], slice_begins[b + 1]). Those of document
  // d start uniform among all topics, or among start_topics that are drawn for it first (some may
  // be the same), from a generator of its own (seed, ids[d]), so they are the same whoever has the
  // document; tokens in the order of `documents`. O(tokens) time, 6 bytes for each.
  // Throws UsageError on topics out of 1..kMaxTopics.
  TokenGrid(const Corpus& documents,
            std::span<const int64_t> ids,
            std::span<const int64_t> slice_begins,
            const Options& options);
  // With topics that are given, one for each token in the order of `documents`.
  TokenGrid(const Corpus& documents,
            std::span<const int64_t> slice_begins,
            const Options& options,
            std::span<const Topic> topics);

  int groups() const { return groups_; }
  int topics() const { return topics_; }
  int64_t slices() const { return std::ssize(slices_); }
  // Tokens in all.
  int64_t size() const { return std::ssize(topics_of_); }
  // Of each word of a slice: how many tokens are here.
  std::span<const int32_t> WordCounts(int64_t slice) const;
  int64_t SliceSize(int64_t slice) const;
  // Tokens of each document.
  std::span<const int64_t> lengths() const { return lengths_; }
  // Whether no document has more than 65,535 tokens.
  bool HasShortDocuments() const;
  // Documents of group g: [DocumentGroups()[g], DocumentGroups()[g + 1]).
  std::span<const int64_t> document_groups() const { return document_groups_; }
  // The document and the topic of every token.
  std::span<const int32_t> token_documents() const { return documents_; }
  std::span<const Topic> token_topics() const { return topics_of_; }

  Cell At(int64_t slice, int step, int group);

  // Of every document the word and the topic of each token, words ascending, tokens of a word in
  // the order in which a grid that is made with these topics has them.
  struct ByDocument {
    std::vector<int64_t> begins;  // of each document; and the end
    std::vector<int32_t> words;   // numbered through all slices
    std::vector<Topic> topics;
  };
  ByDocument TokensByDocument() const;

 private:
  struct CellRange {
    int64_t first = 0;  // in words_ and, plus the cell's number, begins_
    int64_t count = 0;
  };
  struct Slice {
    int64_t first_word = 0;
    int64_t words = 0;
    int64_t size = 0;
    std::vector<CellRange> cells;  // documents' group by words' group
  };

  int groups_ = 1;
  int topics_ = 1;
  std::vector<int64_t> lengths_;
  std::vector<int64_t> document_groups_;
  std::vector<int32_t> word_counts_;
  std::vector<Slice> slices_;
  std::vector<int32_t> words_;  // of each cell: those with tokens
  std::vector<int64_t> begins_;
  AlignedVector<int32_t> documents_;
  AlignedVector<Topic> topics_of_;
};

}  // namespace strads::lda
