#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <sstream>

#include "tests/process/cli.h"
#include "tests/support/reference.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RoundTrip : public ::testing::Test {
 protected:
  void SetUp() override {
    const Finished trained = RunTrain({"--data=" + data_, "--model=" + model_});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }

  // x_i'b in the order of the columns, as anyone would.
  static std::vector<double> Fitted(const Problem& problem, const Eigen::VectorXd& b) {
    std::vector<double> fitted;
    for (Eigen::Index i = 0; i < problem.x.rows(); ++i) {
      double sum = 0;
      for (decltype(problem.x)::InnerIterator it(problem.x, i); it; ++it) {
        if (it.col() < b.size()) sum += b[it.col()] * it.value();
      }
      fitted.push_back(sum);
    }
    return fitted;
  }

  static std::string Lines(const std::vector<double>& values) {
    std::string text;
    for (const double value : values) {
      char line[40];
      std::snprintf(line, sizeof line, "%.17g\n", value);
      text += line;
    }
    return text;
  }

  TempDir dir_;
  Problem problem_ = QuickProblem();
  std::string data_ = dir_.Write("train.libsvm", ToLibsvm(problem_));
  std::string model_ = dir_.Path("model.json");
};

TEST_F(RoundTrip, PredictPrintsXTimesTheSavedCoefficientsToTheLastBit) {
  const Eigen::VectorXd b = Coefficients(ModelJson(model_));
  const Finished predicted =
      RunStrads({"lasso", "predict", "--model=" + model_, "--data=" + data_});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(predicted.out, Lines(Fitted(problem_, b)));
}

TEST_F(RoundTrip, PredictWritesTheSameToAFile) {
  const std::string output = dir_.Path("fitted.txt");
  const Words words = {"lasso", "predict", "--model=" + model_, "--data=" + data_};
  const Finished printed = RunStrads(words);
  const Finished written =
      RunStrads({words[0], words[1], words[2], words[3], "--output=" + output});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  EXPECT_EQ(written.out, "");
  EXPECT_EQ(ReadText(output), printed.out);
}

TEST_F(RoundTrip, PredictIgnoresVariablesTheModelDoesNotKnowAndSaysSo) {
  const Problem wide = DrawProblem({.rows = 9, .cols = 45, .seed = 7});
  const std::string data = dir_.Write("wide.libsvm", ToLibsvm(wide));
  const Finished predicted = RunStrads({"lasso", "predict", "--model=" + model_, "--data=" + data});
  EXPECT_EQ(predicted.exit_code, 0);
  EXPECT_EQ(predicted.out, Lines(Fitted(wide, Coefficients(ModelJson(model_)))));
  EXPECT_NE(predicted.err.find(data + ": 15 variables"), std::string::npos) << predicted.err;
}

TEST_F(RoundTrip, EvaluatePrintsErrorsOfTheFittedValues) {
  const std::vector<double> fitted = Fitted(problem_, Coefficients(ModelJson(model_)));
  const auto n = static_cast<double>(fitted.size());
  double squares = 0;
  double absolute = 0;
  double variation = 0;
  for (size_t i = 0; i < fitted.size(); ++i) {
    const double y = problem_.y[static_cast<Eigen::Index>(i)];
    squares += (y - fitted[i]) * (y - fitted[i]);
    absolute += std::abs(y - fitted[i]);
    variation += (y - problem_.y.mean()) * (y - problem_.y.mean());
  }
  const Finished evaluated =
      RunStrads({"lasso", "evaluate", "--model=" + model_, "--data=" + data_});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  std::istringstream lines(evaluated.out);
  std::map<std::string, double> printed;
  std::string name;
  for (double value; lines >> name >> value;) printed[name] = value;
  EXPECT_EQ(printed["rows"], n);
  EXPECT_NEAR(printed["rmse"], std::sqrt(squares / n), 1e-9);
  EXPECT_NEAR(printed["mae"], absolute / n, 1e-9);
  EXPECT_NEAR(printed["r2"], 1 - squares / variation, 1e-9);
}

TEST_F(RoundTrip, EvaluateOfATargetThatNeverVariesPrintsNoR2) {
  const std::string data = dir_.Write("constant.libsvm", "2 1:1\n2 3:1\n");
  const Finished evaluated =
      RunStrads({"lasso", "evaluate", "--model=" + model_, "--data=" + data});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(evaluated.out.find("r2"), std::string::npos) << evaluated.out;
  EXPECT_EQ(evaluated.out.find("nan"), std::string::npos) << evaluated.out;
}

TEST_F(RoundTrip, TheModelFileTellsWhatItIsAndHowItWasTrained) {
  const Json model = ModelJson(model_);
  EXPECT_EQ(model.at("app"), "lasso");
  EXPECT_EQ(model.at("training").at("termination"), "Converged");
  EXPECT_EQ(model.at("options").at("data"), data_);
  EXPECT_EQ(model.at("model").at("coefficients").at("size"), problem_.x.cols());
  const double lambda = Lambda(model);
  EXPECT_NEAR(lambda, 0.1 * LambdaMax(problem_), 1e-12 * lambda);
  const double objective = Objective(problem_, Coefficients(model), lambda);
  EXPECT_NEAR(model.at("training").at("objective"), objective, 1e-9 * objective);
}

TEST_F(RoundTrip, TheModelFileHasALineForEveryNonzeroCoefficient) {
  std::istringstream lines(ReadText(model_));
  const Json model = ModelJson(model_);
  std::string text = ReadText(model_);
  for (const auto& [column, value] : model.at("model").at("coefficients").at("entries").items()) {
    EXPECT_NE(value.get<double>(), 0);
    char number[40];
    std::snprintf(number, sizeof number, "%.17g", value.get<double>());
    EXPECT_NE(text.find("\"" + column + "\": "), std::string::npos) << column;
  }
  int longest = 0;
  for (std::string line; std::getline(lines, line);) {
    longest = std::max(longest, static_cast<int>(line.size()));
  }
  EXPECT_LT(longest, 200);
}

TEST_F(RoundTrip, AModelEditedByHandIsUsedAsItIs) {
  const std::string edited =
      dir_.Write("edited.json",
                 R"({"format": "strads model 1", "app": "lasso", "options": {},
          "model": {"loss": "squared", "intercept": 0,
                    "coefficients": {"size": 3, "entries": {"2": 0.5, "1": -2}}}})");
  const std::string data = dir_.Write("x.libsvm", "0 1:1 2:4\n0 2:8 3:100\n");
  const Finished predicted = RunStrads({"lasso", "predict", "--model=" + edited, "--data=" + data});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(predicted.out, "0\n4\n");
}

TEST_F(RoundTrip, PredictsRowsWithoutTargets) {
  const std::string model =
      dir_.Write("two.json", R"({"format": "strads model 1", "app": "lasso", "options": {},
          "model": {"loss": "squared", "intercept": 0,
                    "coefficients": {"size": 2, "entries": {"1": 2, "2": 0.5}}}})");
  const std::string data =
      dir_.Write("x.mtx", "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n");
  const Finished predicted = RunStrads({"lasso", "predict", "--model=" + model, "--data=" + data});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(predicted.out, "3.5\n6\n");
  EXPECT_EQ(RunStrads({"lasso", "evaluate", "--model=" + model, "--data=" + data}).exit_code, 3);
}

TEST_F(RoundTrip, AModelThatLacksSomethingOrIsOfNoKnownKindIsRefused) {
  const std::string rest = R"("coefficients": {"size": 3, "entries": {"2": 0.5}})";
  const std::string infinite = R"("coefficients": {"size": 3, "entries": {"2": "inf"}})";
  for (const auto& [model, what] : std::vector<std::pair<std::string, std::string>>{
           {R"("intercept": 0, )" + rest, "has no \"loss\""},
           {R"("loss": "logistic", )" + rest, "has no \"intercept\""},
           {R"("loss": "squared", "intercept": 0, "coeffs": 1)", "has no \"coefficients\""},
           {R"("loss": "hinge", "intercept": 0, )" + rest, "its loss is 'hinge'"},
           {R"("loss": "squared", "intercept": 0, )" + infinite, "not finite"},
           {R"("loss": "squared", "intercept": "nan", )" + rest, "not finite"}}) {
    const std::string path =
        dir_.Write("damaged.json", R"({"format": "strads model 1", "app": "lasso", "options": {},
                                       "model": {)" +
                                       model + "}}");
    const Finished run = RunStrads({"lasso", "predict", "--model=" + path, "--data=" + data_});
    EXPECT_EQ(run.exit_code, 3) << model;
    EXPECT_THAT(run.err, HasSubstr(path + ": "));
    EXPECT_THAT(run.err, HasSubstr(what));
  }
}

// A model of a path is one that predict and evaluate know, on processes too.
TEST_F(RoundTrip, APathWritesTheModelThatItSelects) {
  const Words words = {
      "lasso",       "path",        "--data=" + data_, "--model=" + model_, "--num_lambdas=20",
      "--folds=3",   "--intercept", "--select=1se",    "--workers=2",       "--processes",
      "--noprogress"};
  const Finished path = RunStrads(words);
  ASSERT_EQ(path.exit_code, 0) << path.err;
  EXPECT_NE(path.out.find("lambda.min"), std::string::npos) << path.out;
  EXPECT_NE(path.out.find("lambda.1se"), std::string::npos) << path.out;
  const Json model = ModelJson(model_).at("model");
  const Json& point = model.at("path").at(model.at("lambda_1se").get<size_t>());
  EXPECT_EQ(model.at("lambda"), point.at("lambda"));
  const Eigen::VectorXd b = Coefficients(ModelJson(model_));
  std::vector<double> fitted = Fitted(problem_, b);
  for (double& value : fitted) value += model.at("intercept").get<double>();
  double squares = 0;
  for (size_t i = 0; i < fitted.size(); ++i)
    squares += std::pow(problem_.y[static_cast<Eigen::Index>(i)] - fitted[i], 2);
  const Finished evaluated =
      RunStrads({"lasso", "evaluate", "--model=" + model_, "--data=" + data_});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  const double rmse = std::stod(evaluated.out.substr(evaluated.out.find("rmse") + 4));
  EXPECT_NEAR(rmse, std::sqrt(squares / static_cast<double>(fitted.size())), 1e-8 * rmse);
}

TEST_F(RoundTrip, APathThatEndsBeforeItsFirstFitLeavesTheModelOfAnEarlierRun) {
  dir_.Write("model.json", "earlier");
  const Finished run = RunStrads(
      {"lasso", "path", "--data=" + data_, "--model=" + model_, "--max_rounds=1", "--noprogress"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("not written: the run ended before there was one"));
  EXPECT_THAT(run.out, Not(HasSubstr("explained")));
  EXPECT_EQ(ReadText(model_), "earlier");
}

TEST_F(RoundTrip, ALogisticModelPredictsProbabilities) {
  problem_.y = problem_.y.unaryExpr([](double y) { return y > 0 ? 1.0 : 0.0; });
  data_ = dir_.Write("classes.libsvm", ToLibsvm(problem_));
  const Finished trained = RunTrain({"--data=" + data_, "--model=" + model_, "--loss=logistic",
                                     "--intercept", "--lambda_ratio=0.02"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Json json = ModelJson(model_), model = json.at("model");
  const std::vector<double> fitted = Fitted(problem_, Coefficients(json));
  const Finished predicted =
      RunStrads({"lasso", "predict", "--model=" + model_, "--data=" + data_});
  std::istringstream lines(predicted.out);
  double right = 0, probability = 0, loss = 0;
  for (size_t i = 0; i < fitted.size(); ++i) {
    ASSERT_TRUE(lines >> probability);
    const double eta = fitted[i] + model.at("intercept").get<double>();
    EXPECT_NEAR(probability, 1 / (1 + std::exp(-eta)), 1e-12);
    const bool positive = problem_.y[static_cast<Eigen::Index>(i)] == 1;
    right += positive == (probability > 0.5);
    loss -= std::log(positive ? probability : 1 - probability);
  }
  const Finished evaluated =
      RunStrads({"lasso", "evaluate", "--model=" + model_, "--data=" + data_});
  const auto value = [&](const std::string& name) {
    return std::stod(evaluated.out.substr(evaluated.out.find(name) + name.size()));
  };
  const auto rows = static_cast<double>(fitted.size());
  EXPECT_NEAR(value("accuracy"), right / rows, 1e-9);
  EXPECT_NEAR(value("log loss"), loss / rows, 1e-9);
  EXPECT_GT(value("auc"), 0.5);
}

}  // namespace
}  // namespace strads::testing
