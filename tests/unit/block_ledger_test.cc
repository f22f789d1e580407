#include "worker/block_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ProblemOf(const BlockLedger& ledger, const Rotation& rotation) {
  try {
    ledger.Check(rotation);
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return {};
}

TEST(BlockLedger, FollowsTheBlocks) {
  BlockLedger ledger(2);
  ledger.Apply({.block = {4, 7}, .next = {1, 0}, .first = {1, 1}});
  EXPECT_THAT(ledger.At(0), ElementsAre(7));
  EXPECT_THAT(ledger.At(1), ElementsAre(4));
  ledger.Apply({});  // a round without blocks
  ledger.Apply({.block = {7, -1}, .next = {1, -1}, .first = {0, 0}});
  EXPECT_THAT(ledger.At(0), IsEmpty());
  EXPECT_THAT(ledger.At(1), ElementsAre(4, 7));
  ledger.Remove(4);
  EXPECT_THAT(ledger.At(1), ElementsAre(7));
}

TEST(BlockLedger, RefusesPlansThatWouldLoseOrDoubleABlock) {
  BlockLedger ledger(2);
  const Rotation begin{.block = {4, 7}, .next = {1, 0}, .first = {1, 1}};
  EXPECT_EQ(ProblemOf(ledger, begin), "");
  ledger.Apply(begin);
  EXPECT_THAT(ProblemOf(ledger, begin), HasSubstr("to make, which exists"));
  EXPECT_THAT(ProblemOf(ledger, {.block = {7, 7}, .next = {0, 1}, .first = {0, 0}}),
              HasSubstr("block 7 to worker 1 and to another one"));
  EXPECT_THAT(ProblemOf(ledger, {.block = {4, -1}, .next = {0, 0}, .first = {0, 0}}),
              HasSubstr("block 4 to worker 0, it is at worker 1"));
  EXPECT_THAT(ProblemOf(ledger, {.block = {5, -1}, .next = {0, 0}, .first = {0, 0}}),
              HasSubstr("block 5 to worker 0, which no one has made"));
  EXPECT_THAT(ProblemOf(ledger, {.block = {7, -1}, .next = {2, 0}, .first = {0, 0}}),
              HasSubstr("then to worker 2, which does not exist"));
  EXPECT_THAT(ProblemOf(ledger, {.block = {7}, .next = {0}, .first = {0}}),
              HasSubstr("of 1 workers, there are 2"));
}

}  // namespace
}  // namespace strads
