// Models that are several files.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <string>

#include "tests/process/lda_files.h"
#include "tests/process/mf_files.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

class ModelFiles : public ::testing::Test {
 protected:
  // By name, with what is in them; those that are read are elsewhere.
  std::map<std::string, std::string> Written() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(written_.Path("")))
      files[entry.path().filename().string()] = ReadText(entry.path().string());
    return files;
  }
  // As a shell that lets no file grow beyond 512 or 1024 bytes runs it.
  static Finished RunInLittleSpace(const Words& words) {
    Words command = {"/bin/sh", "-c", "ulimit -f 1\nexec \"$@\"", "sh"};
    for (const std::string& word : Strads(words)) command.push_back(word);
    Process process(command);
    EXPECT_TRUE(process.WaitForExit());
    process.WaitForSilence(1);
    return {process.exit_code(), process.out(), process.err()};
  }
  static Words With(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TempDir read_, written_;
  const std::string model_ = written_.Path("model");
  const std::string ratings_ = read_.Write("ratings", ToText(DrawRatings(6, 5, 0.5, 4)));
  const Words mf_ = {"mf",      "train", "--noprogress", "--data=" + ratings_, "--model=" + model_,
                     "--rank=2"};
};

TEST_F(ModelFiles, OfARunThatFailsAreNotWritten) {
  for (const Words& how : {Words{}, Words{"--workers=2", "--processes"}}) {
    for (const bool is_first : {true, false}) {
      SCOPED_TRACE(::testing::PrintToString(how) + (is_first ? " first" : ""));
      if (!is_first) {
        ASSERT_EQ(RunStrads(With(mf_, how)).exit_code, 0);
      }
      const auto before = Written();
      const Words fails = With(mf_, {"--lambda=1e10", "--epochs=1", "--seed=2"});
      const Finished run = RunStrads(With(fails, how));
      EXPECT_EQ(run.exit_code, 1) << run.err;
      EXPECT_THAT(run.err, HasSubstr("not written: the run has failed"));
      EXPECT_EQ(Written(), before);
    }
    for (const auto& [name, text] : Written()) std::filesystem::remove(written_.Path(name));
  }
}

// The JSON takes more room than what lies beside it.
TEST_F(ModelFiles, AreWrittenTogetherOrNotAtAll) {
  const std::string corpus = read_.Write("documents.txt", "goal team goal\noven butter oven\n");
  const Words lda = {
      "lda",        "train",      "--noprogress", "--data=" + corpus, "--model=" + model_,
      "--topics=2", "--min_df=0", "--tokens"};
  for (const Words& train : {mf_, lda}) {
    for (const Words& how : {Words{}, Words{"--processes"}}) {
      for (const bool is_first : {true, false}) {
        SCOPED_TRACE(train[0] + (is_first ? " first " : " ") + ::testing::PrintToString(how));
        if (!is_first) {
          ASSERT_EQ(RunStrads(With(train, how)).exit_code, 0);
          EXPECT_EQ(Written().size(), train[0] == "mf" ? 3 : 4);
        }
        const auto before = Written();
        const Finished run = RunInLittleSpace(With(train, With(how, {"--seed=2", "--epochs=3"})));
        EXPECT_EQ(run.exit_code, 3) << run.err;
        EXPECT_THAT(run.err, HasSubstr(model_ + ": cannot be written: File too large"));
        EXPECT_EQ(Written(), before);
      }
      for (const auto& [name, text] : Written()) std::filesystem::remove(written_.Path(name));
    }
  }
}

TEST_F(ModelFiles, ThatCannotBeWrittenAreRefusedBeforeTraining) {
  const std::string corpus = read_.Write("corpus.txt", TwoKindsOfSentences());
  const std::string metrics = "--metrics=" + read_.Path("metrics");
  const Words lda = {
      "lda",        "train",     "--noprogress", "--data=" + corpus, "--model=" + model_,
      "--topics=2", "--epochs=2"};
  struct Case {
    Words train;
    std::string ending;
  };
  for (const auto& [train, ending] : std::vector<Case>{{mf_, ".users.npy"},
                                                       {mf_, ".items.npy"},
                                                       {lda, ".topics.txt"},
                                                       {lda, ".documents.txt"},
                                                       {With(lda, {"--tokens"}), ".tokens.txt"}}) {
    SCOPED_TRACE(ending);
    std::filesystem::create_directory(model_ + ending);
    const Finished run = RunStrads(With(train, {metrics}));
    EXPECT_EQ(run.exit_code, 3) << run.err;
    EXPECT_THAT(run.err, HasSubstr(model_ + ending + ": is a folder, expected a file"));
    EXPECT_FALSE(std::filesystem::exists(read_.Path("metrics"))) << "it has trained";
    std::filesystem::remove(model_ + ending);
    EXPECT_THAT(Written(), ::testing::IsEmpty());
  }
  std::filesystem::create_directory(model_ + ".tokens.txt");
  EXPECT_EQ(RunStrads(lda).exit_code, 0) << "it writes no tokens";
}

TEST_F(ModelFiles, OfARunThatIsEndedEarlyAreAllReplaced) {
  ASSERT_EQ(RunStrads(mf_).exit_code, 0);
  const auto before = Written();
  const Finished run = RunStrads(With(mf_, {"--seed=2", "--max_rounds=5"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto after = Written();
  ASSERT_EQ(after.size(), 3);
  for (const auto& [name, text] : before) EXPECT_NE(after.at(name), text) << name;
  EXPECT_EQ(RunMf("predict", {"--model=" + model_, "--data=" + ratings_}).exit_code, 0);
}

// The files are named beside the link, and the text goes to where it leads.
TEST_F(ModelFiles, ALinkStaysOne) {
  const std::string target = read_.Write("target", "the one before");
  std::filesystem::create_symlink(target, model_);
  ASSERT_EQ(RunStrads(mf_).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(model_));
  EXPECT_EQ(Written().size(), 3);
  EXPECT_EQ(ModelJson(target).at("app"), "mf");
}

}  // namespace
}  // namespace strads::testing
