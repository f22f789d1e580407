#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// price = 2 + 3 size - age.
constexpr char kHouses[] =
    "size,price,age\n1,4,1\n2,8,0\n3,8,3\n4,12,2\n5,13,4\n0.5,2.5,1\n1.5,6.5,0\n";
// The same columns in another order, one more, and no price.
constexpr char kNewHouses[] = "age,rooms,size\n1,3,10\n0,4,0\n";

std::vector<double> Numbers(const std::string& text) {
  std::istringstream words(text);
  std::vector<double> numbers;
  for (double number; words >> number;) numbers.push_back(number);
  return numbers;
}

class RegressionCommands : public ::testing::Test {
 protected:
  Finished Run(const std::string& command, Words flags) {
    flags.insert(flags.begin(), {"regression", command});
    return RunStrads(flags);
  }
  Finished Train(const std::string& data, Words more = {}) {
    more.insert(more.end(), {"--data=" + data, "--model=" + model_, "--noprogress"});
    return Run("train", more);
  }

  const TempDir folder_;
  const std::string model_ = folder_.Path("model.json");
};

TEST_F(RegressionCommands, NamedColumnsComeBack) {
  const std::string data = folder_.Write("houses.csv", kHouses);
  const std::string fresh = folder_.Write("new.csv", kNewHouses);
  for (const std::string solver : {"auto", "cg", "lbfgs", "fista"}) {
    const Finished trained =
        Train(data, {"--target=price", "--solver=" + solver, "--workers=2", "--tolerance=1e-9"});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_THAT(trained.out, HasSubstr("optimality conditions hold"));
    if (solver == "auto") {
      EXPECT_THAT(trained.out, HasSubstr("normal, as 2 features make a small matrix"));
    }
    const Finished predicted = Run("predict", {"--data=" + fresh, "--model=" + model_});
    const std::vector<double> prices = Numbers(predicted.out);
    ASSERT_EQ(prices.size(), 2U) << predicted.err;
    EXPECT_NEAR(prices[0], 31, 1e-6);
    EXPECT_NEAR(prices[1], 2, 1e-6);
    EXPECT_THAT(predicted.err, HasSubstr("1 features that the model does not know are ignored"));
    const Finished evaluated = Run("evaluate", {"--data=" + data, "--model=" + model_});
    EXPECT_THAT(evaluated.out, HasSubstr("rows  7\n"));
    EXPECT_THAT(evaluated.out, HasSubstr("r2    1\n"));
  }
}

TEST_F(RegressionCommands, ClassesHaveLabelsAndProbabilities) {
  const std::string data = folder_.Write(
      "kinds.csv",
      "kind,a,b\nred,1,0\nred,1.2,0.1\nblue,-1,0\nblue,-0.9,0.3\ngrey,0,2\ngrey,0.1,1.9\n");
  ASSERT_EQ(Train(data, {"--loss=logistic", "--lambda=0.1"}).exit_code, 0);
  EXPECT_EQ(Run("predict", {"--data=" + data, "--model=" + model_}).out,
            "red\nred\nblue\nblue\ngrey\ngrey\n");
  const Finished shares =
      Run("predict", {"--data=" + data, "--model=" + model_, "--values=probabilities"});
  const Finished decisions =
      Run("predict", {"--data=" + data, "--model=" + model_, "--values=decision"});
  const std::vector<double> p = Numbers(shares.out), f = Numbers(decisions.out);
  ASSERT_EQ(p.size(), 18U);
  ASSERT_EQ(f.size(), 18U);
  for (size_t i = 0; i < 18; i += 3) {
    EXPECT_NEAR(p[i] + p[i + 1] + p[i + 2], 1, 1e-12);
    EXPECT_NEAR(std::log(p[i] / p[i + 1]), f[i] - f[i + 1], 1e-9);
  }
  const Finished evaluated = Run("evaluate", {"--data=" + data, "--model=" + model_});
  EXPECT_THAT(evaluated.out, HasSubstr("accuracy  1\n"));
  EXPECT_THAT(evaluated.out, HasSubstr("grey                 2  1.000000  1.000000  1.000000"));
}

TEST_F(RegressionCommands, OfTwoClassesThereIsACurve) {
  const std::string data =
      folder_.Write("data.libsvm", "1 1:2\n0 1:1\n1 1:1.5\n0 1:-1\n0 1:1.7\n1 1:0.5\n");
  ASSERT_EQ(Train(data, {"--loss=logistic", "--lambda=1"}).exit_code, 0);
  // Of the nine pairs of a positive and a negative row, six are in order: f grows with the feature.
  EXPECT_THAT(Run("evaluate", {"--data=" + data, "--model=" + model_}).out,
              HasSubstr("auc       0.6666666667\n"));
}

TEST_F(RegressionCommands, SgdIsASolverWithFlagsOfItsOwn) {
  std::string text = "y,a,b\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(2 * (i % 7) - i % 3) + "," + std::to_string(i % 7) + "," +
            std::to_string(i % 3) + "\n";
  const std::string data = folder_.Write("data.csv", text);
  const std::vector<std::string> flags = {"--solver=sgd", "--workers=2", "--lambda=0.1",
                                          "--batch=2", "--epochs=300"};
  const Finished trained = Train(data, flags);
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr("made the 300 passes of --epochs"));
  const Finished evaluated = Run("evaluate", {"--data=" + data, "--model=" + model_});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  const Json threads = ModelJson(model_);
  EXPECT_NEAR(threads.at("model").at("outputs").at(0).at("intercept").get<double>(), 0, 0.1);
  std::vector<std::string> over_sockets = flags;
  over_sockets.emplace_back("--processes");
  EXPECT_EQ(Train(data, over_sockets).exit_code, 0);
  EXPECT_EQ(ModelJson(model_), threads);
  EXPECT_THAT(Run("train", {"--solver=sgd", "--help"}).out, HasSubstr("local_epochs"));
  EXPECT_EQ(Train(data, {"--solver=sgd", "--l1_ratio=1"}).exit_code, 2);
  EXPECT_EQ(Train(data, {"--solver=sgd", "--lambda=0"}).exit_code, 2);
  EXPECT_EQ(Train(data, {"--solver=sgd", "--hogwild", "--threads=2"}).exit_code, 0);
  const Finished refused = Train(data, {"--solver=sgd", "--hogwild", "--batch=2"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--hogwild takes one row a step, and --batch=2"));
}

TEST_F(RegressionCommands, StepsThatLeadAwayAreAFailureAndNoModel) {
  const std::string data = folder_.Write("houses.csv", kHouses);
  for (const auto& [rounds, code] : {std::pair("30", 1), std::pair("3", 0)}) {
    const Finished trained = Train(data, {"--target=price", "--solver=gd", "--alpha=100",
                                          std::string("--max_rounds=") + rounds});
    EXPECT_EQ(trained.exit_code, code) << trained.err;
    EXPECT_EQ(std::filesystem::exists(model_), code == 0);
  }
  EXPECT_THAT(Train(data, {"--target=price", "--solver=gd", "--alpha=100", "--max_rounds=30"}).err,
              HasSubstr("the steps lead away from the optimum"));
}

TEST_F(RegressionCommands, WhatIsWrongIsSaid) {
  const std::string data = folder_.Write("data.libsvm", "1 1:1\n1 1:2\n");
  const std::string text = folder_.Write("text.csv", "y,a\n1,2\nred,3\n");
  const Finished words = Train(text);
  EXPECT_EQ(words.exit_code, 3);
  EXPECT_THAT(words.err, HasSubstr(text + ":3: 'red' in column 'y' is not a number"));
  const Finished same = Train(data, {"--loss=logistic"});
  EXPECT_EQ(same.exit_code, 3);
  EXPECT_THAT(same.err, HasSubstr("all rows have the label '1'"));
  for (const std::string flag :
       {"--loss=log", "--lambda=-1", "--solver=newton", "--lower=x", "--l1_ratio=2", "--delta=0"})
    EXPECT_EQ(Train(data, {flag}).exit_code, 2) << flag;
  EXPECT_EQ(Train(data, {"--lower=2", "--upper=1"}).exit_code, 2);
  EXPECT_EQ(Train(data, {"--solver=cg", "--loss=huber"}).exit_code, 2);
  EXPECT_EQ(Train(data, {"--solver=lbfgs", "--lambda=1", "--l1_ratio=1"}).exit_code, 2);
  EXPECT_EQ(Train(folder_.Path("none")).exit_code, 3);
  const std::string weights = folder_.Write("weights", "0\n0\n");
  const Finished empty = Train(data, {"--weights=" + weights});
  EXPECT_EQ(empty.exit_code, 3);
  EXPECT_THAT(empty.err, HasSubstr("no row is left to train on"));
}

TEST_F(RegressionCommands, KinksOfFewFeaturesAreDescendedOnTheirMatrix) {
  const std::string data = folder_.Write("houses.csv", kHouses);
  const Words lasso = {"--target=price", "--l1_ratio=1", "--lambda=0.1", "--workers=2"};
  const Finished trained = Train(data, lasso);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr("coordinate, as the penalty or the bounds have kinks and 2 "
                                     "features make a small matrix"));
  const std::string fresh = folder_.Write("new.csv", kNewHouses);
  const std::vector<double> prices =
      Numbers(Run("predict", {"--data=" + fresh, "--model=" + model_}).out);
  Words by_fista = lasso;
  by_fista.insert(by_fista.end(), {"--solver=fista", "--tolerance=1e-9"});
  ASSERT_EQ(Train(data, by_fista).exit_code, 0);
  const std::vector<double> expected =
      Numbers(Run("predict", {"--data=" + fresh, "--model=" + model_}).out);
  ASSERT_EQ(prices.size(), expected.size());
  for (size_t i = 0; i < prices.size(); ++i) EXPECT_NEAR(prices[i], expected[i], 1e-5);
  const Finished huber = Train(data, {"--solver=coordinate", "--loss=huber"});
  EXPECT_EQ(huber.exit_code, 2);
  EXPECT_THAT(huber.err, HasSubstr("--solver=coordinate needs --loss=squared"));
  const Finished bounded = Train(data, {"--solver=normal", "--lower=0"});
  EXPECT_EQ(bounded.exit_code, 2);
  EXPECT_THAT(bounded.err, HasSubstr("--solver=normal takes no L1 penalty and no bounds, expected "
                                     "coordinate, fista or ista"));
}

TEST_F(RegressionCommands, FlagsThatWouldDoNothingAreRefused) {
  const std::string data = folder_.Write("data.libsvm", "1 1:1\n2 1:2\n2 1:3\n");
  const auto refusal = [&](const std::vector<std::string>& flags) {
    const Finished run = Train(data, flags);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(flags) << run.err;
    return run.err;
  };
  EXPECT_THAT(refusal({"--delta=3"}), HasSubstr("--delta=3 is of --loss=huber"));
  EXPECT_THAT(refusal({"--delta=3", "--solver=sgd", "--lambda=1"}),
              HasSubstr("--delta=3 is of --loss=huber"));
  EXPECT_THAT(refusal({"--alpha=3"}), HasSubstr("--alpha=3 is of --solver=gd"));
  EXPECT_THAT(refusal({"--alpha=3", "--solver=lbfgs"}), HasSubstr("--alpha=3 is of --solver=gd"));
  EXPECT_THAT(refusal({"--memory=3", "--solver=cg"}), HasSubstr("--memory=3 is of --solver=lbfgs"));
  EXPECT_THAT(refusal({"--memory=3"}), HasSubstr("--memory=3 is of --solver=lbfgs"));
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--delta=3", "--loss=huber", "--memory=3"},
        {"--alpha=1e-3", "--solver=gd", "--max_rounds=2"},
        {"--memory=3", "--solver=lbfgs"},
        {"--l1_ratio=0.5"},  // the end of a grid of lambdas is 0
        {"--delta=1.35", "--alpha=0", "--memory=10", "--l1_ratio=0"}})
    EXPECT_EQ(Train(data, flags).exit_code, 0) << ::testing::PrintToString(flags);
}

TEST_F(RegressionCommands, WithoutAKnownLabelThereIsNoLogLoss) {
  const std::string data = folder_.Write("known.libsvm", "2 1:1\n2 1:2\n3 1:-1\n3 1:0.5\n");
  ASSERT_EQ(Train(data, {"--loss=logistic", "--lambda=1"}).exit_code, 0);
  const auto evaluated = [&](const std::string& rows) {
    const Finished run = RunStrads({"regression", "evaluate", "--model=" + model_,
                                    "--data=" + folder_.Write("rows.libsvm", rows)});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  };
  EXPECT_THAT(evaluated("7 1:1\n8 1:2\n"), Not(HasSubstr("log loss")));
  EXPECT_THAT(evaluated("7 1:1\n2 1:2\n"), HasSubstr("log loss"));
}

// The run tells it, and so the description of the model need not.
TEST_F(RegressionCommands, TheSummaryTellsEachThingOnce) {
  const std::string data = folder_.Write("data.libsvm", "1 1:1\n2 1:2\n2 1:3\n");
  for (const std::string solver : {"normal", "coordinate", "lbfgs", "fista"}) {
    const Finished run = Train(data, {"--solver=" + solver});
    std::map<std::string, int> names;
    std::istringstream lines(run.out);
    for (std::string line, name; std::getline(lines, line);) {
      if (line.size() > 18 && !line.starts_with("                 ")) ++names[line.substr(0, 18)];
    }
    EXPECT_GT(names.size(), 5U) << run.out;
    for (const auto& [name, count] : names) EXPECT_EQ(count, 1) << name << "\n" << run.out;
  }
}

}  // namespace
}  // namespace strads::testing
