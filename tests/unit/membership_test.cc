#include "coordinator/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/version.h>

#include <string>

namespace strads {
namespace {

using ::testing::HasSubstr;

wire::Hello MakeHello(wire::Role role = wire::Role::kWorker) {
  wire::Hello hello;
  hello.role = static_cast<int>(role);
  hello.version = kVersion;
  hello.host = "host7";
  hello.process = 4711;
  return hello;
}

Membership MakeMembership(int workers, int schedulers, int holders = 0) {
  Program program;
  program.name = "lasso";
  program.family = "linear";
  return {program,
          {{"lambda", "0.5"}, {"workers", std::to_string(workers)}},
          workers,
          schedulers,
          holders};
}

TEST(Membership, GivesRanksInOrderOfArrivalAndToEachRoleItsOwn) {
  Membership membership = MakeMembership(2, 1);
  EXPECT_EQ(membership.CountJoined(), "0 of 2 workers, 0 of 1 schedulers");
  EXPECT_EQ(membership.OnHello("x", MakeHello()).member->index, 0);
  EXPECT_EQ(membership.OnHello("s", MakeHello(wire::Role::kScheduler)).member->index, 0);
  EXPECT_FALSE(membership.AllJoined());
  EXPECT_EQ(membership.CountJoined(), "1 of 2 workers, 1 of 1 schedulers");
  const auto last = membership.OnHello("y", MakeHello());
  EXPECT_EQ(last.member->index, 1);
  EXPECT_TRUE(last.is_new);
  EXPECT_TRUE(membership.AllJoined());
  EXPECT_EQ(membership.Find("y"), last.member);
  EXPECT_EQ(&membership.worker(1), last.member);
  EXPECT_EQ(membership.Find("s")->role, wire::Role::kScheduler);
  EXPECT_EQ(membership.Find("z"), nullptr);
  EXPECT_EQ(membership.all().size(), 3u);
}

TEST(Membership, HasHoldersBesideTheOtherRoles) {
  Membership membership = MakeMembership(1, 0, 2);
  EXPECT_EQ(membership.CountJoined(), "0 of 1 workers, 0 of 2 holders");
  EXPECT_EQ(membership.OnHello("h", MakeHello(wire::Role::kHolder)).member->Name(),
            "holder 0 (process 4711 on host7)");
  EXPECT_EQ(membership.OnHello("w", MakeHello()).member, &membership.worker(0));
  EXPECT_FALSE(membership.AllJoined());
  EXPECT_EQ(membership.OnHello("i", MakeHello(wire::Role::kHolder)).member, &membership.holder(1));
  EXPECT_TRUE(membership.AllJoined());
  EXPECT_THAT(membership.OnHello("j", MakeHello(wire::Role::kHolder)).reason,
              HasSubstr("all its 2 holders"));
  EXPECT_THAT(membership.OnHello("k", MakeHello(static_cast<wire::Role>(3))).reason,
              HasSubstr("role 3"));
}

TEST(Membership, TakesThoseThatWereStartedForTheFamilyOfTheApp) {
  Membership membership = MakeMembership(1, 0);
  wire::Hello hello = MakeHello();
  hello.app = "linear";
  EXPECT_NE(membership.OnHello("x", hello).member, nullptr);
}

TEST(Membership, TakesARepeatedHelloForWhatItIs) {
  Membership membership = MakeMembership(2, 0);
  Member* const member = membership.OnHello("x", MakeHello()).member;
  const auto again = membership.OnHello("x", MakeHello());
  EXPECT_EQ(again.member, member);
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(membership.num_joined(wire::Role::kWorker), 1);
}

TEST(Membership, RefusesWhoeverDoesNotFitAndSaysWhy) {
  Membership membership = MakeMembership(1, 0);
  const auto refusal = [&](const wire::Hello& hello) {
    const auto answer = membership.OnHello("x", hello);
    EXPECT_EQ(answer.member, nullptr);
    return answer.reason;
  };
  wire::Hello hello = MakeHello();
  hello.version = "0.0.7";
  EXPECT_THAT(refusal(hello), HasSubstr("0.0.7"));
  hello = MakeHello();
  hello.app = "lda";
  EXPECT_THAT(refusal(hello), HasSubstr("'lda'"));
  hello = MakeHello();
  hello.claimed = {{"lambda", "0.7"}};
  EXPECT_THAT(refusal(hello), HasSubstr("--lambda=0.7"));
  EXPECT_THAT(refusal(MakeHello(wire::Role::kScheduler)), HasSubstr("all its 0 schedulers"));
  EXPECT_EQ(membership.num_joined(wire::Role::kWorker), 0) << "a refused one took a place";

  hello = MakeHello();
  hello.app = "lasso";
  hello.claimed = {{"lambda", "0.5"}, {"model", "of no concern to the run"}};
  EXPECT_NE(membership.OnHello("x", hello).member, nullptr);
  const auto second = membership.OnHello("y", MakeHello());
  EXPECT_EQ(second.member, nullptr);
  EXPECT_THAT(second.reason, HasSubstr("all its 1 workers"));
}

// What a stranger says must not write on the terminal as it likes.
TEST(Membership, TellsNothingOfAHelloThatIsNotPrintable) {
  Membership membership = MakeMembership(2, 0);
  wire::Hello hello = MakeHello();
  hello.host = "a\nb\x1b[2Jc\xc2\x9b" + std::string(1000, 'x');
  const std::string host = membership.OnHello("x", hello).member->host;
  EXPECT_EQ(host, OneLine(hello.host, kMostOfHello));
  EXPECT_LT(host.size(), 300U);
  hello = MakeHello();
  hello.version = "\x1b[2J";
  EXPECT_THAT(membership.OnHello("y", hello).reason, HasSubstr("version \\x1b[2J,"));
  hello = MakeHello();
  hello.app = "l\nda";
  EXPECT_THAT(membership.OnHello("y", hello).reason, HasSubstr("'l\\nda'"));
  hello = MakeHello();
  hello.claimed = {{"lambda", "0.7\r"}};
  EXPECT_THAT(membership.OnHello("y", hello).reason, HasSubstr("--lambda=0.7\\x0d,"));
}

TEST(Member, IsNamedByRoleRankProcessAndHost) {
  Membership membership = MakeMembership(2, 1);
  EXPECT_EQ(membership.worker(1).Name(), "worker 1");
  EXPECT_EQ(membership.OnHello("x", MakeHello()).member->Name(),
            "worker 0 (process 4711 on host7)");
  EXPECT_EQ(membership.OnHello("s", MakeHello(wire::Role::kScheduler)).member->Name(),
            "scheduler 0 (process 4711 on host7)");
}

}  // namespace
}  // namespace strads
