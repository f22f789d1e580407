#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

// Three kinds that straight lines tell apart but for one row.
constexpr char kFlowers[] =
    "kind,width,length\n"
    "rose,1,0.1\nrose,1.2,0\nrose,0.9,0.2\n"
    "lily,0,1\nlily,0.1,1.1\nlily,0.2,0.8\n"
    "iris,-1,-1\niris,-0.8,-1.2\niris,-1.1,-0.7\nrose,-1,-0.9\n";
// The same columns in another order, and one more; no kind.
constexpr char kNewFlowers[] = "length,colour,width\n0,7,2\n2,7,0\n-2,7,-2\n";

class SvmCommands : public ::testing::Test {
 protected:
  Finished Run(const std::string& command, Words flags) {
    flags.insert(flags.begin(), {"svm", command});
    return RunStrads(flags);
  }
  void Train(const std::string& data, Words more = {}) {
    more.insert(more.end(), {"--data=" + data, "--model=" + model_, "--noprogress"});
    const Finished trained = Run("train", more);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }

  const TempDir folder_;
  const std::string model_ = folder_.Path("model.json");
};

TEST_F(SvmCommands, TextLabelsAndNamedColumnsComeBack) {
  const std::string data = folder_.Write("flowers.csv", kFlowers);
  const std::string fresh = folder_.Write("new.csv", kNewFlowers);
  for (const std::string multiclass : {"one_against_all", "crammer_singer"}) {
    Train(data, {"--multiclass=" + multiclass, "--workers=2", "--scale=max_abs", "--bias"});
    const Finished predicted = Run("predict", {"--data=" + fresh, "--model=" + model_});
    EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
    EXPECT_EQ(predicted.out, "rose\nlily\niris\n");
    const Finished evaluated = Run("evaluate", {"--data=" + data, "--model=" + model_});
    EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
    EXPECT_THAT(evaluated.out, HasSubstr("accuracy  0.9\n"));
    EXPECT_THAT(evaluated.out, HasSubstr("rose                 4  1.000000  0.750000  0.857143"));
  }
}

std::vector<double> Numbers(const std::string& text) {
  std::istringstream words(text);
  std::vector<double> numbers;
  for (double number; words >> number;) numbers.push_back(number);
  return numbers;
}

// The rows are on a line, and one of each class lies among the other.
TEST_F(SvmCommands, TellTheAreaUnderTheCurveOfTwoClassesHoweverTheyAreTrained) {
  const std::string data = folder_.Write(
      "line.libsvm", "-1 1:1 2:1\n-1 1:2 2:1\n-1 1:5 2:1\n1 1:4 2:1\n1 1:6 2:1\n1 1:7 2:1\n");
  for (const Words& flags : {Words{}, Words{"--multiclass=crammer_singer"}}) {
    Train(data, flags);
    EXPECT_THAT(Run("evaluate", {"--data=" + data, "--model=" + model_}).out,
                HasSubstr("auc       0.8888888889\n"));
  }
}

TEST_F(SvmCommands, AModelSurvivesLiblinearsFormat) {
  const std::string data = folder_.Write(
      "data.libsvm", "+1 1:2 3:1\n+1 1:1\n-1 2:1 3:0.5\n-1 1:-1 2:2\n+1 3:2\n-1 2:0.1\n");
  for (const auto& [flags, name] : std::vector<std::pair<Words, std::string>>{
           {{"--loss=hinge"}, "L2R_L1LOSS_SVC_DUAL"},
           {{"--loss=squared_hinge"}, "L2R_L2LOSS_SVC_DUAL"},
           {{"--loss=logistic", "--solver=sgd"}, "L2R_LR"}}) {
    Words all = {"--bias", "--scale=standard"};
    all.insert(all.end(), flags.begin(), flags.end());
    Train(data, all);
    const Finished before =
        Run("predict", {"--data=" + data, "--model=" + model_, "--values=decision"});
    const std::string text = folder_.Path("liblinear"), again = folder_.Path("again.json");
    ASSERT_EQ(Run("export", {"--model=" + model_, "--output=" + text}).exit_code, 0);
    EXPECT_THAT(ReadText(text), HasSubstr("solver_type " + name +
                                          "\nnr_class 2\nlabel 1 -1\nnr_feature 3\nbias 1\nw\n"));
    ASSERT_EQ(Run("import", {"--data=" + text, "--model=" + again}).exit_code, 0);
    EXPECT_THAT(ReadText(again), HasSubstr(flags[0].substr(7)));
    const Finished after =
        Run("predict", {"--data=" + data, "--model=" + again, "--values=decision"});
    const std::vector<double> a = Numbers(before.out), b = Numbers(after.out);
    ASSERT_EQ(a.size(), 6U);
    ASSERT_EQ(b.size(), 6U);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12);
  }
}

// Features on scales of 1 and 10^6, two of them nearly parallel, and hardly a bound on the weights.
TEST_F(SvmCommands, WhatWouldTakeForEverIsGivenUp) {
  std::string rows;
  for (int i = 0; i < 30; ++i)
    rows += std::string(i % 3 == 0 ? "1" : "-1") + " 1:" + std::to_string(1000000 + 37 * i % 101) +
            " 2:" + std::to_string(i * i % 17) + " 3:1\n";
  const Finished trained =
      Run("train", {"--data=" + folder_.Write("steep.libsvm", rows), "--C=1000", "--workers=2",
                    "--tolerance=1e-9", "--noprogress", "--model=" + model_});
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.out,
              HasSubstr("--scale=standard, a smaller --C or fewer --workers may help"));
}

TEST_F(SvmCommands, ProbabilitiesAddUpAndFollowTheDecisions) {
  const std::string data = folder_.Write("flowers.csv", kFlowers);
  Train(data, {"--bias"});
  const Words with = {"--data=" + data, "--model=" + model_, "--values=probabilities"};
  const Finished early = Run("predict", with);
  EXPECT_EQ(early.exit_code, 2);
  EXPECT_THAT(early.err, HasSubstr("strads svm calibrate"));
  const Finished fitted = Run("calibrate", {"--data=" + data, "--model=" + model_});
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  const std::vector<double> p = Numbers(Run("predict", with).out);
  const std::vector<double> f =
      Numbers(Run("predict", {"--data=" + data, "--model=" + model_, "--values=decision"}).out);
  ASSERT_EQ(p.size(), 30U);
  ASSERT_EQ(f.size(), 30U);
  for (size_t i = 0; i < 30; i += 3) {
    EXPECT_NEAR(p[i] + p[i + 1] + p[i + 2], 1, 1e-12);
    for (size_t k = 0; k < 3; ++k) EXPECT_TRUE(p[i + k] > 0 && p[i + k] < 1);
  }
  EXPECT_EQ(Run("calibrate", {"--data=" + folder_.Write("one.csv", "kind,width,length\nrose,1,2\n"),
                              "--model=" + model_})
                .exit_code,
            3);
}

TEST_F(SvmCommands, WhatIsWrongIsSaid) {
  const std::string one = folder_.Write("one.libsvm", "1 1:1\n1 1:2\n");
  const Finished same = Run("train", {"--data=" + one});
  EXPECT_EQ(same.exit_code, 3);
  EXPECT_THAT(same.err, HasSubstr("all rows have the label '1'"));
  EXPECT_EQ(Run("train", {"--data=" + one, "--C=0"}).exit_code, 2);
  EXPECT_EQ(Run("train", {"--data=" + one, "--loss=log"}).exit_code, 2);
  const std::string weights = folder_.Write("weights", "1 2\n1\n");
  const Finished bad = Run("train", {"--data=" + one, "--class_weights=" + weights});
  EXPECT_EQ(bad.exit_code, 3);
  EXPECT_THAT(bad.err, HasSubstr(weights + ":2: no label and weight"));
  const std::string model = folder_.Write("liblinear", "solver_type L2R_L2LOSS_SVR\nnr_class 2\n");
  const Finished foreign = Run("import", {"--data=" + model, "--model=" + model_});
  EXPECT_EQ(foreign.exit_code, 3);
  EXPECT_THAT(foreign.err, HasSubstr(model + ":1: the solver_type 'L2R_L2LOSS_SVR'"));
  const Finished unknown =
      Run("train", {"--data=" + folder_.Write("two", "1 1:1\n-1 2:1\n"),
                    "--class_weights=" + folder_.Write("weights", "# of classes\n5 2\n")});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.err, HasSubstr(weights + ":2: no row has the label '5'"));
}

TEST_F(SvmCommands, RefuseWhatIsNoLiblinearModel) {
  const std::string head =
      "solver_type MCSVM_CS\nnr_class 2\nlabel 1 2\nnr_feature 1\nbias -1\nw\n";
  for (const auto& [text, what] :
       {std::pair<std::string, std::string>{head + "1 2 3\n", ":7: '3' is one number more"},
        {head + "1 2\n3 4\n", ":8: '3' is one number more"},
        {head + "1\n", ":7: '' is out of place"},
        {"solver_type MCSVM_CS\nlabel 1 1\n", ":2: the label '1' is there twice"},
        {"+1 1:1\n", ":1: '+1' is no part of a liblinear model, expected solver_type"}}) {
    const std::string file = folder_.Write("liblinear", text);
    const Finished refused = Run("import", {"--data=" + file, "--model=" + model_});
    EXPECT_EQ(refused.exit_code, 3);
    EXPECT_THAT(refused.err, HasSubstr(file + what));
  }
  const std::string file = folder_.Write("liblinear", head + "1 2\n\n");
  EXPECT_EQ(Run("import", {"--data=" + file, "--model=" + model_}).exit_code, 0);
}

// Weights take memory as they are read: a header may claim any number of them.
TEST_F(SvmCommands, ImportOfAFileWithFewerWeightsThanItClaimsTellsTheLineWhereItEnds) {
  const std::string file = folder_.Write("short.liblinear",
                                         "solver_type L2R_L1LOSS_SVC_DUAL\nnr_class 2\nlabel 1 -1\n"
                                         "nr_feature 2147483646\nbias -1\nw\n1\n");
  Words command = {"/bin/sh", "-c", "ulimit -v 4000000\nexec \"$@\"", "sh"};
  for (const std::string& word : Strads({"svm", "import", "--data=" + file, "--model=" + model_}))
    command.push_back(word);
  Process process(command);
  ASSERT_TRUE(process.WaitForExit());
  process.WaitForSilence(1);
  EXPECT_EQ(process.exit_code(), 3) << process.err();
  EXPECT_THAT(process.err(), HasSubstr(file + ":8: the file ends"));
}

}  // namespace
}  // namespace strads::testing
