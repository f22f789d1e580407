#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/completed_file.h>
#include <strads/error.h>
#include <strads/model_file.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "strads/random.h"
#include "tests/support/temp_files.h"

namespace strads {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempDir;

struct Inner {
  int32_t id = 0;
  std::string name;
  STRADS_FIELDS(id, name)
  bool operator==(const Inner&) const = default;
};

struct Model {
  bool flag = false;
  int64_t count = 0;
  uint64_t large = 0;
  double value = 0;
  std::string text;
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int8_t> small;
  std::vector<uint64_t> longs;
  Eigen::VectorXd dense;
  SparseVector sparse;
  std::vector<std::string> texts;
  std::map<int64_t, std::vector<double>> by_number;
  std::map<std::string, Inner> by_name;
  std::vector<Inner> inners;
  STRADS_FIELDS(flag,
                count,
                large,
                value,
                text,
                doubles,
                floats,
                small,
                longs,
                dense,
                sparse,
                texts,
                by_number,
                by_name,
                inners)
};

Model Filled() {
  Model model;
  model.flag = true;
  model.count = std::numeric_limits<int64_t>::min();
  model.large = ~uint64_t{0};
  model.value = 3;  // a double though it is whole
  model.text = "quotes \" and \\ and\nlines and \xc3\xa9";
  Random random(21);
  for (int i = 0; i < 2000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (std::isfinite(value)) model.doubles.push_back(value);
  }
  model.doubles.insert(model.doubles.end(), {-0.0, 0.0, 1, 0.1, 5e-324, 1.7976931348623157e308});
  model.floats = {0.1f, -0.0f, 1e-40f, 3.4e38f};
  model.small = {-128, 127};
  model.longs = {~uint64_t{0}, 0};
  model.dense = Eigen::VectorXd::Constant(3, 1.0 / 3);
  model.sparse = SparseVector(1000);
  model.sparse[0] = 1.0 / 7;
  model.sparse[999] = -2;
  model.texts = {"", "a"};
  model.by_number = {{-3, {1.5}}, {7, {}}};
  model.by_name = {{"k", {1, "one"}}, {"", {2, "two"}}};
  model.inners = {{3, "three"}};
  return model;
}

void Write(const std::string& path,
           const Model& model,
           const OptionValues& options = {{"lambda", "0.5"}}) {
  WriteModel(path, {"toy", options, Pack(model)});
}

TEST(ModelFile, ReadsBackEveryNumberToTheBit) {
  const TempDir directory;
  const Model sent = Filled();
  Write(directory.Path("m"), sent);
  const auto received = LoadModel<Model>(directory.Path("m"), "toy");
  EXPECT_TRUE(received.Fields() == sent.Fields());
  EXPECT_EQ(Pack(received).view(), Pack(sent).view()) << "signs of zeros too";
}

TEST(ModelFile, SaysOfItsTrainingWhatIsKnown) {
  const TempDir directory;
  Summary summary;
  summary.termination = Termination::kMaxRounds;
  summary.objective = 0.1;
  summary.rounds = 7;
  WriteModel(directory.Path("m"), {"toy", {}, Pack(Filled())}, summary);
  const SavedModel trained = ReadModel(directory.Path("m"), "toy");
  for (const char* part : {R"("MaxRounds")", R"("objective":0.1)", R"("rounds":7)"})
    EXPECT_THAT(trained.training, ::testing::HasSubstr(part));
  WriteModel(directory.Path("again"), trained);
  EXPECT_EQ(ReadModel(directory.Path("again"), "toy").training, trained.training);
  Write(directory.Path("unknown"), Filled());
  EXPECT_EQ(ReadModel(directory.Path("unknown"), "toy").training, "");
}

TEST(ModelFile, KeepsTheOptionsAndNamesTheApp) {
  const TempDir directory;
  const OptionValues options = {{"lambda", "0.5"}, {"data", "a \"b\".svm"}};
  Write(directory.Path("m"), Filled(), options);
  const SavedModel saved = ReadModel(directory.Path("m"), "toy");
  EXPECT_EQ(saved.app, "toy");
  EXPECT_EQ(saved.options, options);
}

// The message of the data error that `act` throws.
std::string DataErrorOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(ModelFile, ThatIsDamagedAnywhereIsRefusedByNameOrReadsAsAModel) {
  const TempDir directory;
  Model small;
  small.doubles = {1, 2};
  small.by_name = {{"k", {1, "one"}}};
  Write(directory.Path("m"), small);
  std::ifstream file(directory.Path("m"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Random random(22);
  int refused = 0;
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    const std::string path = directory.Write("cut", text.substr(0, size));
    const std::string error = DataErrorOf([&] { LoadModel<Model>(path, "toy"); });
    ASSERT_THAT(error, StartsWith(path + ":")) << "cut at " << size;
  }
  for (int i = 0; i < 1000; ++i) {
    std::string changed = text;
    changed[random.Below(text.size())] = static_cast<char>(random.Below(256));
    const std::string path = directory.Write("changed", changed);
    const std::string error = DataErrorOf([&] { LoadModel<Model>(path, "toy"); });
    if (error == "no error") continue;
    ASSERT_THAT(error, StartsWith(path + ":"));
    ++refused;
  }
  EXPECT_GT(refused, 100);
}

TEST(ModelFile, ThatIsNoJsonIsRefusedWithItsLine) {
  const TempDir directory;
  const std::string path = directory.Write("m", "{\n \"format\": \"strads model 1\",\n oops\n}\n");
  EXPECT_THAT(DataErrorOf([&] { ReadModel(path, "toy"); }), StartsWith(path + ":3: "));
}

TEST(ModelFile, OfAnotherKindOrAppOrThatIsMissingIsRefused) {
  const TempDir directory;
  const std::string missing = directory.Path("missing");
  EXPECT_THAT(DataErrorOf([&] { ReadModel(missing, "toy"); }), StartsWith(missing + ": "));
  for (const char* text : {"", "3", "[]", "null", "{}", "{\"format\": 3}", "{\"format\": \"x\"}",
                           "{\"format\": \"strads model 1\"}",
                           "{\"format\": \"strads model 1\", \"app\": \"toy\", \"options\": "
                           "{\"a\": 3}, \"model\": {}}",
                           "{\"format\": \"strads model 1\", \"app\": \"toy\", \"options\": {}}"}) {
    const std::string path = directory.Write("m", text);
    EXPECT_THAT(DataErrorOf([&] { ReadModel(path, "toy"); }), StartsWith(path + ":")) << text;
  }
  Write(directory.Path("m"), Filled());
  const std::string error = DataErrorOf([&] { ReadModel(directory.Path("m"), "lda"); });
  EXPECT_THAT(error, HasSubstr("'toy'"));
  EXPECT_THAT(error, HasSubstr("'lda'"));
}

TEST(ModelFile, OfFieldsOfAnotherTypeIsRefusedByName) {
  const TempDir directory;
  const std::string path = directory.Write("m",
                                           "{\"format\": \"strads model 1\", \"app\": \"toy\", "
                                           "\"options\": {}, \"model\": {\"doubles\": \"x\"}}");
  EXPECT_THAT(DataErrorOf([&] { LoadModel<Model>(path, "toy"); }), StartsWith(path + ": "));
}

TEST(ModelFile, ReplacesTheOneBeforeAndLeavesNothingElse) {
  const TempDir directory;
  Model first;
  first.count = 1;
  Model second;
  second.count = 2;
  Write(directory.Path("m"), first);
  Write(directory.Path("m"), second);
  EXPECT_EQ(LoadModel<Model>(directory.Path("m"), "toy").count, 2);
  const std::filesystem::directory_iterator files(directory.Path(""));
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(ModelFile, ThatCannotBeWrittenIsNamed) {
  const TempDir directory;
  const std::string path = directory.Path("no/such/directory/m");
  EXPECT_THAT(DataErrorOf([&] { Write(path, Filled()); }), HasSubstr(path));
}

// "size" and positions from 1, as people write them.
TEST(ModelFile, EditedByHandIsRead) {
  const TempDir directory;
  const std::string path = directory.Write(
      "m",
      "{\"format\": \"strads model 1\", \"app\": \"toy\", \"options\": {}, \"model\": {\n"
      " \"doubles\": [1, 2.5, -3],\n \"sparse\": {\"size\": 4, \"entries\": {\"2\": 7}}}}");
  const auto model = LoadModel<Model>(path, "toy");
  EXPECT_EQ(model.doubles, (std::vector<double>{1, 2.5, -3}));
  EXPECT_EQ(model.sparse.values(), (std::vector<double>{0, 7, 0, 0}));
}

// A run that diverged saves what it has.
TEST(ModelFile, NumbersThatAreNotFiniteComeBack) {
  const TempDir directory;
  Model model;
  model.doubles = {INFINITY, -INFINITY, NAN, 1};
  model.sparse = SparseVector(3);
  model.sparse[1] = -INFINITY;
  Write(directory.Path("m"), model);
  const auto read = LoadModel<Model>(directory.Path("m"), "toy");
  ASSERT_EQ(read.doubles.size(), 4u);
  EXPECT_EQ(read.doubles[0], INFINITY);
  EXPECT_EQ(read.doubles[1], -INFINITY);
  EXPECT_TRUE(std::isnan(read.doubles[2]));
  EXPECT_EQ(read.sparse, model.sparse);
}

TEST(ModelFile, OptionsThatAreNoUtf8DoNotLoseTheModel) {
  const TempDir directory;
  WriteModel(directory.Path("m"), {"toy", {{"data", "caf\xe9.svm"}}, Pack(Filled())});
  EXPECT_EQ(LoadModel<Model>(directory.Path("m"), "toy").doubles, Filled().doubles);
}

TEST(ModelFile, ThatCannotBeWrittenLeavesNothing) {
  const TempDir directory;
  std::filesystem::create_directories(directory.Path("m") + "/inside");
  EXPECT_THROW(Write(directory.Path("m"), Filled()), Error);
  EXPECT_FALSE(std::filesystem::exists(directory.Path("m.tmp")));
}

// What it does as it takes its place.
class Watched final : public SideFile {
 public:
  explicit Watched(std::function<void()> place) : place_(std::move(place)) {}
  void Place() override { place_(); }

 private:
  const std::function<void()> place_;
};

// At any time a process may be killed.
TEST(ModelFile, IsNotThereWhileWhatLiesBesideItChanges) {
  const TempDir directory;
  const std::string path = directory.Path("m");
  Write(path, Filled());
  int placed = 0;
  const auto place = [&] {
    ++placed;
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(LoadModel<Model>(path + ".tmp", "toy").count, 7) << "all of it is written";
  };
  SideFiles files;
  for (int i = 0; i < 2; ++i) files.push_back(std::make_unique<Watched>(place));
  Model model;
  model.count = 7;
  WriteModel(path, {"toy", {}, Pack(model)}, files);
  EXPECT_EQ(placed, 2);
  EXPECT_EQ(LoadModel<Model>(path, "toy").count, 7);
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST(ModelFile, IsNotWrittenBesideFilesThatCannotTakeTheirPlaces) {
  const TempDir directory;
  SideFiles files;
  files.push_back(std::make_unique<Watched>([] { throw DataError("no place"); }));
  EXPECT_EQ(DataErrorOf([&] {
              WriteModel(directory.Path("m"), {"toy", {}, Pack(Filled())}, files);
            }),
            "no place");
  EXPECT_TRUE(std::filesystem::is_empty(directory.Path("")));
}

TEST(CompletedFile, TakesItsPlaceOrLeavesNothing) {
  const TempDir directory;
  const std::string path = directory.Write("f", "before");
  const auto complete = [&] {
    const ReplacedFile whole(path);
    std::FILE* file = std::fopen(whole.temporary().c_str(), "w");
    std::fputs("after", file);
    std::fflush(file);
    auto completed = std::make_unique<CompletedFile>(path, whole, fileno(file));
    std::fclose(file);
    return completed;
  };
  const auto text = [&] {
    std::ifstream file(path);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  complete();
  EXPECT_EQ(text(), "before");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
  complete()->Place();
  EXPECT_EQ(text(), "after");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

// `text` in place of the first `of` in the file.
void Replace(const std::string& path, const std::string& of, const std::string& text) {
  std::ifstream in(path);
  std::string whole{std::istreambuf_iterator<char>(in), {}};
  const size_t at = whole.find(of);
  ASSERT_NE(at, std::string::npos) << whole;
  std::ofstream(path) << whole.replace(at, of.size(), text);
}

TEST(ModelFile, AValueThatDoesNotFitIsToldByItsField) {
  const TempDir directory;
  const std::string path = directory.Path("m");
  const auto expect_error = [&](const std::string& of, const std::string& text,
                                const std::string& what) {
    Write(path, Filled());
    Replace(path, of, text);
    EXPECT_THAT([&] { LoadModel<Model>(path, "toy"); },
                ::testing::ThrowsMessage<Error>(HasSubstr(path + ": " + what)));
  };
  expect_error("\"flag\": true", "\"flag\": []", R"("model.flag": an array, expected a bool)");
  expect_error("\"texts\": [\"\",\"a\"]", "\"texts\": [\"\",[]]",
               R"("model.texts[1]": an array, expected a string)");
  expect_error("\"small\": [-128,127]", "\"small\": [1,2,300]",
               R"("model.small[2]": an integer that the field cannot hold)");
  expect_error("\"id\":3", "\"id\":{}", R"("model.inners[0].id": a map, expected an integer)");
}

TEST(ModelFile, OfDeepNestingIsRefusedByItsLine) {
  const TempDir directory;
  const std::string path = directory.Path("m");
  constexpr int kDepth = 100'000;
  for (const std::string part : {"\"options\": {}", "\"training\": 1", "\"model\": {}"}) {
    const std::string nested = std::string(kDepth, '[') + std::string(kDepth, ']');
    const std::string text = "{\"format\": \"strads model 1\", \"app\": \"toy\",\n" + part +
                             ", \"\\\"[\": " + nested + "}";
    std::ofstream(path) << text;
    EXPECT_THAT([&] { LoadModel<Model>(path, "toy"); },
                ::testing::ThrowsMessage<Error>(HasSubstr(path + ":2: values are nested")));
  }
  Write(path, Filled(), {{"brackets", std::string(100, '[') + "\\\"" + std::string(100, '{')}});
  EXPECT_NO_THROW(LoadModel<Model>(path, "toy"));
}

}  // namespace
}  // namespace strads
