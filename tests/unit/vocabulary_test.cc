#include "strads/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "strads/error.h"
#include "tests/support/corpus_test.h"

namespace strads {
namespace {

using testing::Document;
using testing::DocumentsOf;
using ::testing::ElementsAre;
using VocabularyTest = testing::CorpusTest;

std::vector<std::string> NamesOf(const IdTable& words) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < words.size(); ++i) names.emplace_back(words.Name(i));
  return names;
}

Vocabulary MakeVocabulary(const NamedCorpus& corpus, const VocabularyLimits& limits = {}) {
  return MergeVocabulary(std::vector{CountWords(corpus)}, limits);
}

TEST_F(VocabularyTest, OfTextIsAlphabetical) {
  const NamedCorpus corpus = ReadDocuments(Write("zebra apple zebra\n\nmango zebra\n"), {});
  const Vocabulary vocabulary = MakeVocabulary(corpus);
  EXPECT_THAT(NamesOf(vocabulary.words), ElementsAre("apple", "mango", "zebra"));
  EXPECT_THAT(vocabulary.documents, ElementsAre(1, 1, 2));
  EXPECT_THAT(vocabulary.tokens, ElementsAre(1, 1, 3));
  EXPECT_EQ(vocabulary.num_documents, 3);
  const Corpus indexed = IndexDocuments(corpus, vocabulary.words).documents;
  EXPECT_THAT(indexed.begins, ElementsAre(0, 2, 2, 4));
  EXPECT_THAT(indexed.words, ElementsAre(0, 2, 1, 2));
  EXPECT_THAT(indexed.counts, ElementsAre(1, 2, 1, 1));
}

TEST_F(VocabularyTest, OfCountsHasTheOrderOfTheFileAndAllItsWords) {
  const NamedCorpus numbers = ReadDocuments(Write("1\n11\n2\n1 10 1\n1 2 5\n"), {});
  EXPECT_EQ(MakeVocabulary(numbers).words.size(), 11);
  EXPECT_EQ(MakeVocabulary(numbers).words.Name(9), "10");
  const std::string words = directory_.Write("v", "zebra\nmango\napple\n");
  const NamedCorpus named = ReadDocuments(Write("2 0:1 2:1\n"), {}, {.vocabulary = words});
  EXPECT_THAT(NamesOf(MakeVocabulary(named).words), ElementsAre("zebra", "mango", "apple"));
  EXPECT_THAT(NamesOf(MakeVocabulary(named, {.min_documents = 1}).words),
              ElementsAre("zebra", "apple"));
}

TEST_F(VocabularyTest, IsCutAtBothEnds) {
  // In 4 of 4 documents: 1; in 3: 2; in 2: 3; in 1: 4; in none: 5.
  const NamedCorpus corpus =
      ReadDocuments(Write("4\n5\n10\n1 1 9\n1 2 1\n1 3 1\n1 4 1\n2 1 1\n2 2 1\n2 3 1\n3 1 1\n"
                          "3 2 1\n4 1 1\n"),
                    {});
  const auto kept = [&](const VocabularyLimits& limits) {
    return NamesOf(MakeVocabulary(corpus, limits).words);
  };
  EXPECT_THAT(kept({}), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(kept({.min_documents = 2}), ElementsAre("1", "2", "3"));
  EXPECT_THAT(kept({.max_document_share = 0.75}), ElementsAre("2", "3", "4", "5"));
  EXPECT_THAT(kept({.min_documents = 2, .max_document_share = 0.5}), ElementsAre("3"));
  const Vocabulary cut = MakeVocabulary(corpus, {.min_documents = 2, .max_document_share = 0.5});
  EXPECT_EQ(cut.too_rare, 2);
  EXPECT_EQ(cut.too_frequent, 2);
  for (const VocabularyLimits& bad :
       {VocabularyLimits{.min_documents = -1}, VocabularyLimits{.max_document_share = 0},
        VocabularyLimits{.max_document_share = 1.5},
        VocabularyLimits{.max_document_share = std::numeric_limits<double>::quiet_NaN()}}) {
    EXPECT_THROW(kept(bad), Error);
  }
}

TEST_F(VocabularyTest, LeavesOutUnknownWordsAndShortDocuments) {
  IdTable words;
  for (const char* word : {"mango", "apple"}) words.Add(word);
  const NamedCorpus corpus =
      ReadDocuments(Write("apple zebra zebra\nmango apple mango\nzebra\n\napple apple\n"), {});
  const IndexedCorpus all = IndexDocuments(corpus, words);
  EXPECT_EQ(DocumentsOf(words, all.documents),
            (std::vector<Document>{
                {{"apple", 1}}, {{"mango", 2}, {"apple", 1}}, {}, {}, {{"apple", 2}}}));
  EXPECT_EQ(all.unknown_tokens, 3);
  EXPECT_EQ(all.short_documents, 0);
  EXPECT_EQ(all.documents.CountEmpty(), 2);
  EXPECT_EQ(all.documents.num_words, 2);
  const IndexedCorpus some = IndexDocuments(corpus, words, 2, 3);
  EXPECT_EQ(DocumentsOf(words, some.documents),
            (std::vector<Document>{{}, {{"mango", 2}, {"apple", 1}}, {}, {}, {{"apple", 2}}}));
  EXPECT_EQ(some.unknown_tokens, 3);
  EXPECT_EQ(some.short_documents, 1);
  EXPECT_EQ(some.documents.CountEmpty(), 3);
}

TEST_F(VocabularyTest, MatchesWordsOfAnotherFileByName) {
  const std::string words = directory_.Write("v", "zebra\nmango\napple\n");
  const NamedCorpus corpus = ReadDocuments(Write("3 0:1 1:2 2:3\n"), {}, {.vocabulary = words});
  IdTable model;
  for (const char* word : {"apple", "kiwi", "zebra"}) model.Add(word);
  const IndexedCorpus indexed = IndexDocuments(corpus, model);
  EXPECT_THAT(indexed.documents.words, ElementsAre(0, 2));
  EXPECT_THAT(indexed.documents.counts, ElementsAre(3, 1));
  EXPECT_EQ(indexed.unknown_tokens, 2);
}

TEST_F(VocabularyTest, RefusesCountsThatDoNotFit) {
  WordCounts a = CountWords(ReadDocuments(Write("1 0:1\n"), {}));
  WordCounts b = a;
  b.tokens.clear();
  EXPECT_THROW(MergeVocabulary(std::vector{b}), Error);
  b = a;
  b.words = {};
  b.words.Add("other");
  EXPECT_THROW(MergeVocabulary(std::vector{a, b}), Error);
  EXPECT_EQ(MergeVocabulary({}).words.size(), 0);
}

}  // namespace
}  // namespace strads
