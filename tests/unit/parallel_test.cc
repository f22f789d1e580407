#include "strads/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace strads {
namespace {

class ThreadPoolTest : public ::testing::TestWithParam<int> {};

TEST_P(ThreadPoolTest, VisitsEveryItemOnce) {
  ThreadPool pool(GetParam());
  for (const int64_t count : {0, 1, 2, 3, 7, 64, 1000, 12'345}) {
    std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
    pool.ParallelFor(count, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
    });
    for (const auto& visit : visits) ASSERT_EQ(visit, 1) << count;
  }
}

TEST_P(ThreadPoolTest, GivesNoRangeSmallerThanTheGrain) {
  ThreadPool pool(GetParam());
  for (const int64_t count : {5, 10, 11, 99, 1000}) {
    std::atomic<int64_t> total = 0;
    pool.ParallelFor(
        count,
        [&](int64_t begin, int64_t end) {
          EXPECT_GE(end - begin, std::min<int64_t>(count, 10));
          total += end - begin;
        },
        10);
    EXPECT_EQ(total, count);
  }
}

TEST_P(ThreadPoolTest, RethrowsTheFailureOfTheLowestRange) {
  ThreadPool pool(GetParam());
  for (int repeat = 0; repeat < 200; ++repeat) {
    const auto fail_from_third = [](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (i >= 3) throw std::runtime_error(std::to_string(i));
      }
    };
    try {
      pool.ParallelFor(8, fail_from_third);
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "3");
    }
  }
}

TEST_P(ThreadPoolTest, WorksAfterAFailureAndAfterAMove) {
  ThreadPool first(GetParam());
  const auto fail = [](int64_t, int64_t) { throw std::runtime_error("no"); };
  EXPECT_THROW(first.ParallelFor(100, fail), std::runtime_error);
  ThreadPool pool = std::move(first);
  EXPECT_EQ(pool.threads(), std::max(1, GetParam()));
  std::atomic<int64_t> sum = 0;
  pool.ParallelFor(100, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sum += i;
  });
  EXPECT_EQ(sum, 4950);
}

// The writes of one loop are seen by the next without any lock of the caller's.
TEST_P(ThreadPoolTest, OrdersOneLoopBeforeTheNext) {
  ThreadPool pool(GetParam());
  std::vector<int> values(1000, 0);
  for (int round = 0; round < 500; ++round) {
    pool.ParallelFor(std::ssize(values), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        auto& mirrored = values[static_cast<std::size_t>(round % 2 == 0 ? i : 999 - i)];
        ++mirrored;
      }
    });
  }
  for (const int value : values) ASSERT_EQ(value, 500);
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, ::testing::Values(0, 1, 2, 3, 8));

}  // namespace
}  // namespace strads
