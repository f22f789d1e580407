#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "tests/process/lda_files.h"
#include "tests/process/mf_files.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// As a shell runs the command that has been told `before`.
Finished RunAfter(const std::string& before, const Words& words) {
  Words command = {"/bin/sh", "-c", before + "\nexec \"$@\"", "sh"};
  for (const std::string& word : Strads(words)) command.push_back(word);
  Process process(command);
  EXPECT_TRUE(process.WaitForExit()) << "does not end: " << ::testing::PrintToString(words);
  process.WaitForSilence(1);
  return {process.exit_code(), process.out(), process.err()};
}

void ExpectError(const Finished& run, int exit_code, const std::string& what) {
  EXPECT_EQ(run.exit_code, exit_code) << run.err;
  EXPECT_THAT(run.err, StartsWith("strads: error: "));
  EXPECT_THAT(run.err, HasSubstr(what));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

class Limits : public ::testing::Test {
 protected:
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.Path("")))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  // `train` cannot write `file`, and leaves all files as they were.
  void ExpectNothingWritten(const Words& train, const std::string& file) {
    SCOPED_TRACE(::testing::PrintToString(train));
    const std::vector<std::string> before = Files();
    const std::string model = ReadText(model_);
    ExpectError(RunAfter("ulimit -f 1", train), 3, file + ": cannot be written: File too large");
    EXPECT_EQ(Files(), before);
    EXPECT_EQ(ReadText(model_), model);
  }

  TempDir dir_;
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(QuickProblem()));
  std::string model_ = dir_.Write("model.json", "the one before");
};

// The signal that comes with it would end the process without a word.
TEST_F(Limits, AFileThatMayNotGrowIsToldAndTheOneBeforeIsKept) {
  const std::string to_model = "--model=" + model_;
  for (const std::string workers : {"--workers=1", "--processes"})
    ExpectNothingWritten({"lasso", "train", "--noprogress", "--data=" + data_, to_model,
                          "--lambda_ratio=1e-3", workers},
                         model_);
  const std::string ratings = dir_.Write("ratings", ToText(DrawRatings(100, 100, 0.1, 1)));
  ExpectNothingWritten({"mf", "train", "--noprogress", "--data=" + ratings, to_model, "--epochs=1"},
                       model_ + ".items.npy");
  std::string documents;
  for (int i = 0; i < 400; ++i) documents += "word" + std::to_string(i % 200) + " of a text\n";
  const std::string corpus = dir_.Write("documents.txt", documents);
  ExpectNothingWritten({"lda", "train", "--noprogress", "--data=" + corpus, to_model, "--epochs=1",
                        "--topics=2", "--min_df=0"},
                       model_ + ".topics.txt");
}

TEST_F(Limits, MetricsAndPredictionsThatMayNotGrowAreTold) {
  const std::string metrics = dir_.Path("metrics.json"), output = dir_.Path("predictions");
  ExpectError(RunAfter("ulimit -f 1", {"lasso", "train", "--noprogress", "--data=" + data_,
                                       "--metrics=" + metrics, "--schedule=cyclic"}),
              3, metrics + ": cannot be written: File too large");
  ASSERT_EQ(RunTrain({"--data=" + data_, "--model=" + model_}).exit_code, 0);
  ExpectError(RunAfter("ulimit -f 1", {"lasso", "predict", "--data=" + data_, "--model=" + model_,
                                       "--output=" + output}),
              3, output + ": cannot be written: File too large");
}

TEST_F(Limits, FewerOpenFilesThanTheMembersNeedAreRefused) {
  const Words many = {"lasso",           "train",       "--noprogress",
                      "--data=" + data_, "--processes", "--workers=40"};
  ExpectError(RunAfter("ulimit -n 40", many), 2, "ulimit -n");
  ExpectError(RunAfter("ulimit -n 20", {"lasso", "train", "--data=" + data_, "--role=coordinator",
                                        "--listen=tcp://127.0.0.1:*"}),
              2, "ulimit -n");
  ExpectError(RunAfter("ulimit -n 20", {"--role=worker", "--connect=tcp://127.0.0.1:1"}), 2,
              "ulimit -n");
  // Of the two limits the one that binds is raised.
  const Finished run = RunAfter("ulimit -S -n 40", many);
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

TEST_F(Limits, TheFolderOfSocketsIsThatOfTmpdirOrToldToBeOfNoUse) {
  const Words words = {"lasso", "train", "--noprogress", "--data=" + data_, "--processes"};
  ExpectError(RunAfter("export TMPDIR=" + dir_.Path("none"), words), 2,
              "TMPDIR=" + dir_.Path("none"));
  ExpectError(RunAfter("export TMPDIR=" + data_, words), 2, "TMPDIR=" + data_);
}

// A socket has a path of 107 bytes at most, and those between workers have the longest.
TEST_F(Limits, AFolderWhosePathIsTooLongForSocketsIsPassedOver) {
  const std::string ratings = dir_.Write("ratings", ToText(DrawRatings(8, 8, 0.5, 1)));
  for (const size_t length : {64U, 80U, 100U, 150U}) {
    std::string folder = dir_.Path("long");
    folder.resize(length, 'g');
    std::filesystem::create_directory(folder);
    for (const Words& train : {Words{"lasso", "train", "--data=" + data_},
                               Words{"mf", "train", "--data=" + ratings, "--epochs=2"}}) {
      Words words = train;
      words.insert(words.end(), {"--noprogress", "--processes", "--workers=2"});
      const Finished run = RunAfter("export TMPDIR=" + folder, words);
      EXPECT_EQ(run.exit_code, 0) << length << ": " << run.err;
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder));
  }
}

// Two rows, of which one is of the last feature that there can be.
TEST_F(Limits, MemoryThatRunsOutHasOneExitCode) {
  const std::string wide = dir_.Write("wide.libsvm", "1 1:1\n-1 2147483646:1\n");
  for (const std::string app : {"lasso", "regression", "svm"}) {
    for (const std::string workers : {"--workers=1", "--workers=2", "--processes"}) {
      SCOPED_TRACE(app + " " + workers);
      ExpectError(
          RunAfter("ulimit -v 4000000", {app, "train", "--noprogress", "--data=" + wide, workers}),
          1, "out of memory");
    }
  }
}

// Of a few bytes, which say how long the vector is.
TEST_F(Limits, AModelThatNeedsMoreMemoryThanThereIsIsToldByItsField) {
  const std::string two = dir_.Write("two.libsvm", "1 1:1\n-1 1:-1\n");
  ASSERT_EQ(
      RunStrads({"svm", "train", "--data=" + two, "--model=" + model_, "--noprogress"}).exit_code,
      0);
  std::string text = ReadText(model_);
  const std::string size = "\"size\":1,";
  ASSERT_NE(text.find(size), std::string::npos) << text;
  const std::string wide =
      dir_.Write("wide.json", text.replace(text.find(size), size.size(), "\"size\":2147483648,"));
  ExpectError(RunAfter("ulimit -v 4000000", {"svm", "predict", "--data=" + two, "--model=" + wide}),
              1, wide + ": \"model.classes[0].weights\": out of memory");
}

}  // namespace
}  // namespace strads::testing
