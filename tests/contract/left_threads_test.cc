// Roles on threads that are given up, or that there are no threads for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <strads/error.h>
#include <strads/main.h>
#include <strads/run.h>

#include <cstdlib>
#include <future>
#include <memory>
#include <string>

#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

// Worker 1 reads its data until it is told to go on.
Program ReadingForEver(const std::shared_future<void>& may_go_on) {
  Program program = ToyProgram();
  program.make_worker = [may_go_on, make = program.make_worker](
                            const Bytes& options, Shard shard) -> std::unique_ptr<WorkerRole> {
    if (shard.rank == 1) may_go_on.wait();
    return make(options, shard);
  };
  return program;
}

TEST(LeftThreads, AreToldOfThoughTheRunEndsWithAnError) {
  std::promise<void> go_on;
  RunOptions run;
  run.workers = 2;
  run.load_timeout = 0.3;
  int told = 0;
  RunHooks hooks;
  hooks.on_left_threads = [&] { ++told; };
  try {
    strads::Run(ReadingForEver(go_on.get_future().share()), {}, run, hooks);
    FAIL() << "the run has ended well";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPeer);
    EXPECT_THAT(error.what(), HasSubstr("--load_timeout"));
  }
  EXPECT_EQ(told, 1);
  go_on.set_value();  // it goes on with what is its own, and ends
}

TEST(LeftThreads, AreNotToldOfWhereThereAreNone) {
  RunOptions run;
  run.workers = 3;
  run.max_rounds = 3;
  int told = 0;
  RunHooks hooks;
  hooks.on_left_threads = [&] { ++told; };
  EXPECT_FALSE(strads::Run(ToyProgram(), {}, run, hooks).has_left_threads);
  EXPECT_EQ(told, 0);
}

[[noreturn]] void TrainAndExit() {
  std::atexit([] { std::_Exit(99); });
  std::promise<void> never;
  std::string words[] = {"toy", "train", "--workers=2", "--load_timeout=0.3"};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data()};
  std::exit(MainOfOne(4, arguments, ReadingForEver(never.get_future().share())));
}

// What the thread may still use would be destroyed under it.
TEST(LeftThreadsDeathTest, AProcessEndsWithoutDestroyingStatics) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(TrainAndExit(), ::testing::ExitedWithCode(ExitCode(ErrorKind::kPeer)),
              "--load_timeout");
}

TEST(Threads, ThatCannotBeStartedEndTheRunWithAnErrorThatSaysSo) {
  pthread_attr_t before, huge;
  ASSERT_EQ(pthread_getattr_default_np(&before), 0);
  ASSERT_EQ(pthread_attr_init(&huge), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&huge, size_t{1} << 50), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  RunOptions run;
  run.workers = 3;
  try {
    strads::Run(ToyProgram(), {}, run);
    ADD_FAILURE() << "the run has ended well";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    EXPECT_THAT(error.what(), HasSubstr("thread"));
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  ASSERT_EQ(pthread_setattr_default_np(&before), 0);
  pthread_attr_destroy(&before);
  pthread_attr_destroy(&huge);
}

}  // namespace
}  // namespace strads::testing
