#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/flags.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(NearMisses, FindsWhatOneSlipOfTheHandAwayIs) {
  for (const char* slip : {"lamda", "lambdaa", "lambba", "lamdba", "Lambda"}) {
    EXPECT_THAT(NearMisses(slip, {"threads", "lambda", "seed"}), ElementsAre("lambda")) << slip;
  }
}

TEST(NearMisses, FindsTheBeginningOfALongName) {
  EXPECT_THAT(NearMisses("coupling", {"coupling_cache", "seed"}), ElementsAre("coupling_cache"));
}

TEST(NearMisses, PutsTheMostAlikeFirstAndNamesThreeAtMost) {
  const auto found = NearMisses("aaaab", {"aaxxx", "aaaxx", "aaaax", "aaaaa", "aaaab1"});
  EXPECT_THAT(found, SizeIs(::testing::Le(3u)));
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(NearMisses("seed", {"seeds", "seed"}), ElementsAre("seed", "seeds"));
}

TEST(NearMisses, NamesNothingForWhatIsLikeNothing) {
  EXPECT_THAT(NearMisses("quux", {"lambda", "threads"}), IsEmpty());
  EXPECT_THAT(NearMisses("x", {}), IsEmpty());
}

}  // namespace
}  // namespace strads
