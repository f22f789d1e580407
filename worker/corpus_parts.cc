#include "worker/corpus_parts.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "strads/error.h"
#include "strads/index.h"

namespace strads {
namespace {

constexpr int64_t kMaxTokens = std::numeric_limits<int32_t>::max();

}  // namespace

CorpusShard::CorpusShard(Shard shard, std::span<const double> cuts) : shard_(shard), cuts_(cuts) {
  if (cuts.empty()) return;
  if (std::ssize(cuts) != shard.num_workers + 1 || !std::ranges::is_sorted(cuts) ||
      cuts.front() != 0 || cuts.back() != 1)
    throw std::logic_error("a corpus is cut into other shards than there are workers");
}

std::pair<int64_t, int64_t> CorpusShard::RangeOf(int64_t count) const {
  if (cuts_.empty()) return shard_.RangeOf(count);
  const auto at = [&](int worker) {
    return static_cast<int64_t>(cuts_[Index(worker)] * static_cast<double>(count));
  };
  return {at(shard_.rank), at(shard_.rank + 1)};
}

void DocumentBuilder::Reserve(std::size_t entries) {
  corpus_.words.reserve(entries);
  corpus_.counts.reserve(entries);
}

bool DocumentBuilder::EndDocument() {
  if (tokens_ > kMaxTokens) return false;
  if (!is_ascending_) Merge();
  corpus_.begins.push_back(std::ssize(corpus_.words));
  tokens_ = 0;
  last_ = -1;
  is_ascending_ = true;
  return true;
}

void DocumentBuilder::Merge() {
  const auto begin = static_cast<std::size_t>(corpus_.begins.back());
  sorted_.clear();
  for (std::size_t i = begin; i < corpus_.words.size(); ++i) {
    sorted_.emplace_back(corpus_.words[i], corpus_.counts[i]);
  }
  std::sort(sorted_.begin(), sorted_.end());
  std::size_t end = begin;
  for (const auto& [word, count] : sorted_) {
    if (end > begin && corpus_.words[end - 1] == word) {
      corpus_.counts[end - 1] += count;
    } else {
      corpus_.words[end] = word;
      corpus_.counts[end++] = count;
    }
  }
  corpus_.words.resize(end);
  corpus_.counts.resize(end);
}

Corpus JoinParts(std::vector<Corpus>& parts, ThreadPool& pool) {
  if (parts.size() == 1) return std::move(parts[0]);
  Corpus joined = {.first_document = parts[0].first_document};
  std::vector<std::size_t> documents = {1}, entries = {0};
  for (const Corpus& part : parts) {
    joined.num_words = std::max(joined.num_words, part.num_words);
    documents.push_back(documents.back() + part.begins.size() - 1);
    entries.push_back(entries.back() + part.words.size());
  }
  joined.begins.resize(documents.back());
  joined.words.resize(entries.back());
  joined.counts.resize(entries.back());
  const auto at = [](auto& values, std::size_t i) {
    return values.begin() + static_cast<std::ptrdiff_t>(i);
  };
  ForEachPart(pool, parts.size(), [&](std::size_t k) {
    const Corpus part = std::move(parts[k]);
    const auto offset = static_cast<int64_t>(entries[k]);
    std::transform(part.begins.begin() + 1, part.begins.end(), at(joined.begins, documents[k]),
                   [&](int64_t begin) { return begin + offset; });
    std::copy(part.words.begin(), part.words.end(), at(joined.words, entries[k]));
    std::copy(part.counts.begin(), part.counts.end(), at(joined.counts, entries[k]));
  });
  return joined;
}

void FailTooLong(const TextFile& file, const char* where) {
  throw ErrorAt(file, where,
                "the document has more than 2147483647 tokens, expected smaller counts");
}

}  // namespace strads
