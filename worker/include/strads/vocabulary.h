#pragma once

#include <strads/corpus.h>
#include <strads/fields.h>
#include <strads/id_table.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace strads {

// How often the words of a shard occur. A message.
struct WordCounts {
  IdTable words = {};
  bool is_numbered = false;
  std::vector<int64_t> documents = {};  // that have the word
  std::vector<int64_t> tokens = {};     // of the word
  int64_t num_documents = 0;            // of the shard, with empty ones

  STRADS_FIELDS(words, is_numbered, documents, tokens, num_documents)
};

// O(entries + words).
WordCounts CountWords(const NamedCorpus& corpus);

// Which words are kept: those in at least min_documents and at most max_document_share times the
// number of documents (with empty ones). The default keeps all, even those that do not occur.
struct VocabularyLimits {
  int64_t min_documents = 0;
  double max_document_share = 1;
};

// The words of a model, and how often they occur in the corpus it was made from. A message: after
// Unpack words.BuildIndex() comes before use.
struct Vocabulary {
  IdTable words = {};
  std::vector<int64_t> documents = {};     // that have the word
  std::vector<int64_t> tokens = {};        // of the word, in all documents
  int64_t num_documents = 0;               // of the corpus, with empty ones
  int64_t too_rare = 0, too_frequent = 0;  // words that are not kept

  STRADS_FIELDS(words, documents, tokens, num_documents, too_rare, too_frequent)
};

// The vocabulary of all shards of a corpus. Its order: that of the file if words have numbers
// there; else that of IdTable::Merge, which depends on the set of words only (bytes ascending; by
// number if all are numbers). Hence it is the same for any number of shards.
// Throws kData if shards have different words for a number (a file that is not the same
// everywhere), kUsage for limits out of range (min_documents >= 0, 0 < max_document_share <= 1),
// kProtocol for counts that do not fit their words. O(n log n) for n words in all shards.
Vocabulary MergeVocabulary(std::span<const WordCounts> shards, const VocabularyLimits& limits = {});

// A shard of a corpus with the words of a vocabulary.
struct IndexedCorpus {
  Corpus documents = {};        // words ascending in each document
  int64_t unknown_tokens = 0;   // left out, as their words are not in the vocabulary
  int64_t short_documents = 0;  // made empty, as they had 1 to min_tokens - 1 tokens
};

// Gives each word its number in the vocabulary and leaves out those that have none; then empties
// documents with fewer than min_tokens tokens, which keep their numbers. vocabulary.words must be
// ready for Find. The result does not depend on the number of threads. O(entries), with sorting for
// text; memory: a second copy.
IndexedCorpus IndexDocuments(const NamedCorpus& corpus,
                             const IdTable& vocabulary,
                             int64_t min_tokens = 0,
                             int threads = 1);

// ReadDocuments and IndexDocuments in one: for when the vocabulary is known.
IndexedCorpus ReadCorpus(const std::string& path,
                         const IdTable& vocabulary,
                         Shard shard,
                         const CorpusOptions& options = {},
                         int64_t min_tokens = 0);

}  // namespace strads
