#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/message.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "strads/random.h"

namespace strads {
namespace {

using ::testing::HasSubstr;

struct Inner {
  int64_t id = -1;
  std::string name;
  std::vector<double> values;
  STRADS_FIELDS(id, name, values)
  bool operator==(const Inner&) const = default;
};

// One field of every kind that can travel.
struct Everything {
  bool flag = false;
  int8_t i8 = 0;
  uint8_t u8 = 0;
  int16_t i16 = 0;
  uint16_t u16 = 0;
  int32_t i32 = 0;
  uint32_t u32 = 0;
  int64_t i64 = 0;
  uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  std::string text;
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int8_t> bytes;
  std::vector<uint16_t> shorts;
  std::vector<int32_t> ints;
  std::vector<uint64_t> longs;
  std::vector<bool> flags;
  std::vector<std::string> texts;
  std::vector<std::vector<int32_t>> nested;
  Eigen::VectorXd dense;
  Eigen::VectorXf dense_float;
  std::map<std::string, double> by_name;
  std::map<int64_t, std::vector<float>> by_number;
  Inner inner;
  std::vector<Inner> inners;
  std::map<std::string, Inner> inner_by_name;
  STRADS_FIELDS(flag,
                i8,
                u8,
                i16,
                u16,
                i32,
                u32,
                i64,
                u64,
                f32,
                f64,
                text,
                doubles,
                floats,
                bytes,
                shorts,
                ints,
                longs,
                flags,
                texts,
                nested,
                dense,
                dense_float,
                by_name,
                by_number,
                inner,
                inners,
                inner_by_name)
};

Everything Filled() {
  Everything e;
  e.flag = true;
  e.i8 = std::numeric_limits<int8_t>::min();
  e.u8 = std::numeric_limits<uint8_t>::max();
  e.i16 = std::numeric_limits<int16_t>::min();
  e.u16 = std::numeric_limits<uint16_t>::max();
  e.i32 = std::numeric_limits<int32_t>::min();
  e.u32 = std::numeric_limits<uint32_t>::max();
  e.i64 = std::numeric_limits<int64_t>::min();
  e.u64 = std::numeric_limits<uint64_t>::max();
  e.f32 = 0.1f;
  e.f64 = 0.1;
  e.text = std::string("with \0 and \xff inside", 19);
  e.doubles = {1.5, -0.0, 1e300};
  e.floats = {-0.0f, 1e-40f};
  e.bytes = {-128, 127};
  e.shorts = {65535};
  e.ints = {-1, 2, -3};
  e.longs = {~uint64_t{0}};
  e.flags = {true, false, true};
  e.texts = {"", "a", std::string(300, 'b')};
  e.nested = {{}, {1}, {2, 3}};
  e.dense = Eigen::VectorXd::LinSpaced(5, -1, 1);
  e.dense_float = Eigen::VectorXf::LinSpaced(3, -1, 1);
  e.by_name = {{"", 1}, {"x", -2}};
  e.by_number = {{-5, {1}}, {std::numeric_limits<int64_t>::max(), {}}};
  e.inner = {7, "seven", {7.5}};
  e.inners = {{1, "one", {}}, {2, "two", {2, 2}}};
  e.inner_by_name = {{"k", {3, "three", {3}}}};
  return e;
}

TEST(Codec, BringsBackEveryFieldOfEveryType) {
  const Everything sent = Filled();
  const auto received = Unpack<Everything>(Pack(sent));
  EXPECT_TRUE(received.Fields() == sent.Fields());
  // The bits too, which == does not see.
  EXPECT_TRUE(std::signbit(received.doubles[1]));
  EXPECT_TRUE(std::signbit(received.floats[0]));
  EXPECT_EQ(Pack(received).view(), Pack(sent).view());
}

TEST(Codec, BringsBackWhatIsEmpty) {
  Everything sent;
  const auto received = Unpack<Everything>(Pack(sent));
  EXPECT_TRUE(received.Fields() == sent.Fields());
}

struct Number {
  double value = 0;
  std::vector<double> values;
  STRADS_FIELDS(value, values)
};

TEST(Codec, KeepsAllBitsOfADouble) {
  std::vector<uint64_t> patterns = {0x8000000000000000,
                                    0x7ff8000000000000,
                                    0x7ff800000000beef,
                                    0xfff4000000000001,
                                    0x7ff0000000000000,
                                    0xfff0000000000000,
                                    1,
                                    0x3ff0000000000000};
  Random random(3);
  for (int i = 0; i < 2000; ++i) patterns.push_back(random());
  for (const uint64_t bits : patterns) {
    Number sent;
    sent.value = std::bit_cast<double>(bits);
    sent.values = {sent.value};
    const auto received = Unpack<Number>(Pack(sent));
    ASSERT_EQ(std::bit_cast<uint64_t>(received.value), bits);
    ASSERT_EQ(std::bit_cast<uint64_t>(received.values.at(0)), bits);
  }
}

struct Sparse {
  SparseVector vector;
  STRADS_FIELDS(vector)
};

TEST(Codec, BringsBackSparseVectorsWithTheirSizeAndSigns) {
  Random random(4);
  for (const size_t size : {0u, 1u, 2u, 100u, 5000u}) {
    Sparse sent{SparseVector(size)};
    for (size_t i = 0; i < size / 10 + 1 && size > 0; ++i) {
      sent.vector[random.Below(size)] = i % 3 == 0 ? -0.0 : random.Uniform() - 0.5;
    }
    const Bytes packed = Pack(sent);
    EXPECT_LT(packed.size(), 16 * (size / 10 + 1) + 64) << "zeros travel";
    const auto received = Unpack<Sparse>(packed).vector;
    ASSERT_EQ(received.size(), size);
    for (size_t j = 0; j < size; ++j) {
      ASSERT_EQ(std::bit_cast<uint64_t>(received[j]), std::bit_cast<uint64_t>(sent.vector[j]));
    }
  }
}

TEST(Codec, RefusesSparseVectorsWhosePartsContradictEachOther) {
  const auto packed = [](std::vector<int64_t> words) {
    codec::Encoder encoder(100);
    encoder.Map(1);
    encoder.String("vector");
    encoder.RawArray(codec::kSparseFloat64, words.data(), 8 * words.size());
    return encoder.Finish();
  };
  const int64_t one = std::bit_cast<int64_t>(1.0);
  EXPECT_EQ(Unpack<Sparse>(packed({3, 1, 2, one})).vector[2], 1.0);
  EXPECT_THROW(Unpack<Sparse>(packed({})), Error);
  EXPECT_THROW(Unpack<Sparse>(packed({3})), Error);
  EXPECT_THROW(Unpack<Sparse>(packed({3, 1, 3, one})), Error) << "beyond its size";
  EXPECT_THROW(Unpack<Sparse>(packed({3, 1, -1, one})), Error);
  EXPECT_THROW(Unpack<Sparse>(packed({-3, 0})), Error);
  EXPECT_THROW(Unpack<Sparse>(packed({3, -1})), Error);
  EXPECT_THROW(Unpack<Sparse>(packed({3, 2, 2, one})), Error) << "more claimed than there is";
  EXPECT_THROW(Unpack<Sparse>(packed({3, 0, 2, one})), Error) << "less claimed than there is";
  EXPECT_THROW(Unpack<Sparse>(packed({1, 2, 0, 0, one, one})), Error) << "more than its size";
  EXPECT_THROW(Unpack<Sparse>(packed({int64_t{1} << 62, 0})), Error);
}

// Whether the bytes are a message, which is all the same to the test: it must not crash.
template <class T>
bool Decodes(const Bytes& bytes) {
  try {
    (void)Unpack<T>(bytes);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kProtocol);
    return false;
  }
}

TEST(Codec, RefusesEveryTruncationAndWhateverFollows) {
  const Bytes whole = Pack(Filled());
  for (size_t size = 0; size < whole.size(); ++size) {
    // In memory of its own, so that reading beyond its end is seen.
    ASSERT_FALSE(Decodes<Everything>(Bytes::Copy(whole.view().substr(0, size)))) << size;
  }
  for (const char* rest : {"x", "\x80", "\xc0", "\xc1"}) {
    EXPECT_FALSE(Decodes<Everything>(Bytes::Copy(std::string(whole.view()) + rest)));
  }
}

TEST(Codec, SurvivesEveryMutation) {
  const std::string whole(Pack(Filled()).view());
  Random random(5);
  int decoded = 0;
  constexpr int kMutations = 100'000;
  for (int i = 0; i < kMutations; ++i) {
    std::string bytes = whole;
    for (uint64_t n = 1 + random.Below(4); n > 0; --n) {
      const size_t at = random.Below(bytes.size());
      switch (random.Below(4)) {
        case 0:
          bytes[at] = static_cast<char>(random.Below(256));
          break;
        case 1:
          bytes[at] ^= static_cast<char>(1 << random.Below(8));
          break;
        case 2:
          bytes.erase(at, 1 + random.Below(8));
          break;
        default:
          bytes.insert(at, 1 + random.Below(8), static_cast<char>(random.Below(256)));
      }
      if (bytes.empty()) break;
    }
    decoded += Decodes<Everything>(Bytes::Copy(bytes));
  }
  EXPECT_GT(decoded, 0);
  EXPECT_LT(decoded, kMutations);
}

TEST(Codec, SurvivesRandomBytes) {
  Random random(6);
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes(random.Below(64), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Below(256));
    (void)Decodes<Everything>(Bytes::Copy(bytes));
    bytes.insert(0, "\x81\xa5texts");  // or the beginning of a message
    (void)Decodes<Everything>(Bytes::Copy(bytes));
  }
}

// The size of an array, map, string or extension is a claim that must be checked before memory is
// taken for it. The largest claims would not fit into memory at all.
TEST(Codec, RefusesClaimsOfMoreThanThereIs) {
  const std::string huge = "\xff\xff\xff\xf0";
  for (const std::string type : {"\xdd", "\xdf", "\xdb", "\xc6"}) {
    EXPECT_FALSE(Decodes<Everything>(Bytes::Copy(type + huge)));
    EXPECT_FALSE(Decodes<Everything>(Bytes::Copy("\x81\xa5texts" + type + huge)));
    EXPECT_FALSE(
        Decodes<Everything>(Bytes::Copy("\x81\xa7"
                                        "doubles" +
                                        type + huge)));
  }
  EXPECT_FALSE(
      Decodes<Everything>(Bytes::Copy("\x81\xa7"
                                      "doubles\xc9" +
                                      huge + "\x01")));
}

TEST(Codec, RefusesWhatIsNestedTooDeep) {
  for (const char open : {'\x91', '\x81'}) {
    EXPECT_FALSE(Decodes<Everything>(Bytes::Copy("\x81\xa5texts" + std::string(1'000'000, open))));
  }
}

struct Old {
  int64_t kept = 1;
  std::string dropped = "old";
  STRADS_FIELDS(kept, dropped)
};
struct New {
  std::vector<double> added = {4};
  int64_t kept = 2;
  STRADS_FIELDS(added, kept)
};
struct Reversed {
  std::string dropped;
  int64_t kept = 0;
  STRADS_FIELDS(dropped, kept)
};
struct None {
  int64_t unrelated = 5;
  STRADS_FIELDS(unrelated)
};

TEST(Codec, SkipsUnknownFieldsKeepsMissingOnesAndReadsAnyOrder) {
  const auto received = Unpack<New>(Pack(Old{77, "x"}));
  EXPECT_EQ(received.kept, 77);
  EXPECT_EQ(received.added, std::vector<double>{4});
  const auto reversed = Unpack<Reversed>(Pack(Old{78, "y"}));
  EXPECT_EQ(reversed.kept, 78);
  EXPECT_EQ(reversed.dropped, "y");
  EXPECT_EQ(Unpack<None>(Pack(Old{})).unrelated, 5);
  EXPECT_EQ(Unpack<None>(Bytes::Copy("\x80")).unrelated, 5) << "an empty map";
}

template <class T>
struct One {
  T x{};
  STRADS_FIELDS(x)
};

template <class To, class From>
bool Converts(const From& value) {
  return Decodes<One<To>>(Pack(One<From>{value}));
}

TEST(Codec, RefusesAnotherTypeThanTheFieldHas) {
  EXPECT_FALSE((Converts<bool, int64_t>(1)));
  EXPECT_FALSE((Converts<int64_t, bool>(true)));
  EXPECT_FALSE((Converts<int64_t, double>(1.0)));
  EXPECT_FALSE((Converts<int64_t, std::string>("one")));
  EXPECT_FALSE((Converts<std::string, int64_t>(1)));
  EXPECT_FALSE((Converts<double, std::string>("1")));
  EXPECT_FALSE((Converts<std::vector<double>, std::vector<float>>({1})));
  EXPECT_FALSE((Converts<std::vector<int32_t>, std::vector<uint32_t>>({1})));
  EXPECT_FALSE((Converts<std::vector<double>, std::string>("1")));
  EXPECT_FALSE((Converts<Inner, std::vector<double>>({1})));
  EXPECT_FALSE((Converts<std::vector<std::string>, Inner>({})));
  EXPECT_TRUE((Converts<double, int64_t>(1))) << "an integer is a number";
  EXPECT_TRUE((Converts<Eigen::VectorXd, std::vector<double>>({1}))) << "the same on the wire";
}

TEST(Codec, RefusesIntegersThatTheFieldCannotHold) {
  EXPECT_TRUE((Converts<int8_t, int64_t>(-128)));
  EXPECT_FALSE((Converts<int8_t, int64_t>(-129)));
  EXPECT_FALSE((Converts<int8_t, int64_t>(128)));
  EXPECT_TRUE((Converts<uint8_t, int64_t>(255)));
  EXPECT_FALSE((Converts<uint8_t, int64_t>(256)));
  EXPECT_FALSE((Converts<uint64_t, int64_t>(-1)));
  EXPECT_FALSE((Converts<int64_t, uint64_t>(~uint64_t{0})));
}

TEST(Codec, SaysWhatIsWrong) {
  try {
    (void)Unpack<One<int64_t>>(Pack(One<std::string>{"x"}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("\"x\": a string, expected an integer"));
  }
}

// 30 bytes must not take 8 TB.
TEST(Codec, RefusesASparseVectorThatClaimsMoreThanMemory) {
  for (const int64_t size : {int64_t{-1}, int64_t{1} << 40, std::numeric_limits<int64_t>::max()}) {
    const int64_t words[] = {size, 0};
    codec::Encoder encoder(100);
    encoder.Map(1);
    encoder.String("x");
    encoder.RawArray(codec::kSparseFloat64, words, sizeof words);
    const Bytes packed = encoder.Finish();
    EXPECT_THROW(Unpack<One<SparseVector>>(packed), Error) << size;
  }
}

TEST(Codec, BringsBackKeysOfEveryIntegerType) {
  const std::map<uint64_t, double> large = {{~uint64_t{0}, 1.0}, {0, 2.0}};
  using Large = One<std::map<uint64_t, double>>;
  EXPECT_EQ(Unpack<Large>(Pack(Large{large})).x, large);
  EXPECT_TRUE((Converts<std::map<int8_t, double>, std::map<int64_t, double>>({{-128, 1.0}})));
  EXPECT_FALSE((Converts<std::map<int8_t, double>, std::map<int64_t, double>>({{300, 1.0}})));
  EXPECT_FALSE((Converts<std::map<uint8_t, double>, std::map<int64_t, double>>({{-1, 1.0}})));
  EXPECT_FALSE((codec::FieldTravels<std::map<bool, double>>()));
}

}  // namespace
}  // namespace strads
