#include "apps/lda/invariants.h"

#include <strads/index.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace strads::lda {

CountsElsewhere::CountsElsewhere(TokenGrid& grid, int64_t slice, const WordRows& rows, bool has_own)
    : counts_(Of(rows)) {
  if (has_own) Subtract(grid, slice, counts_);
}

CountsElsewhere::Counts CountsElsewhere::Of(const WordRows& rows) {
  Counts counts;
  for (int64_t word = 0; word < rows.words(); ++word) {
    const WordRows::Row row = rows.Of(word);
    for (size_t n = 0; n < row.topics.size(); ++n) {
      if (row.counts[n] <= 0 || (n > 0 && row.topics[n] <= row.topics[n - 1]))
        throw std::logic_error("the row of a word is not one of ascending topics with counts");
      counts[{word, row.topics[n]}] = row.counts[n];
    }
  }
  return counts;
}

void CountsElsewhere::Subtract(TokenGrid& grid, int64_t slice, Counts& counts) {
  for (int step = 0; step < grid.groups(); ++step) {
    for (int group = 0; group < grid.groups(); ++group) {
      const Cell cell = grid.At(slice, step, group);
      for (size_t i = 0; i < cell.words.size(); ++i) {
        for (int64_t n = cell.begins[i]; n < cell.begins[i + 1]; ++n) {
          const auto found = counts.find({cell.words[i], cell.topics[n]});
          if (found == counts.end())
            throw std::logic_error("a word's row counts a topic less often than tokens have it");
          if (--found->second == 0) counts.erase(found);
        }
      }
    }
  }
}

void CountsElsewhere::Check(TokenGrid& grid, int64_t slice, const WordRows& rows) const {
  Counts now = Of(rows);
  Subtract(grid, slice, now);
  if (now != counts_)
    throw std::logic_error("sampling changed counts of tokens that are not here, in block " +
                           std::to_string(slice));
}

void CheckDocuments(const TokenGrid& grid, const Sampler& sampler) {
  const auto topics = Index(grid.topics());
  std::vector<int64_t> counts(grid.lengths().size() * topics);
  const auto documents = grid.token_documents();
  for (size_t n = 0; n < documents.size(); ++n)
    ++counts[Index(documents[n]) * topics + grid.token_topics()[n]];
  std::vector<TopicCount> row;
  for (size_t d = 0; d < grid.lengths().size(); ++d) {
    sampler.CountsOf(static_cast<int64_t>(d), row);
    for (const TopicCount& own : row) counts[d * topics + own.topic] -= own.count;
    for (size_t k = 0; k < topics; ++k)
      if (counts[d * topics + k] != 0)
        throw std::logic_error("document " + std::to_string(d) + " of a worker has topic " +
                               std::to_string(k) + " not as often as its tokens");
  }
}

}  // namespace strads::lda
