#include "strads/id_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "strads/error.h"
#include "strads/message.h"

namespace strads {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

IdTable TableOf(const std::vector<std::string>& names) {
  IdTable table;
  for (const std::string& name : names) table.Add(name);
  return table;
}

std::vector<std::string> NamesOf(const IdTable& table) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(table.size()));
  for (int32_t i = 0; i < table.size(); ++i) names.emplace_back(table.Name(i));
  return names;
}

// Names of every length and kind, many of them alike, some given again.
std::vector<std::string> RandomNames(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    std::string name;
    switch (random() % 5) {
      case 0:
        name = std::to_string(random() % 5000);
        break;
      case 1:
        name = std::to_string(random()) + std::to_string(random() % 100);
        break;
      case 2:
        name = "0" + std::to_string(random() % 3000);
        break;
      case 3:
        name = std::string(random() % 20, 'a') + std::to_string(random() % 9);
        break;
      default:
        for (auto n = random() % 4; n > 0; --n) name += static_cast<char>(random() % 256);
    }
    names.push_back(name);
  }
  return names;
}

TEST(IdTableTest, NumbersNamesAsTheyCome) {
  IdTable table;
  EXPECT_EQ(table.size(), 0);
  EXPECT_EQ(table.Find("a"), -1);
  EXPECT_EQ(table.Find("7"), -1);
  EXPECT_EQ(table.Add("b"), 0);
  EXPECT_EQ(table.Add("7"), 1);
  EXPECT_EQ(table.Add("b"), 0);
  EXPECT_EQ(table.Add("07"), 2);
  EXPECT_EQ(table.Add("a name of more than eight bytes"), 3);
  EXPECT_EQ(table.Find("7"), 1);
  EXPECT_EQ(table.Find("8"), -1);
  EXPECT_EQ(table.Find("a name of more than eight byteS"), -1);
  EXPECT_THAT(NamesOf(table), ElementsAre("b", "7", "07", "a name of more than eight bytes"));
}

TEST(IdTableTest, TellsZeroBytesFromNone) {
  const std::string zeros("7\0\0", 3);
  IdTable table;
  for (const std::size_t length : {1, 2, 3}) {
    EXPECT_EQ(table.Add(zeros.substr(0, length)), static_cast<int32_t>(2 * length - 2));
    EXPECT_EQ(table.Add(zeros.substr(1, length - 1)), static_cast<int32_t>(2 * length - 1));
  }
}

TEST(IdTableTest, AgreesWithAMapOnNamesOfEveryKind) {
  for (const int count : {10, 1000, 50'000}) {
    const std::vector<std::string> names = RandomNames(count, 5), others = RandomNames(count, 6);
    std::map<std::string, int32_t> expected;
    IdTable table;
    for (const std::string& name : names) {
      const auto [found, is_new] = expected.emplace(name, static_cast<int32_t>(expected.size()));
      ASSERT_EQ(table.Add(name), found->second) << name;
      ASSERT_EQ(table.Name(found->second), name);
    }
    ASSERT_EQ(table.size(), std::ssize(expected));
    for (const std::string& name : others) {
      const auto found = expected.find(name);
      ASSERT_EQ(table.Find(name), found == expected.end() ? -1 : found->second) << name;
    }
  }
}

// They are kept by number once they are dense enough, whatever came before.
TEST(IdTableTest, FindsNumbersInAnyOrderOfAdding) {
  for (const int32_t step : {1, 3, 100, 100'000}) {
    std::vector<int32_t> numbers(3000);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int32_t>(i) * step;
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(9));
    IdTable table;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(table.Add(std::to_string(numbers[i])), static_cast<int32_t>(i));
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(table.Find(std::to_string(numbers[i])), static_cast<int32_t>(i));
      ASSERT_EQ(table.Find("0" + std::to_string(numbers[i])), -1);
      ASSERT_EQ(table.Find(std::to_string(numbers[i] + 1)) >= 0,
                step == 1 && numbers[i] + 1 < 3000);
    }
  }
}

struct TablesMessage {
  IdTable users, items;
  STRADS_FIELDS(users, items)
};

TEST(IdTableTest, TravelsInAMessage) {
  const TablesMessage sent = {.users = TableOf(RandomNames(5000, 1)), .items = TableOf({"x"})};
  auto received = Unpack<TablesMessage>(Pack(sent));
  EXPECT_TRUE(received.users == sent.users);
  EXPECT_TRUE(received.items == sent.items);
  EXPECT_THROW(received.users.Find("no such name"), std::logic_error);
  received.users.BuildIndex();
  for (int32_t i = 0; i < sent.users.size(); ++i) {
    ASSERT_EQ(received.users.Find(sent.users.Name(i)), i);
  }
  EXPECT_EQ(received.items.Add("x"), 0);  // builds the index
  EXPECT_EQ(received.items.Add("y"), 1);

  auto empty = Unpack<TablesMessage>(Pack(TablesMessage()));
  EXPECT_EQ(empty.users.Find("x"), -1);
  empty.users.BuildIndex();
  EXPECT_EQ(empty.users.Add("x"), 0);
}

struct RawTable {
  std::string text;
  std::vector<uint32_t> ends;
  STRADS_FIELDS(text, ends)
};

TEST(IdTableTest, RefusesAMessageThatIsNoTable) {
  const std::vector<RawTable> cases = {{"abc", {2}},    {"abc", {}},        {"abc", {2, 1, 3}},
                                       {"abc", {1, 9}}, {"aba", {1, 2, 3}}, {"1212", {2, 4}}};
  for (const RawTable& raw : cases) {
    auto table = Unpack<IdTable>(Pack(raw));
    try {
      table.BuildIndex();
      ADD_FAILURE() << raw.text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kProtocol);
    }
  }
  auto table = Unpack<IdTable>(Pack(RawTable{"abc", {1, 3}}));
  table.BuildIndex();
  EXPECT_EQ(table.Find("bc"), 1);
}

TEST(IdTableTest, MergesNumbersByNumber) {
  const std::vector<IdTable> tables = {
      TableOf({"10", "9", "123456789012345678901234567890"}),
      {},
      TableOf({"0", "18446744073709551616", "9", "100", "18446744073709551615"})};
  EXPECT_THAT(NamesOf(IdTable::Merge(tables)),
              ElementsAre("0", "9", "10", "100", "18446744073709551615", "18446744073709551616",
                          "123456789012345678901234567890"));
}

TEST(IdTableTest, MergesOtherNamesByTheirBytes) {
  for (const std::string other : {"007", "-1", "x", "", "1.5", "\xC3\xA9"}) {
    std::vector<std::string> names = {"10", "9", "12345678", "123456789", "1234567", other};
    const IdTable merged = IdTable::Merge(std::vector{TableOf(names)});
    std::sort(names.begin(), names.end());
    EXPECT_THAT(NamesOf(merged), ElementsAreArray(names));
  }
}

TEST(IdTableTest, MergesToTheSameWhateverTheOrderAndDivision) {
  for (const bool numbers_only : {false, true}) {
    std::vector<std::string> names = RandomNames(20'000, 3);
    if (numbers_only) {
      std::erase_if(names, [](const std::string& name) {
        return name.empty() || name.find_first_not_of("0123456789") != std::string::npos ||
               (name[0] == '0' && name.size() > 1);
      });
    }
    const IdTable whole = IdTable::Merge(std::vector{TableOf(names)});
    for (const std::size_t pieces : {2, 3, 10}) {
      std::shuffle(names.begin(), names.end(), std::mt19937(static_cast<unsigned>(pieces)));
      std::vector<IdTable> tables(pieces);
      for (std::size_t i = 0; i < names.size(); ++i) tables[i * i % pieces].Add(names[i]);
      for (IdTable& table : tables) table = Unpack<IdTable>(Pack(table));
      EXPECT_TRUE(IdTable::Merge(tables) == whole);
    }
    for (const std::string& name : names) ASSERT_EQ(whole.Name(whole.Find(name)), name);
  }
}

TEST(IdTableTest, GivesTheIndicesOfItsNamesInAnother) {
  EXPECT_THAT(TableOf({"a", "2", "b"}).IndicesIn(TableOf({"b", "c", "2"})), ElementsAre(-1, 2, 0));
}

}  // namespace
}  // namespace strads
