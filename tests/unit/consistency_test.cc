#include "coordinator/consistency.h"

#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/staleness.h>

#include <string>
#include <vector>

namespace strads {
namespace {

RunOptions Options(const std::string& consistency, int staleness = 0, int backup_workers = 0) {
  RunOptions options;
  options.workers = 3;
  options.consistency = consistency;
  options.staleness = staleness;
  options.backup_workers = backup_workers;
  return options;
}

ErrorKind KindOfRefusal(const RunOptions& options) {
  try {
    MakeConsistency(options);
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << options.consistency << " was not refused";
  return ErrorKind::kStopped;
}

TEST(Consistency, AllowsClocksAsFarAsItsBound) {
  const std::vector<int64_t> held = {4, 9, 6};
  EXPECT_EQ(MakeConsistency(Options("bsp"))->LastClock(1, held), 4);
  EXPECT_EQ(MakeConsistency(Options("backup", 0, 1))->LastClock(1, held), 4);
  for (const int staleness : {0, 1, 10}) {
    for (int rank = 0; rank < 3; ++rank) {
      EXPECT_EQ(MakeConsistency(Options("ssp", staleness))->LastClock(rank, held), 4 + staleness);
      EXPECT_EQ(MakeConsistency(Options("essp", staleness))->LastClock(rank, held), 4 + staleness);
    }
  }
  EXPECT_EQ(MakeConsistency(Options("async"))->LastClock(1, held), 9);
  EXPECT_EQ(MakeConsistency(Options("async"))->LastClock(2, held), 6);
}

TEST(Consistency, PullsTogetherWhatCounts) {
  EXPECT_EQ(MakeConsistency(Options("bsp"))->pulled_together(), 3);
  EXPECT_EQ(MakeConsistency(Options("backup"))->pulled_together(), 3);
  EXPECT_EQ(MakeConsistency(Options("backup", 0, 2))->pulled_together(), 1);
  for (const char* name : {"ssp", "essp", "async"})
    EXPECT_EQ(MakeConsistency(Options(name))->pulled_together(), 0) << name;
}

TEST(Consistency, RefusesOtherNamesAndBoundsThatDoNotGoWithIt) {
  EXPECT_EQ(KindOfRefusal(Options("sspp")), ErrorKind::kUsage);
  for (const char* name : {"bsp", "async", "backup"})
    EXPECT_EQ(KindOfRefusal(Options(name, 1)), ErrorKind::kUsage);
  for (const char* name : {"bsp", "async", "ssp", "essp"})
    EXPECT_EQ(KindOfRefusal(Options(name, 0, 1)), ErrorKind::kUsage);
  EXPECT_EQ(KindOfRefusal(Options("backup", 0, 3)), ErrorKind::kUsage);
  EXPECT_EQ(KindOfRefusal(Options("backup", 0, -1)), ErrorKind::kUsage);
}

TEST(Consistency, OfBackupGoesWithEmptyShardsWhileOneOfTheOthersMustCount) {
  const std::vector<int> empty = {0};
  EXPECT_NO_THROW(RefuseClocksOf(empty, Options("backup", 0, 1)));
  EXPECT_NO_THROW(RefuseClocksOf({}, Options("backup", 0, 2)));
  EXPECT_THROW(RefuseClocksOf(empty, Options("backup", 0, 2)), Error);
  EXPECT_NO_THROW(RefuseClocksOf({0, 1, 2}, Options("backup", 0, 2))) << "the app says why";
}

TEST(Staleness, HasTheMomentsOfItsObservations) {
  Staleness staleness;
  EXPECT_EQ(staleness.mean(), 0);
  EXPECT_EQ(staleness.variance(), 0);
  EXPECT_EQ(staleness.max(), 0);
  for (const int64_t value : {-2, 1, 1, 4}) staleness.Add(value);
  EXPECT_EQ(staleness.total(), 4);
  EXPECT_DOUBLE_EQ(staleness.mean(), 1);
  EXPECT_DOUBLE_EQ(staleness.variance(), (9 + 0 + 0 + 9) / 4.0);
  EXPECT_EQ(staleness.max(), 4);
  EXPECT_EQ(staleness.counts.at(1), 2);
}

}  // namespace
}  // namespace strads
