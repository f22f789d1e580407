#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Exit code 3, and one line that says where.
void ExpectDataError(const Finished& run, const std::string& where) {
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_THAT(run.err, StartsWith("strads: error: "));
  EXPECT_THAT(run.err, HasSubstr(where));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

class BadData : public ::testing::TestWithParam<Words> {
 protected:
  void Expect(const std::string& name,
              const std::string& text,
              const std::string& line,
              const Words& more = {}) {
    const std::string path = dir_.Write(name, text);
    Words words = {"--data=" + path};
    words.insert(words.end(), GetParam().begin(), GetParam().end());
    words.insert(words.end(), more.begin(), more.end());
    ExpectDataError(RunTrain(words), path + ":" + line);
  }

  TempDir dir_;
};

TEST_P(BadData, IsToldByItsLine) {
  Expect("number.libsvm", "1 1:2 2:3\n1 2:abc\n1 1:1\n", "2: ");
  Expect("order.libsvm", "1 1:2\n1 1:2\n1 3:1 2:1\n", "3: ");
  Expect("zero.libsvm", "1 0:2\n", "1: ");
  Expect("beyond.libsvm", "1 1:2\n2 7:1\n", "2: ", {"--num_features=6"});
  Expect("infinite.libsvm", "1 1:2\nnan 1:1\n", "2: ");
}

TEST_P(BadData, OfTheFirstBadLineIsTold) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += i == 13 || i == 81 ? "1 x:1\n" : "1 1:1 2:0.5\n";
  Expect("two.libsvm", text, "14: ");
}

TEST_P(BadData, OfAFileThatIsNotThereOrEmptyItsNameIsTold) {
  Words words = {"--data=" + dir_.Path("nothing.libsvm")};
  words.insert(words.end(), GetParam().begin(), GetParam().end());
  ExpectDataError(RunTrain(words), dir_.Path("nothing.libsvm") + ": ");
  Expect("empty.libsvm", "", "");
}

TEST_P(BadData, WritesNoModel) {
  const std::string model = dir_.Path("model.json");
  Expect("bad.libsvm", "one 1:1\n", "1: ", {"--model=" + model});
  EXPECT_FALSE(std::filesystem::exists(model));
}

INSTANTIATE_TEST_SUITE_P(Ways,
                         BadData,
                         ::testing::Values(Words{},
                                           Words{"--workers=3"},
                                           Words{"--workers=3", "--processes"}));

class BadFiles : public ::testing::Test {
 protected:
  Finished Predict(const std::string& model) {
    return RunStrads({"lasso", "predict", "--model=" + model, "--data=" + data_});
  }

  TempDir dir_;
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(QuickProblem()));
};

TEST_F(BadFiles, AWorkerOverTcpThatCannotReadItsDataEndsTheRunByItsNameAndLine) {
  const std::string path = dir_.Write("bad.libsvm", "1 1:1\n1 1:1\n1 1:x\n");
  TcpCoordinator coordinator({"--data=" + path, "--workers=3"});
  std::vector<std::unique_ptr<Process>> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(coordinator.StartMember("worker"));
  ASSERT_TRUE(coordinator.process().WaitForExit());
  EXPECT_EQ(coordinator.process().exit_code(), 3);
  EXPECT_THAT(coordinator.process().err(), HasSubstr(path + ":3: "));
  EXPECT_THAT(coordinator.process().err(), HasSubstr("(worker 2 (process "));
  for (const auto& worker : workers) {
    ASSERT_TRUE(worker->WaitForExit());
    const bool is_the_one = worker->err().find(path) != std::string::npos;
    EXPECT_EQ(worker->exit_code(), is_the_one ? 3 : 4) << worker->err();
    EXPECT_THAT(worker->err(), HasSubstr(is_the_one ? path + ":3: " : "another role failed"));
  }
}

TEST_F(BadFiles, AModelThatCannotBeReadIsRefusedByName) {
  ExpectDataError(Predict(dir_.Path("nothing.json")), dir_.Path("nothing.json") + ": ");
  ExpectDataError(Predict(dir_.Write("empty.json", "")), dir_.Path("empty.json") + ":");
  ExpectDataError(Predict(dir_.Write("text.json", "{\n \"app\": 1,\n oops\n}\n")),
                  dir_.Path("text.json") + ":3: ");
  ExpectDataError(Predict(dir_.Write("other.json", "{\"a\": 1}")), dir_.Path("other.json") + ": ");
  ExpectDataError(Predict(dir_.Write("list.json", "[1, 2]")), dir_.Path("list.json") + ": ");
  const std::string head = R"({"format": "strads model 1", "options": {}, "app": )";
  ExpectDataError(Predict(dir_.Write("app.json", head + R"("ridge", "model": {}})")),
                  "is a model of app 'ridge'");
  ExpectDataError(
      Predict(dir_.Write("type.json", head + R"("lasso", "model": {"coefficients": "x"}})")),
      dir_.Path("type.json") + ": ");
}

TEST_F(BadFiles, AModelWithImpossibleEntriesIsRefused) {
  const auto sparse = [&](const std::string& name, const std::string& text) {
    return dir_.Write(name, R"({"format": "strads model 1", "options": {}, "app": "lasso",
                               "model": {"lambda": 1, "coefficients": )" +
                                text + "}}");
  };
  for (const char* text :
       {R"({"size": 2, "entries": {"3": 1}})", R"({"size": 2, "entries": {"0": 1}})",
        R"({"size": -1, "entries": {}})", R"({"size": 2, "entries": {"one": 1}})",
        R"({"size": 2, "entries": {"1": "a"}})", R"({"size": 1e300, "entries": {}})",
        R"({"size": 9000000000000000000, "entries": {}})"}) {
    SCOPED_TRACE(text);
    ExpectDataError(Predict(sparse("bad.json", text)), dir_.Path("bad.json") + ": ");
  }
}

TEST_F(BadFiles, AModelIsNotTruncatedUnnoticed) {
  ASSERT_EQ(RunTrain({"--data=" + data_, "--model=" + dir_.Path("m.json")}).exit_code, 0);
  const std::string text = ReadText(dir_.Path("m.json"));
  for (const size_t length : {text.size() - 3, text.size() / 2, text.size() / 9}) {
    ExpectDataError(Predict(dir_.Write("cut.json", text.substr(0, length))), dir_.Path("cut.json"));
  }
}

TEST_F(BadFiles, AFolderIsNoModel) {
  ExpectDataError(Predict(dir_.Path("")), "is a folder, expected a file");
}

TEST_F(BadFiles, AModelIsWrittenWhereALinkLeads) {
  const std::string file = dir_.Write("file.json", "before"), link = dir_.Path("link.json");
  std::filesystem::create_symlink("file.json", link);
  ASSERT_EQ(RunTrain({"--data=" + data_, "--model=" + link}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(ModelJson(file).at("app"), "lasso");
  EXPECT_FALSE(std::filesystem::exists(file + ".tmp"));
}

// Not replaced: it is a pipe here.
TEST_F(BadFiles, WhatIsNoRegularFileIsWrittenToAsItIs) {
  const Finished run = RunTrain({"--data=" + data_, "--model=/dev/stdout"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\"format\": \"strads model 1\""));
}

TEST_F(BadFiles, NoFileIsBothReadAndWritten) {
  const std::string model = dir_.Path("m.json"), before = ReadText(data_);
  ASSERT_EQ(RunTrain({"--data=" + data_, "--model=" + model}).exit_code, 0);
  const auto expect_refused = [&](const Finished& run, const std::string& what) {
    EXPECT_EQ(run.exit_code, 2) << what;
    EXPECT_THAT(run.err, HasSubstr(what));
  };
  expect_refused(RunTrain({"--data=" + data_, "--model=" + data_}), "is the file of --data");
  expect_refused(RunTrain({"--data=" + data_, "--metrics=" + data_}), "is the file of --data");
  const std::string fresh = dir_.Path("fresh");
  expect_refused(RunTrain({"--data=" + data_, "--model=" + fresh, "--metrics=" + fresh}),
                 "is the file of --");
  expect_refused(
      RunStrads({"lasso", "predict", "--data=" + data_, "--model=" + model, "--output=" + model}),
      "is the file of --model");
  EXPECT_EQ(ReadText(data_), before);
  const Finished again = RunTrain({"--data=" + data_, "--warm_start=" + model, "--model=" + model});
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

// Each of them would get a part of it.
TEST_F(BadFiles, APipeIsReadByOneWorkerOnly) {
  const std::string pipe = dir_.Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const Words& words :
       {Words{"lasso", "train", "--workers=2"}, Words{"search", "lasso", "--grid=lambda=1"}}) {
    Words flags = words;
    flags.insert(flags.end(), {"--data=" + pipe, "--noprogress"});
    const Finished run = RunStrads(flags);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("--data=" + pipe + " can be read once"));
  }
}

TEST_F(BadFiles, OutputThatIsLostIsTold) {
  Process run({"/bin/sh", "-c", Strads({"--help"}).front() + " --help > /dev/full"});
  ASSERT_TRUE(run.WaitForExit());
  EXPECT_EQ(run.exit_code(), 3);
  EXPECT_THAT(run.err(), HasSubstr("standard output: cannot be written"));
}

TEST_F(BadFiles, ClassesAreOfOneKind) {
  const std::string mixed = dir_.Write("mixed", "1 1:1\n0 1:2\n-1 2:1\n");
  const Finished run = RunTrain({"--data=" + mixed, "--loss=logistic"});
  ExpectDataError(run, mixed + ": has targets of both -1 and 0");
  const std::string model = dir_.Path("l.json");
  const std::string good = dir_.Write("good", "1 1:1\n0 1:2\n1 2:1\n0 1:1 2:2\n");
  ASSERT_EQ(RunTrain({"--data=" + good, "--loss=logistic", "--model=" + model}).exit_code, 0);
  const std::string other = dir_.Write("other", "2 1:1\n1 1:2\n");
  ExpectDataError(RunStrads({"lasso", "evaluate", "--data=" + other, "--model=" + model}),
                  other + ":1: ");
}

// A run that would not end is refused before it begins.
TEST_F(BadFiles, MetricsThatCannotBeWrittenAreRefusedBeforeTraining) {
  Words words = SlowFlags(data_);
  words.insert(words.end(), {"--noprogress", "--metrics=" + dir_.Path("no/such/folder.json")});
  ExpectDataError(RunStrads(words), dir_.Path("no/such/folder.json"));
}

TEST_F(BadFiles, AModelThatCannotBeWrittenIsRefusedBeforeTraining) {
  const std::string metrics = dir_.Path("metrics.json");
  for (const std::string& path : {dir_.Path("no/such/folder.json"), dir_.Path("")}) {
    const Finished run = RunTrain({"--data=" + data_, "--metrics=" + metrics, "--model=" + path});
    ExpectDataError(run, path);
    const bool trained = std::filesystem::exists(metrics) && !ReadText(metrics).empty();
    EXPECT_FALSE(trained) << "it was found out after all the work was done";
  }
}

TEST_F(BadFiles, PredictionsThatCannotBeWrittenAreRefused) {
  ASSERT_EQ(RunTrain({"--data=" + data_, "--model=" + dir_.Path("m.json")}).exit_code, 0);
  for (const std::string& path : {dir_.Path("no/such/file.txt"), std::string("/dev/full")}) {
    const Finished run = RunStrads({"lasso", "predict", "--model=" + dir_.Path("m.json"),
                                    "--data=" + data_, "--output=" + path});
    ExpectDataError(run, path);
  }
}

TEST_F(BadFiles, MetricsOnAFullDiskAreToldAndTheModelIsSaved) {
  const Finished run =
      RunTrain({"--data=" + data_, "--metrics=/dev/full", "--model=" + dir_.Path("m.json")});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("/dev/full"));
  EXPECT_TRUE(std::filesystem::exists(dir_.Path("m.json"))) << "the model is lost with them";
}

// The files beside the data: of weights, penalty factors, groups and folds.
TEST(BadOptionFiles, AreToldByTheirLine) {
  const TempDir dir;
  const std::string data = "--data=" + dir.Write("d", "1 1:1 2:1\n0 1:2\n1 2:1\n");
  const auto expect = [&](const std::string& flag, const std::string& text,
                          const std::string& what) {
    const std::string path = dir.Write(flag, text);
    SCOPED_TRACE(flag + " " + text);
    const std::string command = flag == "folds_file" ? "path" : "train";
    for (const std::string workers : {"1", "2"}) {
      ExpectDataError(RunStrads({"lasso", command, "--noprogress", data, "--" + flag + "=" + path,
                                 "--workers=" + workers}),
                      path + ":" + what);
    }
  };
  expect("weights", "1\n2\n", "3: the file ends after 2 weights, expected 3");
  expect("weights", "1\n2\n3\n4\n", "4: more weights than rows");
  expect("weights", "1\nx\n3\n", "2: 'x' is out of place");
  expect("weights", "1\ninf\n3\n", "2: 'inf' is out of range");
  expect("weights", "1\n-1\n3\n", "2: '-1' is out of range, expected at least 0");
  expect("penalty_factors", "1\n", "2: the file ends after 1 penalty factors, expected 2");
  expect("penalty_factors", "1\n-inf\n", "2: '-inf' is out of range");
  expect("penalty_factors", "1\n-2\n", "2: '-2' is out of range, expected at least 0");
  expect("groups", "1\n2\n3\n", "3: more groups than variables");
  expect("folds_file", "1\n2\n1.5\n",
         "3: '1.5' is out of range, expected a whole number of at least 1");
  expect("folds_file", "1\n1\n1\n", " there are rows of fold 1 only");
  expect("folds_file", "1\n3\n1\n", " there are rows of fold 3 but none of fold 2");
}

TEST(BadOptionFiles, OneClassAloneHasNoIntercept) {
  const TempDir dir;
  const std::string path = dir.Write("d", "1 1:1\n1 1:2\n1 1:3\n");
  const std::string message = path + ": all targets are of one class";
  for (const std::string schedule : {"working_set", "priority"}) {
    const Words flags = {"--data=" + path, "--loss=logistic", "--intercept",
                         "--schedule=" + schedule};
    ExpectDataError(RunTrain(flags), message);
    Words fits = {"lasso", "path", "--noprogress", "--folds=0"};
    fits.insert(fits.end(), flags.begin(), flags.end());
    const Finished run = RunStrads(fits);
    EXPECT_EQ(run.exit_code, 3) << run.err;
    EXPECT_THAT(run.err, HasSubstr(message));
  }
}

TEST(BadOptionFiles, ClassesThatFreeVariablesTellApartHaveNoBestModel) {
  const TempDir dir;
  const std::string path = dir.Write("d", "1 1:1 2:1\n-1 1:-1 2:2\n1 1:2 2:0.5\n-1 1:-3 2:1\n");
  const std::string factors = dir.Write("f", "0\n1\n");
  for (const std::string intercept : {"--intercept", "--nointercept"}) {
    ExpectDataError(RunTrain({"--data=" + path, "--loss=logistic", "--penalty_factors=" + factors,
                              "--lambda_ratio=0.1", intercept}),
                    path + ": variables that are not penalised tell the classes apart");
  }
}

TEST(BadOptionFiles, TargetsThatAreNoClassesAreNamed) {
  const TempDir dir;
  const std::string path = dir.Write("d", "1 1:1\n3 1:2\n");
  ExpectDataError(RunTrain({"--data=" + path, "--loss=logistic"}),
                  path + ":2: '3' is no class, expected -1 or 0, and 1");
  const std::string matrix =
      dir.Write("m.mtx", "%%MatrixMarket matrix array real general\n2 1\n1\n2\n");
  const std::string target = dir.Write("t", "-1\n0.5\n");
  ExpectDataError(RunTrain({"--data=" + matrix, "--target=" + target, "--loss=logistic"}),
                  target + ":2: '0.5' is no class, expected -1 or 0, and 1");
  const std::string zero = dir.Write("w", "0\n0\n");
  ExpectDataError(RunTrain({"--data=" + path, "--weights=" + zero}),
                  path + ": all rows have weight 0");
}

}  // namespace
}  // namespace strads::testing
