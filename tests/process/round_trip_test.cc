#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <sstream>

#include "tests/process/cli.h"
#include "tests/support/reference.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

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
  EXPECT_EQ(model.at("model").at("coefficients_").at("size"), problem_.x.cols());
  const double lambda = Lambda(model);
  EXPECT_NEAR(lambda, 0.1 * LambdaMax(problem_), 1e-12 * lambda);
  const double objective = Objective(problem_, Coefficients(model), lambda);
  EXPECT_NEAR(model.at("training").at("objective"), objective, 1e-9 * objective);
}

TEST_F(RoundTrip, TheModelFileHasALineForEveryNonzeroCoefficient) {
  std::istringstream lines(ReadText(model_));
  const Json model = ModelJson(model_);
  std::string text = ReadText(model_);
  for (const auto& [column, value] : model.at("model").at("coefficients_").at("entries").items()) {
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
          "model": {"lambda_": 1, "coefficients_": {"size": 3, "entries": {"2": 0.5, "1": -2}}}})");
  const std::string data = dir_.Write("x.libsvm", "0 1:1 2:4\n0 2:8 3:100\n");
  const Finished predicted = RunStrads({"lasso", "predict", "--model=" + edited, "--data=" + data});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(predicted.out, "0\n4\n");
}

}  // namespace
}  // namespace strads::testing
