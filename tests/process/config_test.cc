#include <gmock/gmock.h>

#include <filesystem>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

class Config : public ::testing::Test {
 protected:
  Finished Train(const std::string& config, Words more = {}) {
    more.push_back("--config=" + dir_.Write("run.conf", config));
    return RunTrain(more);
  }
  void ExpectRefused(const std::string& config, int line, const std::vector<std::string>& reasons) {
    const Finished run = Train(config);
    EXPECT_EQ(run.exit_code, 2) << run.err;
    EXPECT_THAT(run.err, HasSubstr(dir_.Path("run.conf") + ":" + std::to_string(line) + ": "));
    for (const std::string& reason : reasons) EXPECT_THAT(run.err, HasSubstr(reason));
  }
  // The options as --print_config shows them, without its comments.
  Finished Print(const std::string& config, Words more = {}) {
    more.push_back("--print_config");
    return Train(config, more);
  }

  TempDir dir_;
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(QuickProblem()));
};

TEST_F(Config, KeysAreFlagsAndCommentsAndBlankLinesAreNot) {
  const Finished run =
      Train("# a comment\n\n  data = " + data_ +
            "\nworkers=2   # two\r\n\tmax_rounds\t=  3\nmodel = " + dir_.Path("m.json") +
            "\nprocesses = false");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(ModelJson(dir_.Path("m.json")).at("training").at("rounds"), 3);
}

TEST_F(Config, AByteOrderMarkIsNoPartOfTheFirstKey) {
  EXPECT_EQ(Train("\xef\xbb\xbf"
                  "data = " +
                  data_ + "\n")
                .exit_code,
            0);
}

TEST_F(Config, AFlagWinsOverTheFileWhereverItStands) {
  const std::string config = dir_.Write("a.conf", "parallelism = 7\nseed = 5\n");
  const Finished before = RunTrain({"--parallelism=9", "--config=" + config, "--print_config"});
  const Finished after = RunTrain({"--config=" + config, "--parallelism=9", "--print_config"});
  EXPECT_EQ(before.out, after.out);
  EXPECT_THAT(before.out, HasSubstr("\nparallelism = 9\n"));
  EXPECT_THAT(before.out, HasSubstr("\nseed = 5\n"));
}

TEST_F(Config, WhatPrintConfigShowsIsAConfigOfTheSameValues) {
  const Finished first = Print(
      "tolerance = 0.000125\nlambda_ratio = 0.1\nmax_coupling = 1e-300\n"
      "schedule = dependency\ndata = " +
          data_ + "\n",
      {"--staleness=3", "--processes", "--seed=123456789012345"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  for (const char* line : {"schedule = dependency", "staleness = 3", "processes = true",
                           "seed = 123456789012345", "lambda_ratio = 0.1"}) {
    EXPECT_THAT(first.out, HasSubstr("\n" + std::string(line) + "\n"));
  }
  const Finished second = Print(first.out);
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(second.out, first.out);
}

TEST_F(Config, WhatPrintConfigShowsIsAConfigOfTheSameValuesWhateverTheyHold) {
  for (const char* value : {"a#b", "#", " in front", "behind ", "\ta\rb\n", "\"a\"", "a \"b\"",
                            "\\n", "\x1b[31m", "a = b"}) {
    const std::string data = std::string("--data=") + value;
    const Finished first = RunTrain({"--print_config", data});
    ASSERT_EQ(first.exit_code, 0) << first.err;
    const Finished second = Print(first.out);
    EXPECT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(second.out, first.out);
    // The value itself is in force: there is no such file.
    const Finished run = Train(first.out), expected = RunTrain({data});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_EQ(run.err, expected.err);
  }
}

TEST_F(Config, BadQuotesAndBytesAreRefusedWithTheirLine) {
  ExpectRefused("seed = 1\ndata = \"a\n", 2, {"no end"});
  ExpectRefused("data = \"a\" b\n", 1, {"follows the end"});
  ExpectRefused("data = \"\\q\"\n", 1, {"backslash"});
  ExpectRefused(std::string("data = a\0b\n", 11), 1, {"NUL"});
  ExpectRefused("\x1b[31m = 1\n", 1, {"'\\x1b[31m'"});
  ExpectRefused("workers = \x1b\a\n", 1, {"--workers=\\x1b\\x07 is wrong"});
}

TEST_F(Config, WhatIsOfTheCommandLineIsRefused) {
  for (const char* line : {"print_config = true", "config = other.conf", "child = true"}) {
    const Finished run = Print(std::string("data = ") + data_ + "\n" + line + "\n");
    EXPECT_EQ(run.exit_code, 2) << line;
    EXPECT_THAT(run.err,
                HasSubstr(":2: '" + std::string(line).substr(0, std::string(line).find(' '))));
  }
}

TEST_F(Config, WhatPrintConfigShowsIsAConfigAsItStands) {
  const Finished first = Print("data = " + data_ + "\nmax_rounds = 3\n");
  const std::string config = dir_.Write("printed.conf", first.out);
  const Finished run = RunTrain({"--config=" + config, "--noprint_config"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("MaxRounds"));
}

TEST_F(Config, PrintConfigDoesNothingElse) {
  const Finished run = Print("data = " + dir_.Path("no such file") + "\n",
                             {"--metrics=" + dir_.Path("metrics.json")});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_FALSE(std::filesystem::exists(dir_.Path("metrics.json")));
}

TEST_F(Config, OneFileServesAllCommandsOfAnApp) {
  const std::string config =
      dir_.Write("all.conf", "data = " + data_ + "\nworkers = 2\nmodel = " + dir_.Path("m.json") +
                                 "\noutput = " + dir_.Path("fitted.txt") + "\n");
  for (const char* command : {"train", "predict", "evaluate"}) {
    const Finished run = RunStrads({"lasso", command, "--config=" + config});
    EXPECT_EQ(run.exit_code, 0) << command << ": " << run.err;
  }
  EXPECT_FALSE(ReadText(dir_.Path("fitted.txt")).empty());
}

TEST_F(Config, AnUnknownKeyIsRefusedWithItsLineAndWhatWasMeant) {
  ExpectRefused("seed = 1\n\nparalelism = 4\n", 3, {"paralelism", "did you mean parallelism"});
  ExpectRefused("max-coupling-factor = 4\n", 1, {"max-coupling-factor"});
}

TEST_F(Config, AnIllTypedValueIsRefusedWithItsLine) {
  ExpectRefused("seed = 1\nworkers = many\n", 2, {"workers", "many"});
  ExpectRefused("workers = 2.5\n", 1, {"workers", "2.5"});
  ExpectRefused("workers = \n", 1, {"workers"});
  ExpectRefused("workers = 99999999999999999999\n", 1, {"workers"});
  ExpectRefused("# c\ntolerance = 1e-4x\n", 2, {"tolerance", "1e-4x"});
  ExpectRefused("processes = maybe\n", 1, {"processes", "maybe"});
}

TEST_F(Config, AKeyGivenTwiceIsRefusedWithItsLine) {
  ExpectRefused("seed = 1\nworkers = 2\nseed = 1\n", 3, {"'seed' is given twice"});
}

TEST_F(Config, ALineThatIsNoAssignmentIsRefused) {
  ExpectRefused("seed = 1\nworkers 2\n", 2, {"workers 2", "name = value"});
}

TEST_F(Config, AFileThatIsNotThereIsRefusedByName) {
  const Finished run = RunTrain({"--config=" + dir_.Path("nothing.conf")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr(dir_.Path("nothing.conf")));
}

TEST_F(Config, ADirectoryIsNoConfigFile) {
  std::filesystem::create_directory(dir_.Path("folder"));
  const Finished run = RunTrain({"--config=" + dir_.Path("folder"), "--data=" + data_});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr(dir_.Path("folder")));
}

// Whoever looks ahead for the solver must not take away what is to be read.
TEST_F(Config, IsReadFromAPipeWhateverIsDecidedByIt) {
  const std::string data = dir_.Write("classes.libsvm", "1 1:1\n-1 1:-1 2:0.5\n1 2:1\n-1 2:-2\n");
  const auto train = [&](const std::string& before, const std::string& flags) {
    const std::string model = dir_.Path("model.json");
    Process run({"/bin/sh", "-c",
                 before + Strads({}).front() + " svm train --noprogress --workers=2 --data=" +
                     data + " --model=" + model + " " + flags});
    EXPECT_TRUE(run.WaitForExit());
    EXPECT_EQ(run.exit_code(), 0) << run.err();
    return ModelBytes(model);
  };
  for (const char* const solver : {"cocoa", "sgd"}) {
    const std::string text = std::string("C = 0.01\nsolver = ") + solver;
    const std::string config = dir_.Write("pipe.conf", text);
    const std::string from_file = train("", "--config=" + config);
    EXPECT_NE(from_file, train("", std::string("--solver=") + solver));
    EXPECT_EQ(from_file, train("cat " + config + " | ", "--config=/dev/stdin"));
  }
}

}  // namespace
}  // namespace strads::testing
