#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "tests/process/mf_files.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// One line that says what is wrong.
void ExpectError(const Finished& run, int exit_code, const std::string& what) {
  EXPECT_EQ(run.exit_code, exit_code) << run.err;
  EXPECT_THAT(run.err, StartsWith("strads: error: "));
  EXPECT_THAT(run.err, HasSubstr(what));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

void ExpectDataError(const Finished& run, const std::string& what) { ExpectError(run, 3, what); }

struct BadText {
  const char* text;
  const char* error;  // after the path
};

TEST(BadRatings, AreToldByTheirLine) {
  const TempDir dir;
  for (const BadText& bad : {
           BadText{"a b 1\na c x\n", ":2: "},
           BadText{"a b 1\na c nan\n", ":2: "},
           BadText{"a b 1\na c inf\n", ":2: "},
           BadText{"a b 1\na c 1e39\n", ":2: "},
           BadText{"a b 1\na\n", ":2: "},
           BadText{"a b 1\na c\n", ":2: "},
           BadText{"a\tb\t1\n\tc\t2\n", ":2: "},
           BadText{"a::b::1\na::c::\n", ":2: "},
           BadText{"a,b,1\n\"a,c,2\n", ":2: "},
           BadText{"a b 1\na c 2\na b 3\n", ":3: a second rating of item 'b' by user 'a'"},
           BadText{"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n3 1 1\n", ":4: "},
           BadText{"", ": has no ratings"},
           BadText{"# nothing\n\n", ": has no ratings"},
       }) {
    SCOPED_TRACE(bad.text);
    const std::string path = dir.Write("ratings", bad.text), model = dir.Path("model");
    for (const Words& more : {Words{}, Words{"--workers=2", "--processes", "--solver=ccd"}}) {
      Words flags = {"--data=" + path, "--model=" + model};
      flags.insert(flags.end(), more.begin(), more.end());
      ExpectDataError(RunMf("train", flags), path + bad.error);
      EXPECT_FALSE(std::filesystem::exists(model));
    }
  }
}

TEST(BadRatings, AreNoStrengthsBelowZero) {
  const TempDir dir;
  for (const std::string text :
       {"a b 1\na c -0.5\n", "%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 -1\n"}) {
    const std::string path = dir.Write("ratings", text);
    ExpectDataError(RunMf("train", {"--data=" + path, "--implicit", "--solver=ccd"}),
                    "is negative, expected a strength of at least 0");
  }
  const std::string good = dir.Write("good", "a b 1\na c 2\n"), model = dir.Path("m");
  const std::string bad = dir.Write("bad", "a b 1\na c -2\n");
  ASSERT_EQ(RunMf("train", {"--data=" + good, "--implicit", "--solver=ccd", "--model=" + model})
                .exit_code,
            0);
  for (const Finished& run : {RunMf("predict", {"--data=" + bad, "--model=" + model}),
                              RunMf("recommend", {"--seen=" + bad, "--model=" + model})})
    ExpectDataError(run, bad + ":2: the rating '-2' is negative");
}

TEST(BadRatings, FlagsThatWouldDoNothingAreRefused) {
  const TempDir dir;
  const std::string data = "--data=" + dir.Write("ratings", "a b 1\na c 2\n");
  for (const auto& [flag, needs] : std::vector<std::pair<std::string, std::string>>{
           {"--inner=2", "--inner needs --solver=ccd"},
           {"--alpha=2", "--alpha needs --implicit"},
           {"--extra_decay=0.5", "--extra_decay needs --fugue"}})
    ExpectError(RunMf("train", {data, flag}), 2, needs);
  for (const std::string name : {"rate", "blocks"})
    ExpectError(RunMf("train", {data, "--solver=ccd", "--" + name + "=2"}), 2,
                "--" + name + " needs --solver=sgd");
}

// Nor is what lies beside the model.
TEST(BadRatings, NoFileIsBothReadAndWritten) {
  const TempDir dir;
  const std::string data = dir.Write("r.users.npy", ToText(DrawRatings(9, 7, 0.5, 4)));
  const std::string before = ReadText(data), model = dir.Path("m");
  const Finished run = RunMf("train", {"--data=" + data, "--model=" + dir.Path("r")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("is the file of --data"));
  EXPECT_EQ(ReadText(data), before);
  ASSERT_EQ(RunMf("train", {"--data=" + data, "--model=" + model, "--rank=2"}).exit_code, 0);
  const Finished list =
      RunMf("recommend", {"--model=" + model, "--output=" + model + ".items.npy"});
  EXPECT_EQ(list.exit_code, 2);
  EXPECT_THAT(list.err, HasSubstr("is the file of --model"));
}

TEST(EarlyEnd, BeforeThereIsAModelKeepsTheOneBefore) {
  const TempDir dir;
  const std::string data = dir.Write("ratings", ToText(DrawRatings(9, 7, 0.5, 4)));
  const std::string model = dir.Path("m");
  ASSERT_EQ(RunMf("train", {"--data=" + data, "--model=" + model, "--rank=2"}).exit_code, 0);
  const auto files = [&] {
    return ReadText(model) + ReadText(model + ".users.npy") + ReadText(model + ".items.npy");
  };
  const std::string before = files();
  const Finished run =
      RunMf("train", {"--data=" + data, "--model=" + model, "--rank=3", "--max_rounds=1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("not written: the run ended before there was one"));
  EXPECT_EQ(files(), before);
}

// Whether or not an epoch ends there, and so is measured.
TEST(EarlyEnd, AfterStepsThatAreTooLongWritesNoModel) {
  const TempDir dir;
  const std::string data = "--data=" + dir.Write("ratings", ToText(DrawRatings(9, 7, 0.5, 4)));
  const std::string model = dir.Path("m");
  for (const std::string workers : {"1", "2"}) {
    for (const std::string rounds : {"3", "4", "5", "6"}) {
      SCOPED_TRACE(workers + " workers, " + rounds + " rounds");
      const Finished run = RunMf("train", {data, "--model=" + model, "--rate=1e308", "--blocks=2",
                                           "--workers=" + workers, "--max_rounds=" + rounds});
      EXPECT_EQ(run.exit_code, 1) << run.err;
      EXPECT_THAT(run.err, HasSubstr("not written: "));
      for (const char* ending : {"", ".users.npy", ".items.npy"})
        EXPECT_FALSE(std::filesystem::exists(model + ending)) << ending;
    }
  }
}

TEST(BadRatings, OfAValidationSetAreToldByTheirLine) {
  const TempDir dir;
  const std::string data = dir.Write("ratings", ToText(DrawRatings(9, 7, 0.5, 4)));
  const std::string path = dir.Write("validation", "user 1\ti-1\t2\nuser 1\ti-2\tx\n");
  const std::string other = dir.Write("other", "nobody\ti-1\t2\nuser 1\tnothing\t3\n");
  for (const char* workers : {"--workers=1", "--workers=3"}) {
    ExpectDataError(RunMf("train", {"--data=" + data, "--validation=" + path, workers}),
                    path + ":2: ");
    ExpectDataError(RunMf("train", {"--data=" + data, "--validation=" + other, workers}),
                    other + ": none of its ratings");
  }
}

TEST(BadRatings, NamesThatAModelCannotHoldAreRefused) {
  const TempDir dir;
  const std::string path = dir.Write("ratings", "a b 1\na caf\xE9 2\n");
  ExpectDataError(RunMf("train", {"--data=" + path, "--model=" + dir.Path("m")}),
                  path + ": item 'caf\\xe9' is not UTF-8");
  EXPECT_EQ(RunMf("train", {"--data=" + path, "--epochs=1"}).exit_code, 0);
  const std::string good = dir.Write("good", "a b 1\na caf\xC3\xA9 2\n");
  EXPECT_EQ(RunMf("train", {"--data=" + good, "--epochs=1", "--model=" + dir.Path("m")}).exit_code,
            0);
  EXPECT_EQ(RunMf("predict", {"--data=" + good, "--model=" + dir.Path("m")}).exit_code, 0);
}

class BadModel : public ::testing::Test {
 protected:
  void SetUp() override {
    const Finished trained =
        RunMf("train", {"--data=" + data_, "--model=" + model_, "--rank=3", "--epochs=1"});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  Finished Predict() { return RunMf("predict", {"--model=" + model_, "--data=" + data_}); }
  void ChangeJson(const std::function<void(Json&)>& change) {
    Json json = ModelJson(model_);
    change(json);
    dir_.Write("model.json", json.dump());
  }

  TempDir dir_;
  std::string data_ = dir_.Write("ratings", ToText(DrawRatings(9, 7, 0.5, 4)));
  std::string model_ = dir_.Path("model.json");
  const std::string users_ = model_ + ".users.npy", items_ = model_ + ".items.npy";
};

TEST_F(BadModel, FactorFilesThatAreNotItsOwnAreRefusedByName) {
  const std::string good = ReadText(users_);
  const auto expect = [&](const std::string& text, const std::string& what) {
    SCOPED_TRACE(what);
    dir_.Write("model.json.users.npy", text);
    ExpectDataError(Predict(), users_ + ": " + what);
  };
  ASSERT_EQ(good.size(), 128 + 4 * 9 * 3u);
  expect(good.substr(0, good.size() - 1), "ends before row 8 of 9");
  expect(good.substr(0, 128), "ends before row 0 of 9");
  expect(good.substr(0, 50), "is cut off in its header");
  expect("", "is no .npy file");
  expect("user factors", "is no .npy file");
  expect(good + "\n", "goes on after its last row");
  expect(ReadText(items_),
         "is a .npy file of {'descr': '<f4', 'fortran_order': False, 'shape': "
         "(7, 3), }, expected the factors of this model: a .npy file of shape "
         "(9, 3), float32");
  std::string nan = good;
  for (size_t byte = 0; byte < 4; ++byte) nan[128 + 4 * 3 * 5 + byte] = '\xFF';
  expect(nan, "row 5 (from 0) has a number that is not finite");
  std::filesystem::remove(users_);
  ExpectDataError(Predict(), users_ + ": cannot be opened");
}

TEST_F(BadModel, AModelThatContradictsItselfIsRefusedByName) {
  const std::string good = ReadText(model_);
  const auto expect = [&](const std::function<void(Json&)>& change, const std::string& what) {
    SCOPED_TRACE(what);
    ChangeJson(change);
    ExpectDataError(Predict(), what);
    dir_.Write("model.json", good);
  };
  expect([](Json& json) { json["app"] = "lasso"; }, model_ + ": is a model of app 'lasso'");
  expect([](Json& json) { json["model"]["rank"] = 4; },
         users_ + ": is a .npy file of {'descr': '<f4', 'fortran_order': False, 'shape': (9, 3)");
  expect([](Json& json) { json["model"]["rank"] = 0; }, model_ + ": has rank 0");
  expect([](Json& json) { json["model"]["rank"] = "three"; }, model_ + ": ");
  expect([](Json& json) { json["model"]["mean"] = "nan"; }, model_ + ": has a mean");
  expect([](Json& json) { json["model"]["users"][3] = json["model"]["users"][2]; },
         model_ + ": has a name twice among its users");
  expect([](Json& json) { json["model"]["users"].push_back("one more"); }, users_ + ": ");
  expect(
      [](Json& json) {
        json["model"]["user_biases"] = {1, 2};
      },
      model_ + ": has biases of one side only");
  expect(
      [](Json& json) {
        json["model"]["user_biases"] = {1, 2};
        json["model"]["item_biases"] = {1, 2};
      },
      model_ + ": has 2 user_biases, expected 9");
  expect([](Json& json) { json["model"].clear(); }, model_ + ": has rank 0");
  dir_.Write("model.json", good.substr(0, good.size() / 2));
  ExpectDataError(Predict(), model_ + ":");
  std::filesystem::remove(model_);
  ExpectDataError(Predict(), model_ + ": cannot be opened");
}

TEST_F(BadModel, ItsOtherCommandsRefuseItToo) {
  std::filesystem::remove(items_);
  for (const char* command : {"predict", "evaluate", "recommend", "export"}) {
    Words flags = {"--model=" + model_};
    if (command[0] == 'p' || command == std::string("evaluate")) flags.push_back("--data=" + data_);
    ExpectDataError(RunMf(command, flags), items_ + ": cannot be opened");
  }
}

TEST_F(BadModel, WhatItDoesNotKnowIsToldByItsLine) {
  for (const BadText& bad : {
           BadText{"user 1\ti-1\nuser 1\ti-77\n", ":2: unknown item 'i-77', expected one of the 7"},
           BadText{"nobody\ti-1\nuser 1\ti-77\n", ":1: unknown user 'nobody', expected one of"},
           BadText{"user 1\ti-1\t3\nuser 1\ti-2\tx\n", ":2: "},
           BadText{"user 1\ti-1\t3\nuser 1\n", ":2: "},
           BadText{"", ": has no ratings"},
       }) {
    SCOPED_TRACE(bad.text);
    const std::string path = dir_.Write("pairs", bad.text);
    for (const char* threads : {"--threads=1", "--threads=3"})
      ExpectDataError(RunMf("predict", {"--model=" + model_, "--data=" + path, threads}),
                      path + bad.error);
  }
}

TEST_F(BadModel, RatingsThatCannotBeComparedAreRefused) {
  for (const BadText& bad : {
           BadText{"user 1\ti-1\t3\nuser 1\ti-2\n", ":2: "},
           BadText{"user 1\ti-1\t3\nuser 1\ti-1\t4\n", ":2: a second rating"},
           BadText{"nobody\ti-1\t3\n", ": none of its 1 ratings is of a user and an item"},
       }) {
    SCOPED_TRACE(bad.text);
    const std::string path = dir_.Write("test", bad.text);
    ExpectDataError(RunMf("evaluate", {"--model=" + model_, "--data=" + path}), path + bad.error);
  }
  const std::string twice = dir_.Write("twice", "user 1\ti-1\t3\nuser 1\ti-1\t4\n");
  const Finished last =
      RunMf("evaluate", {"--model=" + model_, "--data=" + twice, "--duplicates=last"});
  EXPECT_EQ(PrintedNumbers(last.out)["ratings"], 1);
}

TEST_F(BadModel, FlagsOutOfRangeAreRefused) {
  const Words m = {"--model=" + model_};
  const auto expect = [&](const char* command, const Words& more, const std::string& what) {
    Words flags = m;
    flags.insert(flags.end(), more.begin(), more.end());
    ExpectError(RunMf(command, flags), 2, what);
  };
  ExpectError(RunMf("predict", {"--data=" + data_}), 2, "--model is missing");
  expect("predict", {}, "--data is missing");
  expect("predict", {"--data=" + data_, "--unknown=guess"}, "expected refuse or mean");
  expect("evaluate", {"--data=" + data_, "--top=-1"}, "--top=-1 is out of range");
  expect("evaluate", {"--data=" + data_, "--seen=" + data_}, "--seen needs --top");
  expect("recommend", {"--top=0"}, "--top=0 is out of range");
  expect("recommend", {"--user=nobody"}, "--user=nobody is unknown, expected one of the 9 users");
  expect("recommend", {"--format=xml"}, "expected text or json");
  expect("export", {"--format=csv"}, "expected text or libmf");
  expect("export", {"--fold"}, "--fold needs --format=libmf");
  expect("recommend", {"--data=" + data_}, "data");
}

TEST_F(BadModel, OutputThatCannotBeWrittenIsRefused) {
  for (const std::string& path : {dir_.Path("no/such/file"), std::string("/dev/full")}) {
    for (const char* command : {"predict", "recommend", "export"}) {
      Words flags = {"--model=" + model_, "--output=" + path};
      if (command[0] == 'p') flags.push_back("--data=" + data_);
      ExpectDataError(RunMf(command, flags), path + ": cannot be written");
    }
  }
}

}  // namespace
}  // namespace strads::testing
