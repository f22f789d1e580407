#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "tests/process/lda_files.h"
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

struct BadText {
  const char* format;
  const char* text;
  const char* error;  // after the path
};

TEST(BadCorpus, IsToldByItsLine) {
  const TempDir dir;
  for (const BadText& bad : {
           BadText{"lda-c", "1 0:1\n2 0:1\n", ":2: "},
           BadText{"lda-c", "1 0:1\n1 0:0\n", ":2: "},
           BadText{"libsvm", "1 1:2\n1 0:2\n", ":2: "},
           BadText{"uci", "2\n3\n2\n1 1 1\n1 4 1\n", ":5: "},
           BadText{"text", "good words\nbad \xE9 words\n", ":2: "},
           BadText{"text", "", ": has no documents"},
           BadText{"text", "the and\nof\n", ": none of its words is kept"},
       }) {
    SCOPED_TRACE(bad.text);
    const std::string path = dir.Write("docs", bad.text), model = dir.Path("model");
    for (const Words& more : {Words{}, Words{"--workers=2", "--processes"}}) {
      Words flags = {"--data=" + path, "--model=" + model, std::string("--format=") + bad.format};
      flags.insert(flags.end(), more.begin(), more.end());
      ExpectError(RunLda("train", flags), 3, path + bad.error);
      EXPECT_FALSE(std::filesystem::exists(model));
    }
  }
  const std::string path = dir.Write("docs", "short\nalso\n");
  ExpectError(RunLda("train", {"--data=" + path, "--format=text", "--min_tokens=2"}), 3,
              path + ": all of its 2 documents are empty");
}

TEST(BadCorpus, FlagsOutOfRangeAreRefused) {
  const TempDir dir;
  const std::string data = "--data=" + dir.Write("docs.txt", TwoKindsOfSentences());
  ExpectError(RunLda("train", {}), 2, "--data is missing");
  for (const char* flag : {"--topics=0", "--topics=65536", "--beta=0", "--alpha=-1", "--every=0",
                           "--max_df=0", "--heldout_share=1", "--min_df=-1"})
    ExpectError(RunLda("train", {data, flag}), 2, std::string(flag).substr(0, 6));
  ExpectError(RunLda("train", {data, "--sampler=gibbs"}), 2, "expected auto, dense, tree");
  ExpectError(RunLda("train", {data, "--workers=3", "--blocks=2"}), 2, "--blocks=2");
  ExpectError(RunLda("train", {data, "--model=" + dir.Path("no/such/file")}), 3, "no/such/file");
}

class BadTopics : public ::testing::Test {
 protected:
  void SetUp() override {
    const Finished trained =
        RunLda("train", {"--data=" + data_, "--model=" + model_, "--topics=3", "--epochs=2"});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  void ExpectRefused(const std::string& what) {
    for (const char* command : {"topics", "infer", "evaluate"}) {
      Words flags = {"--model=" + model_};
      if (command[0] != 't') flags.push_back("--data=" + data_);
      ExpectError(RunLda(command, flags), 3, what);
    }
  }

  TempDir dir_;
  std::string data_ = dir_.Write("docs.txt", TwoKindsOfSentences());
  std::string model_ = dir_.Path("model.json");
  const std::string rows_ = model_ + ".topics.txt";
};

TEST_F(BadTopics, RowsThatAreNotItsOwnAreRefusedByTheirLine) {
  const std::string good = ReadText(rows_);
  const size_t second = good.find('\n') + 1;
  const auto expect = [&](const std::string& line, const std::string& what) {
    SCOPED_TRACE(line);
    dir_.Write("model.json.topics.txt",
               good.substr(0, second) + line + good.substr(good.find('\n', second)));
    ExpectError(RunLda("topics", {"--model=" + model_}), 3, rows_ + what);
  };
  expect("x 0:1", ":2: expected a word from 0 to 9");
  expect("10 0:1", ":2: expected a word from 0 to 9");
  expect(good.substr(0, second - 1), ":2: word ");
  const std::string number = good.substr(second, good.find(' ', second) - second);
  expect(number + " 3:1", ":2: expected a topic from 0 to 2");
  expect(number + " 0", ":2: expected topic:count");
  expect(number + " 0:0", ":2: a count of 0");
  expect(number + " 0:-1", ":2: expected a count");
  expect(number + " 1:1 0:1", ":2: topic 0 after topic 1");
  expect(number + " 0:99", ": has topic 0 ");
  dir_.Write("model.json.topics.txt", good.substr(0, second));
  ExpectRefused(rows_ + ": has 1 lines, expected 10");
  std::filesystem::remove(rows_);
  ExpectRefused(rows_ + ": cannot be opened");
}

TEST_F(BadTopics, AModelThatContradictsItselfIsRefusedByName) {
  const std::string good = ReadText(model_);
  const auto expect = [&](const std::function<void(Json&)>& change, const std::string& what) {
    SCOPED_TRACE(what);
    Json json = Json::parse(good);
    change(json);
    dir_.Write("model.json", json.dump());
    ExpectError(RunLda("topics", {"--model=" + model_}), 3, what);
  };
  expect([](Json& json) { json["app"] = "mf"; }, model_ + ": is a model of app 'mf'");
  expect([](Json& json) { json["model"]["topics"] = 0; }, model_ + ": has 0 topics");
  expect([](Json& json) { json["model"]["topics"] = 4; }, model_ + ": alpha is not 4 numbers");
  expect([](Json& json) { json["model"]["alpha"][1] = 0; }, model_ + ": alpha is not 3 numbers");
  expect([](Json& json) { json["model"]["beta"] = 0; }, model_ + ": beta");
  expect([](Json& json) { json["model"]["totals"].push_back(1); }, model_ + ": totals");
  expect([](Json& json) { json["model"]["words"][1] = json["model"]["words"][0]; },
         model_ + ": has a word twice");
  expect([](Json& json) { json["model"]["words"].clear(); }, model_ + ": has no words");
  expect([](Json& json) { json["model"]["totals"] = {144, 0, 0}; }, rows_ + ": has topic ");
}

TEST_F(BadTopics, TokensThatDoNotFitTheDataAreRefusedByTheirLine) {
  const std::string tokens = model_ + ".tokens.txt";
  const Words train = {"--data=" + data_, "--model=" + model_, "--topics=3", "--epochs=2"};
  const auto more = [&](const Words& flags) {
    Words all = train;
    all.insert(all.end(), flags.begin(), flags.end());
    return RunLda("train", all);
  };
  const Words resume = {"--resume=" + model_, "--epochs=3", "--model=" + dir_.Path("next.json")};
  ExpectError(more(resume), 3, tokens + ": cannot be opened");
  const Finished trained = more({"--tokens"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const std::string good = ReadText(tokens);
  EXPECT_EQ(more(resume).exit_code, 0);
  const size_t second = good.find('\n') + 1, third = good.find('\n', second) + 1;
  const std::string line = good.substr(second, third - second - 1);
  const auto expect = [&](const std::string& bad, const std::string& what) {
    SCOPED_TRACE(bad);
    dir_.Write("model.json.tokens.txt", good.substr(0, second) + bad + "\n" + good.substr(third));
    ExpectError(more(resume), 3, tokens + what);
  };
  expect("1 x", ":2: expected a word from 0 to 9");
  expect("1 0", ":2: expected word:topic");
  expect("1 0:3", ":2: expected a topic from 0 to 2");
  expect("0", ":2: document 0 after document 0");
  expect("1", ":2: document 1 has word ");
  expect(line + " 9:0 9:0", ":2: document 1 has ");
  expect("3", ": has no document 1");
  dir_.Write("model.json.tokens.txt", good);
  ASSERT_EQ(more({"--seed=2"}).exit_code, 0);
  ExpectError(more(resume), 3, tokens + ": does not have the topics of " + model_);
  ExpectError(more({"--resume=" + model_, "--topics=4"}), 2, "--topics=4");
  ExpectError(more({"--resume=" + model_, "--min_df=13"}), 3, data_ + ": ");
  ExpectError(RunLda("train", {"--data=" + data_, "--tokens"}), 2, "--model is missing");
  ExpectError(more({"--heldout=" + data_, "--heldout_share=0.5"}), 2, "--heldout");
  ExpectError(more({"--heldout=" + dir_.Path("none")}), 3, dir_.Path("none"));
}

TEST_F(BadTopics, DocumentsThatCannotBeUsedAreRefused) {
  const std::string strange = dir_.Write("strange.txt", "nothing known\n");
  const std::string bad = dir_.Write("bad.txt", "goal\n\xFF\n");
  const std::string single = dir_.Write("single.txt", "goal\noven\n");
  for (const char* command : {"infer", "evaluate"}) {
    const auto run = [&](const std::string& data) {
      return RunLda(command, {"--model=" + model_, "--data=" + data, "--format=text"});
    };
    ExpectError(run(strange), 3, strange + ": none of its words is in " + model_);
    ExpectError(run(bad), 3, bad + ":2: ");
  }
  ExpectError(RunLda("evaluate", {"--model=" + model_, "--data=" + single}), 3,
              single + ": has no document with two tokens");
  ExpectError(RunLda("evaluate", {"--model=" + model_, "--data=" + data_, "--heldout"}), 2,
              "--heldout needs");
  for (const char* path : {"/dev/full", "/no/such/file"}) {
    const std::string output = std::string("--output=") + path;
    ExpectError(RunLda("topics", {"--model=" + model_, output}), 3,
                std::string(path) + ": cannot be written");
    ExpectError(RunLda("infer", {"--model=" + model_, "--data=" + data_, output}), 3,
                std::string(path) + ": cannot be written");
  }
}

}  // namespace
}  // namespace strads::testing
