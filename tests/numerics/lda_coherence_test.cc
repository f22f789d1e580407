#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/message.h>

#include <cmath>

#include "apps/lda/coherence.h"
#include "apps/lda/totals_change.h"
#include "tests/numerics/lda_problems.h"

namespace strads::testing {
namespace {

TEST(LdaCoherence, IsThatOfItsDefinition) {
  Corpus documents = MakeDocuments({{0, 1, 4}, {0, 1, 4}, {0, 2, 4}, {2, 4}});
  documents.num_words = 6;
  // D(0) = 3, D(1) = 2, D(2) = 2, D(0, 1) = 2, D(0, 2) = 1, D(1, 2) = 0; 5 is nowhere; 4
  // everywhere.
  const lda::Coherence one =
      lda::MeasureCoherence({{{0, 0.5}, {1, 0.3}, {2, 0.1}, {5, 0.1}}}, documents);
  EXPECT_EQ(one.topics, 1);
  EXPECT_NEAR(one.umass, std::log(3.0 / 3) + std::log(2.0 / 3) + std::log(1.0 / 2), 1e-12);
  const double npmi01 = std::log(4.0 * 2 / (3 * 2)) / std::log(4.0 / 2);
  const double npmi02 = std::log(4.0 * 1 / (3 * 2)) / std::log(4.0 / 1);
  EXPECT_NEAR(one.npmi, (npmi01 + npmi02 - 1) / 3, 1e-12);
  // Documents without a known word, as those that were trained on where held-out ones are
  // evaluated, are none.
  Corpus with_empty = MakeDocuments({{0, 1, 4}, {}, {0, 1, 4}, {}, {0, 2, 4}, {2, 4}, {}});
  with_empty.num_words = 6;
  EXPECT_EQ(lda::MeasureCoherence({{{0, 0.5}, {1, 0.3}, {2, 0.1}}}, with_empty).npmi,
            lda::MeasureCoherence({{{0, 0.5}, {1, 0.3}, {2, 0.1}}}, documents).npmi);
  // Words that are always together, or always there; a topic without a pair does not count.
  const lda::Coherence more = lda::MeasureCoherence(
      {{{0, 0.5}, {4, 0.3}}, {{4, 1}, {4, 1}}, {{5, 1}, {0, 1}}, {}}, documents);
  EXPECT_EQ(more.topics, 2);
  EXPECT_NEAR(more.npmi, (std::log(4.0 * 3 / (3 * 4)) / std::log(4.0 / 3) + 0) / 2, 1e-12);
}

TEST(LdaTotalsChange, IsTheDifferenceHoweverItIsWritten) {
  const std::vector<int64_t> before = {5, 0, 7, 1, 2, 9};
  for (const std::vector<int64_t>& after :
       {before, std::vector<int64_t>{5, 0, 7, 1, 2, 10}, std::vector<int64_t>{0, 3, 6, 4, 2, 9},
        std::vector<int64_t>{1, 1, 1, 1, 1, 1}}) {
    const auto change = Unpack<lda::TotalsChange>(Pack(lda::TotalsChange(before, after)));
    std::vector<int64_t> totals = before;
    change.AddTo(totals);
    EXPECT_EQ(totals, after);
    change.SubtractFrom(totals);
    EXPECT_EQ(totals, before);
  }
  EXPECT_EQ(lda::TotalsChange(before, before).changes.size(), 0u);
  lda::TotalsChange wrong;
  wrong.topics = {6};
  wrong.changes = {1};
  std::vector<int64_t> totals = before;
  EXPECT_THROW(wrong.AddTo(totals), Error);
  wrong.topics = {};
  EXPECT_THROW(wrong.AddTo(totals), Error);
}

}  // namespace
}  // namespace strads::testing
