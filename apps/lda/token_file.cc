#include "apps/lda/token_file.h"

#include <strads/error.h>
#include <strads/index.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "apps/lda/row_reader.h"

namespace strads::lda {
namespace {

using Pairs = std::vector<RowReader::Pair>;

// The topics of a document's tokens, which are sorted by word.
void AddTopics(const RowReader& reader,
               const Pairs& tokens,
               std::span<const int32_t> words,
               std::span<const int32_t> counts,
               std::span<const int32_t> word_of,
               std::vector<Topic>& topics) {
  int64_t sum = 0;
  for (size_t n = 0; n < words.size(); ++n) {
    const int32_t word = word_of[Index(words[n])];
    const auto begin = std::ranges::lower_bound(tokens, word, {}, &RowReader::Pair::left);
    const auto end = std::ranges::upper_bound(tokens, word, {}, &RowReader::Pair::left);
    if (end - begin != counts[n])
      reader.Fail("document " + std::to_string(reader.number()) + " has word " +
                  std::to_string(word) + " " + std::to_string(end - begin) + " times, expected " +
                  std::to_string(counts[n]) + " as in the data");
    for (auto token = begin; token != end; ++token)
      topics.push_back(static_cast<Topic>(token->right));
    sum += counts[n];
  }
  if (sum != std::ssize(tokens))
    reader.Fail("document " + std::to_string(reader.number()) + " has " +
                std::to_string(tokens.size()) + " tokens, expected " + std::to_string(sum) +
                " as in the data");
}

}  // namespace

std::vector<Topic> ReadTokenTopics(const std::string& path,
                                   const Corpus& documents,
                                   std::span<const int64_t> ids,
                                   std::span<const int32_t> word_of,
                                   int topics) {
  RowReader reader(path, {"document", std::numeric_limits<int64_t>::max()},
                   {"word", std::ssize(word_of) - 1}, {"topic", int64_t{topics} - 1});
  std::vector<Topic> read;
  read.reserve(Index(documents.CountTokens()));
  size_t next = 0;
  for (int64_t before = -1; next < ids.size() && reader.Next(); before = reader.number()) {
    if (reader.number() <= before)
      reader.Fail("document " + std::to_string(reader.number()) + " after document " +
                  std::to_string(before) + ", expected ascending documents");
    if (reader.number() < ids[next]) continue;
    if (reader.number() > ids[next]) break;
    const auto pairs = reader.Pairs();
    Pairs tokens(pairs.begin(), pairs.end());
    std::ranges::stable_sort(tokens, {}, &RowReader::Pair::left);
    const auto d = static_cast<int64_t>(next++);
    AddTopics(reader, tokens, documents.Words(d), documents.Counts(d), word_of, read);
  }
  if (next < ids.size())
    throw DataError(path + ": has no document " + std::to_string(ids[next]) +
                    ", expected all that are trained on");
  return read;
}

}  // namespace strads::lda
