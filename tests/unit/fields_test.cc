#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/message.h>
#include <strads/options.h>

#include <Eigen/Core>
#include <array>
#include <string>
#include <vector>

namespace strads {
namespace {

using ::testing::ElementsAre;

struct Sample {
  int first = 1;
  std::string second_one = "b";
  double third = 3;
  // clang-format off
  STRADS_FIELDS(first ,second_one,
                third)
  // clang-format on
  STRADS_HELP("first: what comes first", "third: with a: colon")
};

struct More : Sample {
  bool fourth = true;
  int fifth = 5;
  STRADS_MORE_FIELDS(Sample, fourth, fifth)
  STRADS_HELP("fifth: what comes last")
};

TEST(Fields, OfABaseComeFirst) {
  EXPECT_THAT(FieldNames<More>(), ElementsAre("first", "second_one", "third", "fourth", "fifth"));
  EXPECT_EQ(FieldHelp<More>("third"), "with a: colon");
  EXPECT_EQ(FieldHelp<More>("fifth"), "what comes last");
  static_assert(HelpNamesFields<More>());
  More more;
  more.second_one = "x";
  more.fifth = 6;
  const auto back = Unpack<More>(Pack(more));
  EXPECT_EQ(back.second_one, "x");
  EXPECT_EQ(back.fifth, 6);
}

struct Nothing {
  STRADS_FIELDS()
};

struct NothingMore : Sample {
  STRADS_MORE_FIELDS(Sample)
};

struct Holding {
  Nothing nothing;
  int more = 2;
  STRADS_FIELDS(nothing, more)
};

TEST(Fields, MayBeNone) {
  static_assert(kNumFields<Nothing> == 0 && codec::CheckFields<Nothing>());
  EXPECT_THAT(FieldNames<Nothing>(), ElementsAre());
  Nothing nothing;
  ForEachField(nothing, [](std::string_view name, auto&) { ADD_FAILURE() << name; });
  Unpack<Nothing>(Pack(nothing));
  EXPECT_EQ(Unpack<Holding>(Pack(Holding{.nothing = {}, .more = 3})).more, 3);
  EXPECT_TRUE(DescribeOptions<Nothing>().empty());
  EXPECT_THAT(FieldNames<NothingMore>(), ElementsAre("first", "second_one", "third"));
}

struct Careless {
  int first = 1;
  STRADS_FIELDS()
};

TEST(Fields, OfNoneStillListEveryMember) {
  static_assert(ListsEveryMember<Nothing>());
  static_assert(!ListsEveryMember<Careless>());
}

TEST(Fields, HaveTheNamesOfTheMembersWhateverTheSpaces) {
  EXPECT_THAT(FieldNames<Sample>(), ElementsAre("first", "second_one", "third"));
  static_assert(kNumFields<Sample> == 3);
}

TEST(Fields, AreVisitedInOrderAndCanBeChanged) {
  Sample sample;
  std::vector<std::string> names;
  ForEachField(sample, [&](std::string_view name, auto& field) {
    names.emplace_back(name);
    field = {};
  });
  EXPECT_THAT(names, ElementsAre("first", "second_one", "third"));
  EXPECT_EQ(sample.first, 0);
  EXPECT_EQ(sample.second_one, "");
}

TEST(Fields, HaveTheirHelp) {
  EXPECT_EQ(FieldHelp<Sample>("first"), "what comes first");
  EXPECT_EQ(FieldHelp<Sample>("third"), "with a: colon");
  EXPECT_EQ(FieldHelp<Sample>("second_one"), "");
  EXPECT_EQ(FieldHelp<Sample>("fir"), "");
  static_assert(HelpNamesFields<Sample>());
}

struct Misspelt {
  int first = 1;
  STRADS_FIELDS(first)
  STRADS_HELP("frist: what comes first")
};
struct Pointing {
  int* pointer = nullptr;
  STRADS_FIELDS(pointer)
};
struct Deep {
  std::vector<Pointing> inner;
  STRADS_FIELDS(inner)
};

struct Forgetful {
  std::vector<Sample> first;
  Eigen::VectorXd second;
  STRADS_FIELDS(first)
};
struct ForgetsMore : Sample {
  int fourth = 4;
  std::array<int, 2> fifth{};
  STRADS_MORE_FIELDS(Sample, fourth)
};

TEST(Fields, ThatAreForgottenAreSeenByTheCompiler) {
  static_assert(ListsEveryMember<Sample>());
  static_assert(ListsEveryMember<More>());
  static_assert(ListsEveryMember<Deep>());
  static_assert(!ListsEveryMember<Forgetful>());
  static_assert(!ListsEveryMember<ForgetsMore>());
}

struct Twice {
  int first = 1;
  int second = 2;
  STRADS_FIELDS(first, first)
};
struct TwiceWithTheBase : Sample {
  int fourth = 4;
  STRADS_MORE_FIELDS(Sample, third)
};

TEST(Fields, ThatAreGivenTwiceAreSeenByTheCompiler) {
  static_assert(NamesFieldsOnce<Sample>());
  static_assert(NamesFieldsOnce<More>());
  static_assert(!NamesFieldsOnce<Twice>());
  static_assert(!NamesFieldsOnce<TwiceWithTheBase>());
}

struct Precise {
  long double sum = 0;
  STRADS_FIELDS(sum)
};
struct Precisely {
  std::vector<long double> sums;
  STRADS_FIELDS(sums)
};

TEST(Fields, OfMorePrecisionThanTravelsAreSeenByTheCompiler) {
  static_assert(!Message<Precise>);
  static_assert(!Message<Precisely>);
}

TEST(Fields, ThatAreMisspeltOrCannotTravelAreSeenByTheCompiler) {
  static_assert(!HelpNamesFields<Misspelt>());
  static_assert(Message<Sample>);
  static_assert(!Message<Pointing>);
  static_assert(!Message<Deep>);
  static_assert(!Message<int>);
}

class Guarded {
 public:
  int value() const { return value_; }

 private:
  int value_ = 1;

 public:
  STRADS_FIELDS(value_)
};

TEST(Fields, OfPrivateMembersHaveTheirNamesWithoutTheUnderscore) {
  EXPECT_THAT(FieldNames<Guarded>(), ElementsAre("value"));
}

}  // namespace
}  // namespace strads
