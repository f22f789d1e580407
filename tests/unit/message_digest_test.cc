#include "strads/message_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/message.h>
#include <strads/program.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace strads {
namespace {

using ::testing::HasSubstr;

struct First {
  int32_t count = 0;
  std::vector<double> values;
  STRADS_FIELDS(count, values)
};
struct Same {
  int32_t count = 0;
  std::vector<double> values;
  STRADS_FIELDS(count, values)
};
struct OtherName {
  int32_t number = 0;
  std::vector<double> values;
  STRADS_FIELDS(number, values)
};
struct OtherOrder {
  std::vector<double> values;
  int32_t count = 0;
  STRADS_FIELDS(values, count)
};
struct OtherNumbers {
  int32_t count = 0;
  std::vector<float> values;
  STRADS_FIELDS(count, values)
};
struct OneMore {
  int32_t count = 0;
  std::vector<double> values;
  bool flag = false;
  STRADS_FIELDS(count, values, flag)
};
struct Holds {
  std::vector<First> parts;
  STRADS_FIELDS(parts)
};
struct HoldsOther {
  std::vector<OtherNumbers> parts;
  STRADS_FIELDS(parts)
};
struct Named {
  std::map<std::string, First> parts;
  STRADS_FIELDS(parts)
};
struct Tree {
  std::vector<Tree> children;
  STRADS_FIELDS(children)
};

TEST(MessageDigest, TellsMessagesOfOtherFieldsApartHoweverDeepTheyLie) {
  using codec::DigestOf;
  const std::vector<uint64_t> digests = {DigestOf<First>(),       DigestOf<OtherName>(),
                                         DigestOf<OtherOrder>(),  DigestOf<OtherNumbers>(),
                                         DigestOf<OneMore>(),     DigestOf<Holds>(),
                                         DigestOf<HoldsOther>(),  DigestOf<Named>(),
                                         DigestOf<Tree>(),        DigestOf<>(),
                                         DigestOf<First, Tree>(), DigestOf<Tree, First>(),
                                         DigestOf<First, First>()};
  EXPECT_EQ(std::set(digests.begin(), digests.end()).size(), digests.size());
  EXPECT_EQ(DigestOf<First>(), DigestOf<Same>());
}

TEST(FindProgram, RefusesAnAppThatSendsOtherMessages) {
  Program program;
  program.name = "app";
  program.messages = 7;
  const std::vector<Program> programs = {program};
  EXPECT_EQ(&FindProgram(programs, "app", 7), programs.data());
  for (const auto& [name, messages, says] :
       {std::tuple{"app", uint64_t{8}, "same sources"}, std::tuple{"other", uint64_t{7}, "have"}}) {
    try {
      (void)FindProgram(programs, name, messages);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kProtocol);
      EXPECT_THAT(error.what(), HasSubstr(says));
    }
  }
}

}  // namespace
}  // namespace strads
