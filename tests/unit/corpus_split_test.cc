#include "strads/corpus_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/support/corpus_test.h"

namespace strads {
namespace {

using testing::Document;
using testing::DocumentsOf;
using ::testing::ElementsAre;
using CorpusSplitTest = testing::CorpusTest;

NamedCorpus RandomCorpus(const testing::TempDir& directory, int documents, Shard shard = {}) {
  const std::string text = testing::UciText(testing::RandomDocuments(documents, 20, 9), 20);
  return ReadDocuments(directory.Write("s", text), shard);
}

std::vector<Document> Sum(std::vector<Document> a, const std::vector<Document>& b) {
  EXPECT_EQ(a.size(), b.size());
  for (std::size_t d = 0; d < a.size(); ++d) {
    for (const auto& [word, count] : b[d]) a[d][word] += count;
  }
  return a;
}

int32_t CountTokens(const Document& document) {
  int32_t tokens = 0;
  for (const auto& [word, count] : document) tokens += count;
  return tokens;
}

TEST_F(CorpusSplitTest, PutsEachDocumentInOnePart) {
  const NamedCorpus corpus = RandomCorpus(directory_, 300);
  const auto [train, held_out] = SplitDocuments(corpus.documents, 0.3, 7);
  testing::ExpectValid(train);
  testing::ExpectValid(held_out);
  const auto kept = DocumentsOf(corpus.words, train), held = DocumentsOf(corpus.words, held_out);
  for (std::size_t d = 0; d < kept.size(); ++d) EXPECT_TRUE(kept[d].empty() || held[d].empty());
  EXPECT_EQ(Sum(kept, held), DocumentsOf(corpus));
}

TEST_F(CorpusSplitTest, DependsOnTheNumberOfADocumentOnly) {
  const NamedCorpus whole = RandomCorpus(directory_, 300);
  const auto expected = DocumentsOf(whole.words, SplitDocuments(whole.documents, 0.3, 7).held_out);
  std::vector<Document> held_out;
  for (int rank = 0; rank < 3; ++rank) {
    const NamedCorpus part = RandomCorpus(directory_, 300, {rank, 3, 1});
    const auto held = DocumentsOf(part.words, SplitDocuments(part.documents, 0.3, 7).held_out);
    held_out.insert(held_out.end(), held.begin(), held.end());
  }
  EXPECT_EQ(held_out, expected);
}

TEST_F(CorpusSplitTest, HoldsOutTheShareThatIsAskedFor) {
  constexpr int kDocuments = 20'000;
  for (const double share : {0.0, 0.01, 0.3, 1.0}) {
    for (const uint64_t seed : {1, 2}) {
      int held_out = 0;
      for (int d = 0; d < kDocuments; ++d) held_out += IsHeldOut(d, share, seed);
      // Five standard deviations.
      EXPECT_NEAR(held_out, share * kDocuments, 5 * std::sqrt(share * (1 - share) * kDocuments));
    }
  }
  // Two seeds are independent of each other.
  int both = 0;
  for (int d = 0; d < kDocuments; ++d) both += IsHeldOut(d, 0.3, 1) && IsHeldOut(d, 0.3, 2);
  EXPECT_NEAR(both, 0.09 * kDocuments, 5 * std::sqrt(0.09 * 0.91 * kDocuments));
}

TEST_F(CorpusSplitTest, TakesEverySecondToken) {
  const NamedCorpus corpus = ReadDocuments(Write("5\n9\n7\n1 1 1\n1 2 3\n1 5 2\n1 9 1\n2 3 1\n"
                                                 "4 1 4\n5 9 3\n"),
                                           {});
  // The tokens of the first are 1 2 2 2 5 5 9.
  const auto [train, held_out] = SplitTokens(corpus.documents);
  EXPECT_EQ(DocumentsOf(corpus.words, train),
            (std::vector<Document>{
                {{"1", 1}, {"2", 1}, {"5", 1}, {"9", 1}}, {{"3", 1}}, {}, {{"1", 2}}, {{"9", 2}}}));
  EXPECT_EQ(DocumentsOf(corpus.words, held_out),
            (std::vector<Document>{{{"2", 2}, {"5", 1}}, {}, {}, {{"1", 2}}, {{"9", 1}}}));
}

TEST_F(CorpusSplitTest, HalvesEveryDocument) {
  const NamedCorpus corpus = RandomCorpus(directory_, 300);
  const SplitCorpus split = SplitTokens(corpus.documents);
  testing::ExpectValid(split.train);
  testing::ExpectValid(split.held_out);
  const auto train = DocumentsOf(corpus.words, split.train),
             held_out = DocumentsOf(corpus.words, split.held_out);
  for (std::size_t d = 0; d < train.size(); ++d) {
    const int32_t more = CountTokens(train[d]) - CountTokens(held_out[d]);
    EXPECT_TRUE(more == 0 || more == 1);
  }
  EXPECT_EQ(Sum(train, held_out), DocumentsOf(corpus));
}

}  // namespace
}  // namespace strads
