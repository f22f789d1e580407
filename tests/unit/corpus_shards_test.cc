#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "strads/corpus.h"
#include "strads/vocabulary.h"
#include "tests/support/corpus_test.h"

namespace strads {
namespace {

using testing::Document;
using testing::DocumentsOf;
using testing::PairsText;
using testing::RandomDocuments;
using testing::UciText;
using CorpusShardsTest = testing::CorpusTest;

// The lines after the header of a uci text in another order.
std::string Shuffle(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  std::mt19937 random(5);
  std::shuffle(lines.begin() + 3, lines.end(), random);
  std::string shuffled;
  for (const std::string& line : lines) shuffled += line;
  return shuffled;
}

std::string PlainText(const std::vector<std::map<int, int>>& documents) {
  std::string text;
  for (const auto& document : documents) {
    for (const auto& [word, count] : document) {
      for (int i = 0; i < count; ++i) text += "Word" + std::to_string(word * 7919) + ", the ";
    }
    text += document.size() % 3 == 0 ? "\r\n" : "\n";
  }
  return text;
}

class Case {
 public:
  Case(std::string name, std::string text) : name(std::move(name)), text(std::move(text)) {}
  std::string name, text;
};

std::vector<Case> Cases() {
  const auto documents = RandomDocuments(120, 40, 3);
  auto with_long = documents;
  for (int word = 0; word < 40; ++word) with_long[60][word] = 1000 + word;
  std::vector<std::map<int, int>> edges(30);
  edges[10] = {{0, 1}};
  edges[11] = {{1, 1}, {2, 1}};
  return {{"uci", UciText(documents, 40)},
          {"uci with a long document", UciText(with_long, 40)},
          {"uci of few documents", UciText(edges, 40)},
          {"uci out of order", Shuffle(UciText(documents, 40))},
          {"lda-c", PairsText(documents, true)},
          {"libsvm", PairsText(documents, false)},
          {"text", PlainText(documents)}};
}

TEST_F(CorpusShardsTest, TogetherAreTheFileForAnyNumberOfThreads) {
  for (const Case& c : Cases()) {
    const std::string path = Write(c.text);
    const NamedCorpus whole = ReadDocuments(path, {});
    EXPECT_EQ(whole.documents.first_document, 0);
    for (const int workers : {1, 2, 3, 7, 40}) {
      std::vector<Document> documents;
      for (int rank = 0; rank < workers; ++rank) {
        const NamedCorpus one = ReadDocuments(path, {rank, workers, 1});
        testing::ExpectValid(one.documents);
        EXPECT_EQ(one.documents.first_document, std::ssize(documents)) << c.name;
        for (const int threads : {2, 5}) {
          const NamedCorpus many = ReadDocuments(path, {rank, workers, threads});
          EXPECT_TRUE(many.documents == one.documents) << c.name;
          EXPECT_TRUE(many.words == one.words) << c.name;
        }
        const std::vector<Document> part = DocumentsOf(one);
        documents.insert(documents.end(), part.begin(), part.end());
      }
      EXPECT_EQ(documents, DocumentsOf(whole)) << c.name << ", " << workers;
    }
  }
}

TEST_F(CorpusShardsTest, TogetherAreTheFileWhereverItIsCut) {
  for (const Case& c : Cases()) {
    const std::string path = Write(c.text);
    const NamedCorpus whole = ReadDocuments(path, {});
    for (const std::vector<double>& cuts :
         {std::vector<double>{0, 0.01, 0.9, 1}, {0, 0.5, 0.5, 1}, {0, 0, 1, 1}}) {
      std::vector<Document> documents;
      for (int rank = 0; rank < 3; ++rank) {
        const NamedCorpus one = ReadDocuments(path, {rank, 3, 1}, {.cuts = cuts});
        EXPECT_EQ(one.documents.first_document, std::ssize(documents)) << c.name;
        EXPECT_TRUE(ReadDocuments(path, {rank, 3, 4}, {.cuts = cuts}).documents == one.documents);
        const std::vector<Document> part = DocumentsOf(one);
        documents.insert(documents.end(), part.begin(), part.end());
      }
      EXPECT_EQ(documents, DocumentsOf(whole)) << c.name;
    }
  }
}

TEST_F(CorpusShardsTest, AreAsManyAsTheCutsSay) {
  const std::string path = Write("1 0:1\n");
  for (const std::vector<double>& cuts :
       {std::vector<double>{0, 1}, {0, 0.6, 0.5, 1}, {0.1, 0.5, 0.6, 1}, {0, 0.5, 0.6, 0.9}})
    EXPECT_THROW(ReadDocuments(path, {0, 3, 1}, {.cuts = cuts}), std::logic_error);
}

TEST_F(CorpusShardsTest, ReadTheDocumentsThatWereWritten) {
  const auto documents = RandomDocuments(120, 40, 3);
  std::vector<Document> expected;
  for (const auto& document : documents) {
    Document& named = expected.emplace_back();
    for (const auto& [word, count] : document) named[std::to_string(word + 1)] = count;
  }
  EXPECT_EQ(Read(UciText(documents, 40)), expected);
  EXPECT_EQ(Read(Shuffle(UciText(documents, 40))), expected);
  EXPECT_EQ(Read(PairsText(documents, true)), expected);
  EXPECT_EQ(Read(PairsText(documents, false)), expected);
}

TEST_F(CorpusShardsTest, GiveOneVocabularyAndOneIndexedCorpus) {
  int64_t left_out = 0;
  for (const Case& c : Cases()) {
    const std::string path = Write(c.text);
    const VocabularyLimits limits = {.min_documents = 5, .max_document_share = 0.25};
    const NamedCorpus whole = ReadDocuments(path, {});
    const Vocabulary expected = MergeVocabulary(std::vector{CountWords(whole)}, limits);
    const IndexedCorpus reference = IndexDocuments(whole, expected.words, 2);
    left_out += expected.too_rare;
    for (const int workers : {2, 3, 7, 40}) {
      std::vector<WordCounts> counts;
      for (int rank = 0; rank < workers; ++rank) {
        counts.push_back(CountWords(ReadDocuments(path, {rank, workers, 1 + rank % 2})));
      }
      const Vocabulary merged = MergeVocabulary(counts, limits);
      EXPECT_TRUE(merged.words == expected.words) << c.name;
      EXPECT_EQ(merged.documents, expected.documents);
      EXPECT_EQ(merged.tokens, expected.tokens);
      EXPECT_EQ(merged.num_documents, expected.num_documents);
      EXPECT_EQ(merged.too_rare, expected.too_rare);
      EXPECT_EQ(merged.too_frequent, expected.too_frequent);
      IndexedCorpus all;
      for (int rank = 0; rank < workers; ++rank) {
        const Shard shard = {rank, workers, 1 + rank % 3};
        const IndexedCorpus part = ReadCorpus(path, merged.words, shard, {}, 2);
        Corpus& to = all.documents;
        EXPECT_EQ(part.documents.first_document, to.num_documents());
        to.num_words = part.documents.num_words;
        for (std::size_t d = 1; d < part.documents.begins.size(); ++d) {
          to.begins.push_back(part.documents.begins[d] + std::ssize(to.words));
        }
        to.words.insert(to.words.end(), part.documents.words.begin(), part.documents.words.end());
        to.counts.insert(to.counts.end(), part.documents.counts.begin(),
                         part.documents.counts.end());
        all.unknown_tokens += part.unknown_tokens;
        all.short_documents += part.short_documents;
      }
      EXPECT_TRUE(all.documents == reference.documents) << c.name;
      EXPECT_EQ(all.unknown_tokens, reference.unknown_tokens);
      EXPECT_EQ(all.short_documents, reference.short_documents);
    }
  }
  EXPECT_GT(left_out, 0);
}

TEST_F(CorpusShardsTest, AreAboutEqualInBytes) {
  const std::string path = Write(UciText(RandomDocuments(2000, 40, 4), 40));
  const int64_t entries = std::ssize(ReadDocuments(path, {}).documents.words);
  for (int rank = 0; rank < 4; ++rank) {
    const auto part = std::ssize(ReadDocuments(path, {rank, 4, 1}).documents.words);
    EXPECT_NEAR(static_cast<double>(part), static_cast<double>(entries) / 4,
                static_cast<double>(entries) / 40);
  }
}

TEST_F(CorpusShardsTest, ReportTheFirstBadLineWhateverTheThreads) {
  std::string uci = "5000\n9\n5000\n", pairs, text;
  for (int i = 1; i <= 5000; ++i) {
    const std::string number = std::to_string(i);
    uci += i % 700 == 0 ? number + " 10 1\n" : number + " 3 1\n";
    pairs += i % 700 == 0 ? "1 3:0\n" : "1 3:1\n";
    text += i % 700 == 0 ? "bad \xFF\n" : "good words\n";
  }
  for (const int threads : {1, 2, 3, 8}) {
    EXPECT_EQ(MessageFor(uci, {}, {.threads = threads}).substr(0, 4), "703:");
    EXPECT_EQ(MessageFor(pairs, {}, {.threads = threads}).substr(0, 4), "700:");
    EXPECT_EQ(MessageFor(text, {}, {.threads = threads}).substr(0, 4), "700:");
  }
}

TEST_F(CorpusShardsTest, RefuseEveryBadLineInOneOfThem) {
  for (const std::string bad : {"x 1 1", "0 1 1", "99 1 1", "3 1", "3", "3 x 1", "3 0 1"}) {
    for (std::size_t at = 0; at <= 6; ++at) {
      std::vector<std::string> lines = {"1 1 1", "1 2 1", "2 1 1", "3 1 1", "3 2 1", "5 1 1"};
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), bad);
      std::string text = "5\n2\n7\n";
      for (const std::string& line : lines) text += line + "\n";
      const std::string where = std::to_string(at + 4) + ":";
      for (const int workers : {1, 2, 3, 5}) {
        int refused = 0;
        for (int rank = 0; rank < workers; ++rank) {
          const std::string message = MessageFor(text, {}, {rank, workers, 1 + rank % 2});
          refused += message.substr(0, where.size()) == where;
        }
        EXPECT_GE(refused, 1) << text << workers;
      }
    }
  }
}

}  // namespace
}  // namespace strads
