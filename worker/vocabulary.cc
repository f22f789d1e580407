#include "strads/vocabulary.h"

#include <algorithm>
#include <string>
#include <utility>

#include "strads/error.h"
#include "strads/index.h"
#include "strads/parallel.h"

namespace strads {
namespace {

void CheckLimits(const VocabularyLimits& limits) {
  if (limits.min_documents < 0) {
    throw UsageError("the least number of documents of a word is " +
                     std::to_string(limits.min_documents) + ", expected at least 0");
  }
  if (!(limits.max_document_share > 0 && limits.max_document_share <= 1)) {
    throw UsageError("the largest share of documents of a word is " +
                     std::to_string(limits.max_document_share) +
                     ", expected more than 0 and at most 1");
  }
}

// The longest table, of which all others must be the beginning.
IdTable LongestTable(std::span<const WordCounts> shards) {
  const auto longest = std::max_element(
      shards.begin(), shards.end(),
      [](const WordCounts& a, const WordCounts& b) { return a.words.size() < b.words.size(); });
  for (const WordCounts& shard : shards) {
    for (int32_t i = 0; i < shard.words.size(); ++i) {
      if (shard.words.Name(i) == longest->words.Name(i)) continue;
      throw DataError("word " + std::to_string(i + 1) + " is '" + std::string(shard.words.Name(i)) +
                      "' on one worker and '" + std::string(longest->words.Name(i)) +
                      "' on another, expected the same vocabulary everywhere");
    }
  }
  IdTable words = longest->words;
  words.BuildIndex();
  return words;
}

// All words, with counts, before any is left out.
Vocabulary MergeAll(std::span<const WordCounts> shards) {
  bool is_numbered = true;
  std::vector<IdTable> tables;
  tables.reserve(shards.size());
  for (const WordCounts& shard : shards) {
    if (std::ssize(shard.documents) != shard.words.size() ||
        std::ssize(shard.tokens) != shard.words.size()) {
      throw ProtocolError("counts of words that do not fit their number");
    }
    is_numbered = is_numbered && shard.is_numbered;
    tables.push_back(shard.words);
  }
  Vocabulary all;
  all.words = is_numbered && !shards.empty() ? LongestTable(shards) : IdTable::Merge(tables);
  all.documents.resize(Index(all.words.size()));
  all.tokens.resize(Index(all.words.size()));
  for (const WordCounts& shard : shards) {
    all.num_documents += shard.num_documents;
    for (int32_t i = 0; i < shard.words.size(); ++i) {
      const auto word = Index(is_numbered ? i : all.words.Find(shard.words.Name(i)));
      all.documents[word] += shard.documents[Index(i)];
      all.tokens[word] += shard.tokens[Index(i)];
    }
  }
  return all;
}

// Which entries of a document are kept, and how.
class Indexer {
 public:
  Indexer(const NamedCorpus& corpus, const IdTable& vocabulary, int64_t min_tokens)
      : documents_(corpus.documents),
        numbers_(corpus.words.IndicesIn(vocabulary)),
        min_tokens_(min_tokens),
        keeps_order_(corpus.is_numbered && IsAscending()) {}

  // Entries that are left of document d; adds to what is left out.
  int64_t CountKept(std::size_t d, IndexedCorpus& left_out) const {
    int64_t entries = 0, tokens = 0, unknown = 0;
    for (std::size_t i = Begin(d); i < Begin(d + 1); ++i) {
      const bool is_known = Number(i) >= 0;
      entries += is_known;
      (is_known ? tokens : unknown) += documents_.counts[i];
    }
    left_out.unknown_tokens += unknown;
    if (tokens >= min_tokens_) return entries;
    left_out.short_documents += tokens > 0;
    return 0;
  }

  // Writes the entries of document d from `words` and `counts` on.
  void Write(std::size_t d, int32_t* words, int32_t* counts) {
    if (keeps_order_) {
      for (std::size_t i = Begin(d); i < Begin(d + 1); ++i) {
        if (Number(i) < 0) continue;
        *words++ = Number(i);
        *counts++ = documents_.counts[i];
      }
      return;
    }
    // Sorted as one number, of which the upper half is the word.
    sorted_.clear();
    for (std::size_t i = Begin(d); i < Begin(d + 1); ++i) {
      if (Number(i) < 0) continue;
      sorted_.push_back(static_cast<uint64_t>(Number(i)) << 32 |
                        static_cast<uint32_t>(documents_.counts[i]));
    }
    std::sort(sorted_.begin(), sorted_.end());
    for (const uint64_t entry : sorted_) {
      *words++ = static_cast<int32_t>(entry >> 32);
      *counts++ = static_cast<int32_t>(entry & 0xffffffff);
    }
  }

 private:
  std::size_t Begin(std::size_t d) const { return Index(documents_.begins[d]); }
  int32_t Number(std::size_t i) const { return numbers_[Index(documents_.words[i])]; }
  bool IsAscending() const {
    int32_t last = -1;
    return std::all_of(numbers_.begin(), numbers_.end(), [&](int32_t number) {
      return number < 0 || number > std::exchange(last, number);
    });
  }

  const Corpus& documents_;
  const std::vector<int32_t> numbers_;
  const int64_t min_tokens_;
  const bool keeps_order_;
  std::vector<uint64_t> sorted_ = {};
};

}  // namespace

WordCounts CountWords(const NamedCorpus& corpus) {
  WordCounts counts = {.words = corpus.words, .is_numbered = corpus.is_numbered};
  counts.documents.resize(Index(corpus.words.size()));
  counts.tokens.resize(Index(corpus.words.size()));
  counts.num_documents = corpus.documents.num_documents();
  for (std::size_t i = 0; i < corpus.documents.words.size(); ++i) {
    const auto word = Index(corpus.documents.words[i]);
    ++counts.documents[word];
    counts.tokens[word] += corpus.documents.counts[i];
  }
  return counts;
}

Vocabulary MergeVocabulary(std::span<const WordCounts> shards, const VocabularyLimits& limits) {
  CheckLimits(limits);
  Vocabulary all = MergeAll(shards);
  const double most = limits.max_document_share * static_cast<double>(all.num_documents);
  Vocabulary kept = {.num_documents = all.num_documents};
  for (int32_t i = 0; i < all.words.size(); ++i) {
    const int64_t documents = all.documents[Index(i)];
    if (documents < limits.min_documents) {
      ++kept.too_rare;
    } else if (static_cast<double>(documents) > most) {
      ++kept.too_frequent;
    } else {
      kept.words.Add(all.words.Name(i));
      kept.documents.push_back(documents);
      kept.tokens.push_back(all.tokens[Index(i)]);
    }
  }
  return kept;
}

IndexedCorpus IndexDocuments(const NamedCorpus& corpus,
                             const IdTable& vocabulary,
                             int64_t min_tokens,
                             int threads) {
  const Corpus& from = corpus.documents;
  const Indexer indexer(corpus, vocabulary, min_tokens);
  ThreadPool pool(threads);
  IndexedCorpus result;
  Corpus& to = result.documents;
  to.first_document = from.first_document;
  to.num_words = vocabulary.size();
  to.begins.resize(from.begins.size());
  const auto num_pieces = Index(pool.threads());
  const auto range = [&](std::size_t k) {
    return Shard{.rank = static_cast<int>(k), .num_workers = pool.threads()}.RangeOf(
        from.num_documents());
  };
  std::vector<IndexedCorpus> left_out(num_pieces);
  const auto for_each_piece = [&](const auto& body) {
    pool.ParallelFor(static_cast<int64_t>(num_pieces), [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) body(Index(k));
    });
  };
  for_each_piece([&](std::size_t k) {
    const auto [first, last] = range(k);
    for (int64_t d = first; d < last; ++d) {
      to.begins[Index(d) + 1] = indexer.CountKept(Index(d), left_out[k]);
    }
  });
  for (std::size_t d = 1; d < to.begins.size(); ++d) to.begins[d] += to.begins[d - 1];
  for (const IndexedCorpus& piece : left_out) {
    result.unknown_tokens += piece.unknown_tokens;
    result.short_documents += piece.short_documents;
  }
  to.words.resize(Index(to.begins.back()));
  to.counts.resize(Index(to.begins.back()));
  for_each_piece([&](std::size_t k) {
    Indexer writer = indexer;
    const auto [first, last] = range(k);
    for (int64_t d = first; d < last; ++d) {
      const std::size_t at = Index(to.begins[Index(d)]);
      if (to.begins[Index(d) + 1] > to.begins[Index(d)]) {
        writer.Write(Index(d), to.words.data() + at, to.counts.data() + at);
      }
    }
  });
  return result;
}

IndexedCorpus ReadCorpus(const std::string& path,
                         const IdTable& vocabulary,
                         Shard shard,
                         const CorpusOptions& options,
                         int64_t min_tokens) {
  return IndexDocuments(ReadDocuments(path, shard, options), vocabulary, min_tokens, shard.threads);
}

}  // namespace strads
