#include "apps/lda/reading.h"

#include <strads/corpus_split.h>
#include <strads/index.h>
#include <strads/vocabulary.h>

#include <utility>

#include "apps/lda/row_file.h"
#include "apps/lda/token_file.h"

namespace strads::lda {

Reading::Reading(const Options& options, Shard shard) : options_(options), shard_(shard) {
  Read({});
}

void Reading::Read(const std::vector<double>& cuts) {
  CorpusOptions reading = options_.corpus();
  reading.cuts = cuts;
  named_ = {};
  named_ = ReadDocuments(options_.data, shard_, reading);
  held_out_.clear();
  held_out_documents_ = {};
  num_held_out_ = 0;
  Corpus& documents = named_.documents;
  const auto seed = static_cast<uint64_t>(options_.seed);
  for (int64_t d = 0; d < documents.num_documents(); ++d) {
    const bool is_held_out = options_.heldout_share > 0 &&
                             IsHeldOut(documents.first_document + d, options_.heldout_share, seed);
    held_out_.push_back(is_held_out ? 1 : 0);
    num_held_out_ += is_held_out;
  }
  if (num_held_out_ == 0) return;
  SplitCorpus split = SplitDocuments(documents, options_.heldout_share, seed);
  documents = std::move(split.train);
  held_out_documents_ = std::move(split.held_out);
}

void Reading::Count(Partial& partial) const {
  partial.words = CountWords(named_);
  partial.words.num_documents -= num_held_out_;
}

OwnDocuments Reading::Load(Update counted, Partial& partial) {
  if (!counted.cuts.empty()) Read(counted.cuts);
  counted.words.BuildIndex();
  IndexedCorpus indexed =
      IndexDocuments(named_, counted.words, options_.min_tokens, shard_.threads);
  OwnDocuments own{.documents = std::move(indexed.documents), .held_out = LoadHeldOut(counted)};
  std::vector<int32_t> number(counted.block_of_word.size()), word_of;
  for (const auto& words : WordsOfBlocks(counted.block_of_word, options_.num_blocks())) {
    for (size_t row = 0; row < words.size(); ++row)
      number[Index(words[row])] =
          static_cast<int32_t>(own.block_begins.back() + static_cast<int64_t>(row));
    own.block_begins.push_back(own.block_begins.back() + std::ssize(words));
    word_of.insert(word_of.end(), words.begin(), words.end());
  }
  for (int32_t& word : own.documents.words) word = number[Index(word)];
  // Those held out are empty by now.
  std::vector<int64_t> begins = {0};
  for (int64_t d = 0; d < own.documents.num_documents(); ++d) {
    if (held_out_[Index(d)]) continue;
    own.ids.push_back(own.documents.first_document + d);
    begins.push_back(own.documents.begins[Index(d + 1)]);
  }
  own.documents.begins = std::move(begins);
  if (!options_.resume.empty())
    own.topics = ReadTokenTopics(TokensPath(options_.resume), own.documents, own.ids, word_of,
                                 options_.topics);
  partial.documents = std::ssize(own.ids);
  partial.held_out = num_held_out_;
  partial.empty = own.documents.CountEmpty();
  partial.tokens = own.documents.CountTokens();
  partial.left_out = indexed.unknown_tokens;
  return own;
}

HeldOut Reading::LoadHeldOut(const Update& counted) {
  if (!options_.heldout.empty()) {
    IndexedCorpus read = ReadCorpus(options_.heldout, counted.words, shard_, options_.corpus());
    return {std::move(read.documents), counted.block_of_word, options_.num_blocks()};
  }
  named_.documents = std::exchange(held_out_documents_, {});
  const NamedCorpus named = std::exchange(named_, {});
  if (named.documents.words.empty()) return {};
  IndexedCorpus indexed = IndexDocuments(named, counted.words, 0, shard_.threads);
  return {std::move(indexed.documents), counted.block_of_word, options_.num_blocks()};
}

std::vector<std::vector<int32_t>> WordsOfBlocks(const std::vector<int32_t>& block_of_word,
                                                int num_blocks) {
  std::vector<std::vector<int32_t>> words(Index(num_blocks));
  for (size_t word = 0; word < block_of_word.size(); ++word)
    words[Index(block_of_word[word])].push_back(static_cast<int32_t>(word));
  return words;
}

}  // namespace strads::lda
