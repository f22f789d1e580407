#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/message.h>

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <vector>

#include "apps/lda/log_gamma.h"
#include "apps/lda/word_scratch.h"
#include "apps/lda/word_topics.h"
#include "tests/numerics/lda_problems.h"

namespace strads::testing {
namespace {

using lda::Topic;
using lda::WordRows;
using lda::WordTopics;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

WordRows MakeRows(int topics, const std::vector<std::map<Topic, int32_t>>& words) {
  std::vector<int32_t> extra;
  for (const auto& word : words) extra.push_back(static_cast<int32_t>(word.size()));
  WordRows rows(WordTopics(std::ssize(words), topics), extra, topics);
  for (int64_t w = 0; w < rows.words(); ++w) {
    int64_t size = 0;
    for (const auto& [topic, count] : words[static_cast<size_t>(w)]) {
      rows.TopicsAt(w)[size] = topic;
      rows.CountsAt(w)[size++] = count;
    }
    rows.Resize(w, size);
  }
  return rows;
}

const std::vector<std::map<Topic, int32_t>> kWords = {
    {{0, 1}, {1, 1}, {63, 2}, {64, 129}, {8000, 16384}, {65534, 2147483647}},
    {},
    {{65534, 1}},
    {{0, 2147483647}, {40000, 2}}};

TEST(LdaWordTopicsTest, RowsAreTheSameAfterATravel) {
  const WordRows rows = MakeRows(lda::kMaxTopics, kWords);
  const WordTopics packed = Unpack<WordTopics>(Pack(rows.Pack()));
  const std::vector<int32_t> extra = {0, 3, 0, 1};
  const WordRows again(packed, extra, lda::kMaxTopics);
  ASSERT_EQ(again.words(), 4);
  EXPECT_EQ(again.size(), 9);
  for (int64_t w = 0; w < 4; ++w) {
    const auto& word = kWords[static_cast<size_t>(w)];
    const WordRows::Row row = again.Of(w);
    ASSERT_EQ(row.topics.size(), word.size());
    size_t n = 0;
    for (const auto& [topic, count] : word) {
      EXPECT_EQ(row.topics[n], topic);
      EXPECT_EQ(row.counts[n++], count);
    }
    EXPECT_EQ(again.Capacity(w), static_cast<int64_t>(word.size()) + extra[static_cast<size_t>(w)]);
  }
  EXPECT_EQ(again.Pack(), packed);
}

TEST(LdaWordTopicsTest, TakesFewBytes) {
  // One byte for the number of topics; one for a single token of a near topic; two for more.
  EXPECT_EQ(MakeRows(1000, {{{5, 1}}}).Pack().bytes.size(), 2U);
  EXPECT_EQ(MakeRows(1000, {{{5, 100}}}).Pack().bytes.size(), 3U);
  EXPECT_EQ(MakeRows(8192, {{{8191, 16384}}}).Pack().bytes.size(), 5U);
  EXPECT_EQ(WordTopics(7, 100).bytes.size(), 7U);
}

TEST(LdaWordTopicsTest, RoomIsAtMostTheTopics) {
  const WordRows rows(WordTopics(1, 5), std::vector<int32_t>{100}, 5);
  EXPECT_EQ(rows.Capacity(0), 5);
}

TEST(LdaWordTopicsTest, TotalsAreSums) {
  std::vector<int64_t> totals = {1, 0, 0};
  MakeRows(3, {{{0, 2}, {2, 1}}, {{2, 5}}}).AddTo(totals);
  EXPECT_THAT(totals, ElementsAre(3, 0, 6));
}

void ExpectRefused(const WordTopics& packed, int64_t words, int topics) {
  try {
    const WordRows rows(packed, std::vector<int32_t>(static_cast<size_t>(words)), topics);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kProtocol);
  }
}

TEST(LdaWordTopicsTest, RefusesBytesThatAreNoRows) {
  const WordTopics good = MakeRows(lda::kMaxTopics, kWords).Pack();
  ExpectRefused(good, 3, lda::kMaxTopics);
  ExpectRefused(good, 4, lda::kMaxTopics - 1);
  for (size_t size = 0; size < good.bytes.size(); ++size) {
    WordTopics cut = good;
    cut.bytes.resize(size);
    ExpectRefused(cut, 4, lda::kMaxTopics);
  }
  WordTopics bad = good;
  bad.bytes.push_back(0);
  ExpectRefused(bad, 4, lda::kMaxTopics);
  const auto refuse = [](const std::vector<uint8_t>& bytes) {
    WordTopics packed(1, 10);
    packed.bytes = bytes;
    ExpectRefused(packed, 1, 10);
  };
  refuse({11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});    // more topics than there are
  refuse({2, 0, 18});                               // topic 10
  refuse({1, 20});                                  // topic 10
  refuse({1, 0x80, 0});                             // a number that could be shorter
  refuse({1, 0xff, 0xff, 0xff, 0xff, 0x7f});        // a number beyond 32 bits
  refuse({1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});  // likewise
  refuse({1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f});     // a count beyond 31 bits
  refuse({0xff, 0xff, 0xff, 0xff, 0x0f});           // many topics
}

TEST(LdaWordTopicsTest, AnyBytesAreRowsOrRefused) {
  Random random(1);
  int refused = 0, taken = 0;
  for (int n = 0; n < 20000; ++n) {
    WordTopics packed(3, 50);
    packed.bytes.resize(random.Below(12));
    for (uint8_t& byte : packed.bytes) {
      byte = static_cast<uint8_t>(random());
      if (random.Below(5) > 0) byte %= 4;
    }
    try {
      const WordRows rows(packed, std::vector<int32_t>(3), 50);
      for (int64_t w = 0; w < 3; ++w) {
        const WordRows::Row row = rows.Of(w);
        for (size_t i = 0; i < row.topics.size(); ++i) {
          EXPECT_LT(row.topics[i], 50);
          EXPECT_GT(row.counts[i], 0);
          if (i > 0) {
            EXPECT_GT(row.topics[i], row.topics[i - 1]);
          }
        }
      }
      EXPECT_EQ(rows.Pack(), packed);
      ++taken;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(taken, 100);
}

TEST(LdaWordScratchTest, WritesWhatItReadAndWhatWasChanged) {
  WordRows rows = MakeRows(130, {{{0, 1}, {64, 2}, {129, 3}}, {}});
  rows = WordRows(rows.Pack(), std::vector<int32_t>{1, 0}, 130);
  lda::WordScratch scratch(130);
  scratch.Load(rows, 0);
  EXPECT_EQ(scratch.counts()[64], 2);
  --scratch.counts()[0];
  ++scratch.counts()[65];
  scratch.Use(65);
  scratch.Store(rows, 0);
  EXPECT_THAT(rows.Of(0).topics, ElementsAre(64, 65, 129));
  EXPECT_THAT(rows.Of(0).counts, ElementsAre(2, 1, 3));
  for (int k = 0; k < 130; ++k) EXPECT_EQ(scratch.counts()[k], 0);
  scratch.counts()[1] = 1;
  scratch.Use(1);
  EXPECT_THROW(scratch.Store(rows, 1), std::logic_error);
}

TEST(LdaTokenGridTest, HoldsEveryTokenInItsCell) {
  const Corpus documents = DrawDocuments(40, 20, 30);
  const std::vector<int64_t> begins = {0, 10, 10, 30};
  lda::TokenGrid grid(documents, FirstIds(40), begins, {.groups = 3, .topics = 4, .seed = 1});
  std::map<std::pair<int64_t, int64_t>, int32_t> seen, expected;
  for (int64_t b = 0; b < grid.slices(); ++b) {
    int64_t size = 0;
    for (int step = 0; step < 3; ++step) {
      std::map<int64_t, int> group_of_word, group_of_document;
      for (int group = 0; group < 3; ++group) {
        const lda::Cell cell = grid.At(b, step, group);
        for (size_t i = 0; i < cell.words.size(); ++i) {
          EXPECT_LT(cell.begins[i], cell.begins[i + 1]);
          EXPECT_EQ(group_of_word.try_emplace(cell.words[i], group).first->second, group);
          for (int64_t n = cell.begins[i]; n < cell.begins[i + 1]; ++n) {
            const int64_t d = cell.documents[n];
            EXPECT_EQ(group_of_document.try_emplace(d, group).first->second, group);
            EXPECT_LT(cell.topics[n], 4);
            ++seen[{d, begins[static_cast<size_t>(b)] + cell.words[i]}];
            ++size;
          }
        }
      }
    }
    EXPECT_EQ(size, grid.SliceSize(b));
  }
  for (int64_t d = 0; d < documents.num_documents(); ++d) {
    for (size_t n = 0; n < documents.Words(d).size(); ++n)
      expected[{d, documents.Words(d)[n]}] = documents.Counts(d)[n];
  }
  EXPECT_EQ(seen, expected);
  EXPECT_THROW(lda::TokenGrid(documents, FirstIds(40), begins, {.groups = 1, .topics = 65536}),
               Error);
}

// Whoever has a document starts it with the same topics.
TEST(LdaTokenGridTest, StartsADocumentTheSameEverywhere) {
  const std::vector<int64_t> begins = {0, 3};
  const lda::TokenGrid::Options options{.groups = 1, .topics = 50, .seed = 4};
  const lda::TokenGrid all(MakeDocuments({{0, 1}, {0, 1, 2}}), FirstIds(2), begins, options);
  const lda::TokenGrid one(MakeDocuments({{0, 1, 2}}), FirstIds(1, 1), begins, options);
  std::vector<Topic> topics;
  for (size_t n = 0; n < all.token_topics().size(); ++n)
    if (all.token_documents()[n] == 1) topics.push_back(all.token_topics()[n]);
  EXPECT_THAT(one.token_topics(), ElementsAreArray(topics));
}

TEST(LogRising, IsExactForTheSmallestPriors) {
  for (const double x : {1e-300, 1e-17, 1e-15, 1e-3, 0.1, 50.0}) {
    const lda::LogRising rising(x);
    EXPECT_EQ(rising(0), 0);
    EXPECT_DOUBLE_EQ(rising(1), std::log(x));
    EXPECT_DOUBLE_EQ(rising(2), std::log(x) + std::log1p(x));
  }
}

}  // namespace
}  // namespace strads::testing
