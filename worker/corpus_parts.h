#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "strads/corpus.h"
#include "strads/parallel.h"
#include "worker/corpus_format.h"
#include "worker/text_file.h"
#include "worker/text_lines.h"

namespace strads {

// Appends documents to a corpus, one after the other.
class DocumentBuilder {
 public:
  void Reserve(std::size_t entries);
  void Add(int32_t word, int32_t count) {
    is_ascending_ = is_ascending_ && word > last_;
    last_ = word;
    tokens_ += count;
    corpus_.words.push_back(word);
    corpus_.counts.push_back(count);
  }
  // Sorts and merges the words of the document. False if it has more than 2^31 - 1 tokens.
  [[nodiscard]] bool EndDocument();
  Corpus Finish() { return std::move(corpus_); }

 private:
  void Merge();

  Corpus corpus_;
  int64_t tokens_ = 0;
  int32_t last_ = -1;
  bool is_ascending_ = true;
  std::vector<std::pair<int32_t, int32_t>> sorted_ = {};  // of the document that is merged
};

// The shard of a corpus that a worker reads.
class CorpusShard {
 public:
  // Throws std::logic_error unless there are no cuts or num_workers + 1, ascending from 0 to 1.
  CorpusShard(Shard shard, std::span<const double> cuts);

  bool is_last() const { return shard_.rank + 1 == shard_.num_workers; }
  // The half-open range of `count` bytes or documents.
  std::pair<int64_t, int64_t> RangeOf(int64_t count) const;

 private:
  Shard shard_;
  std::span<const double> cuts_;
};

// The readers of a shard of an open file, by format. Words have the numbers of the file, less
// layout.first_word; num_words of the result is one more than the largest, or layout.num_words if
// the file says it.
Corpus ReadUci(const TextFile& file,
               const CorpusLayout& layout,
               CorpusShard shard,
               ThreadPool& pool);
Corpus ReadPairs(const TextFile& file,
                 const CorpusLayout& layout,
                 CorpusShard shard,
                 ThreadPool& pool);
NamedCorpus ReadText(const TextFile& file,
                     const CorpusLayout& layout,
                     CorpusShard shard,
                     const IdTable* vocabulary,
                     const CorpusOptions& options,
                     ThreadPool& pool);

// The words of a file with one a line. Throws kData for an empty or a repeated one.
IdTable ReadWordList(const TextFile& file);

// One corpus of parts that follow each other; the first document is that of the first part.
Corpus JoinParts(std::vector<Corpus>& parts, ThreadPool& pool);

// Throws kData, "path:line: the document has more than 2^31 - 1 tokens, ...".
[[noreturn]] void FailTooLong(const TextFile& file, const char* where);

// Calls body(k) for 0 <= k < count.
template <class Body>
void ForEachPart(ThreadPool& pool, std::size_t count, Body&& body) {
  pool.ParallelFor(static_cast<int64_t>(count), [&](int64_t begin, int64_t end) {
    for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) body(k);
  });
}

// The sum of count(lines) over the pieces of whole lines that `text` is cut into.
template <class Count>
int64_t SumOverLines(ThreadPool& pool, std::string_view text, Count&& count) {
  const auto pieces = SplitLines(text, 0, std::ssize(text), pool.threads());
  std::vector<int64_t> counts(pieces.size());
  ForEachPart(pool, pieces.size(), [&](std::size_t k) { counts[k] = count(pieces[k]); });
  int64_t sum = 0;
  for (const int64_t part : counts) sum += part;
  return sum;
}

}  // namespace strads
