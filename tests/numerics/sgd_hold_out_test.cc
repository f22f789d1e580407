#include <gtest/gtest.h>
#include <strads/hold_out.h>
#include <strads/index.h>
#include <strads/run.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "apps/regression/sgd/sgd.h"
#include "apps/svm/sgd/sgd.h"
#include "apps/svm/svm.h"
#include "tests/support/regression_problems.h"
#include "tests/support/svm_problems.h"
#include "tests/support/temp_files.h"

// What stochastic gradient descent holds out, and by what it divides features.
namespace strads::testing {
namespace {

constexpr HoldOut kHeldOut{.share = 0.3, .fold = 1};
constexpr int64_t kSeed = 5;

RunOptions Roles(int workers, int holders) {
  RunOptions run;
  run.workers = workers;
  run.holders = holders;
  run.seed = kSeed;
  return run;
}

Eigen::VectorXd Dense(const SparseVector& v) {
  return Eigen::Map<const Eigen::VectorXd>(v.values().data(), std::ssize(v.values()));
}

// The lines of the text that are held out, or the others.
std::string Lines(const std::string& text, bool held_out) {
  std::string some;
  int64_t row = 0;
  for (size_t at = 0; at < text.size(); ++row) {
    const size_t end = text.find('\n', at) + 1;
    if (kHeldOut.HasRow(kSeed, row) == held_out) some += text.substr(at, end - at);
    at = end;
  }
  return some;
}

// Of share 1 / k one of every k rows, in an order that is not always the same.
TEST(HoldOutOfRows, HasOneOfEveryFewRows) {
  for (const int k : {1, 2, 5, 10, 64}) {
    std::vector<int> places(Index(k), 0);
    for (int block = 0; block < 40; ++block) {
      for (int fold = 0; fold < k; ++fold) {
        int count = 0;
        for (int at = 0; at < k; ++at) {
          const bool has = HoldOut{.share = 1.0 / k, .fold = fold}.HasRow(kSeed, block * k + at);
          count += has;
          if (fold == 0 && has) ++places[Index(at)];
        }
        EXPECT_EQ(count, 1) << k << " " << block << " " << fold;
      }
    }
    if (k < 2 || k > 10) continue;
    for (const int count : places) EXPECT_GT(count, 0);
  }
  int held_out = 0;
  for (int row = 0; row < 3000; ++row) held_out += HoldOut{.share = 0.3}.HasRow(kSeed, row);
  EXPECT_NEAR(held_out, 900, 40);
}

// Of the model written, however the run ends: not of weights that came after the best.
TEST(SvmHeldOut, AccuracyIsThatOfTheModel) {
  for (const int64_t rounds : {3, 5, 9, 14, 0}) {
    for (const int classes : {2, 3}) {
      for (const int workers : {1, 2, 3}) {
        const SvmProblem problem = RandomSvm(21, 120, 8, classes);
        const TempDir folder;
        svm::Options options;
        options.data = folder.Write("data.libsvm", problem.Libsvm());
        options.loss = "squared_hinge";
        options.C = 10;
        options.validation_share = kHeldOut.share;
        options.validation_fold = kHeldOut.fold;
        RunOptions run = Roles(workers, 0);
        run.max_rounds = rounds;
        run.tolerance = 1e-6;
        const auto result = strads::Run<svm::Svm>(options, run);
        const auto& made = result.model.classes;
        std::vector<int64_t> all(Index(classes), 0), seen(Index(classes), 0);
        for (const int label : problem.label) ++all[Index(label)];
        double right = 0, rows = 0;
        for (int i = 0; i < 120; ++i) {
          const int label = problem.label[Index(i)];
          if (!kHeldOut.HasRow(
                  kSeed, HoldOut::RowOfClass{.of_class = label,
                                             .row = seen[Index(label)]++,
                                             .rows = all[Index(label)],
                                             .before = std::accumulate(
                                                 all.begin(), all.begin() + label, int64_t{0})}))
            continue;
          ++rows;
          std::vector<double> values;
          for (const auto& of : made) values.push_back(problem.x.row(i).dot(Dense(of.weights)));
          const auto best = std::ranges::max_element(values) - values.begin();
          const auto found = classes == 2 ? (values[0] > 0 ? 1 : 0) : best;
          right += found == problem.label[static_cast<size_t>(i)];
        }
        EXPECT_NEAR(result.summary.extra.at("validation_accuracy"), right / rows, 1e-12)
            << rounds << " rounds, " << classes << " classes, " << workers << " workers";
      }
    }
  }
}

class HeldOutRows : public ::testing::Test {
 protected:
  template <class Options>
  Options With(Options options, const std::string& text) const {
    options.data = folder_.Write("data.libsvm", "# a comment is no row\n\n" + text);
    options.epochs = 3;
    return options;
  }
  template <class Options>
  static Options HoldingOut(Options options) {
    options.validation_share = kHeldOut.share;
    options.validation_fold = kHeldOut.fold;
    return options;
  }

  const TempDir folder_;
};

TEST_F(HeldOutRows, OfSvmAreCountedAndNotLearnedFrom) {
  const SvmProblem problem = RandomSvm(3, 90, 6, 2);
  sgd::Options options = With(sgd::Options{}, problem.Libsvm());
  options.num_features = 6;
  options.bias = true;
  options.scale = "standard";
  for (const auto& [workers, holders] : {std::pair{1, 0}, {3, 0}, {3, 2}}) {
    const auto result = strads::Run<sgd::Sgd>(HoldingOut(options), Roles(workers, holders));
    const svm::ClassModel& made = result.model.classes.front();
    const Eigen::Map<const Eigen::VectorXd> scales(result.model.scales.data(), 6);
    const Eigen::VectorXd w = Dense(made.weights).cwiseProduct(scales);
    double right = 0, rows = 0;
    for (int i = 0; i < 90; ++i) {
      if (!kHeldOut.HasRow(kSeed, i)) continue;
      ++rows;
      right +=
          (problem.x.row(i).dot(w) + made.bias > 0) == (problem.label[static_cast<size_t>(i)] == 1);
    }
    EXPECT_NEAR(result.summary.extra.at("validation_accuracy"), right / rows, 1e-12) << workers;
  }
  const auto result = strads::Run<sgd::Sgd>(HoldingOut(options), Roles(1, 0));
  const auto alone =
      strads::Run<sgd::Sgd>(With(options, Lines(problem.Libsvm(), false)), Roles(1, 0));
  EXPECT_EQ(result.model.classes.front().weights.values(),
            alone.model.classes.front().weights.values());
  EXPECT_EQ(result.model.scales, alone.model.scales);
  EXPECT_EQ(alone.summary.extra.count("validation_accuracy"), 0u);
}

// Of more than two classes the largest value decides.
TEST_F(HeldOutRows, OfSeveralClassesAreMeasuredAndNotLearnedFrom) {
  const SvmProblem problem = RandomSvm(3, 90, 6, 3);
  sgd::Options one_against_all = With(sgd::Options{}, problem.Libsvm());
  one_against_all.num_features = 6;
  one_against_all.bias = true;
  using Multinomial = regression::sgd::Options;
  Multinomial multinomial = With(Multinomial{}, problem.Libsvm());
  multinomial.num_features = 6;
  multinomial.loss = "logistic";
  for (const auto& [workers, holders] : {std::pair{1, 0}, {3, 2}}) {
    const RunOptions roles = Roles(workers, holders);
    const auto machine = strads::Run<sgd::Sgd>(HoldingOut(one_against_all), roles);
    const auto shares = strads::Run<regression::sgd::Sgd>(HoldingOut(multinomial), roles);
    double rows = 0, right_by_machine = 0, right_by_shares = 0, losses = 0;
    for (int i = 0; i < 90; ++i) {
      if (!kHeldOut.HasRow(kSeed, i)) continue;
      ++rows;
      Eigen::Vector3d values, f;
      for (int k = 0; k < 3; ++k) {
        const svm::ClassModel& made = machine.model.classes[Index(k)];
        const regression::Output& output = shares.model.outputs[Index(k)];
        values[k] = problem.x.row(i).dot(Dense(made.weights)) + made.bias;
        f[k] = problem.x.row(i).dot(Dense(output.coefficients)) + output.intercept;
      }
      const int label = problem.label[Index(i)];
      Eigen::Index found = 0;
      values.maxCoeff(&found);
      right_by_machine += found == label;
      f.maxCoeff(&found);
      right_by_shares += found == label;
      losses += std::log(f.array().exp().sum()) - f[label];
    }
    EXPECT_NEAR(machine.summary.extra.at("validation_accuracy"), right_by_machine / rows, 1e-12);
    EXPECT_NEAR(shares.summary.extra.at("validation_accuracy"), right_by_shares / rows, 1e-12);
    EXPECT_NEAR(shares.summary.extra.at("validation_loss"), losses / rows, 1e-9);
  }
  const auto machine = strads::Run<sgd::Sgd>(HoldingOut(one_against_all), Roles(1, 0));
  const auto shares = strads::Run<regression::sgd::Sgd>(HoldingOut(multinomial), Roles(1, 0));
  const std::string others = Lines(problem.Libsvm(), false);
  const auto lone_machine = strads::Run<sgd::Sgd>(With(one_against_all, others), Roles(1, 0));
  const auto lone_shares =
      strads::Run<regression::sgd::Sgd>(With(multinomial, others), Roles(1, 0));
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(machine.model.classes[k].weights, lone_machine.model.classes[k].weights);
    EXPECT_EQ(shares.model.outputs[k].coefficients, lone_shares.model.outputs[k].coefficients);
  }
}

TEST_F(HeldOutRows, OfRegressionAreMeasuredAndNotLearnedFrom) {
  const RegressionProblem problem = RandomRegression(8, 80, 5);
  for (const bool is_logistic : {false, true}) {
    RegressionProblem classes = problem;
    if (is_logistic) {
      const double mean = problem.y.mean();
      for (double& y : classes.y) y = y > mean ? 1 : -1;
    }
    std::string text;
    for (int i = 0; i < 80; ++i) {
      text += internal::FormatOption(classes.y[i]);
      for (int j = 0; j < 5; ++j)
        text += " " + std::to_string(j + 1) + ":" + internal::FormatOption(classes.x(i, j));
      text += "\n";
    }
    using Options = regression::sgd::Options;
    Options options = With(Options{}, text);
    options.loss = is_logistic ? "logistic" : "squared";
    options.scale = "max_abs";
    for (const auto& [workers, holders] : {std::pair{1, 0}, {3, 2}}) {
      const auto result =
          strads::Run<regression::sgd::Sgd>(HoldingOut(options), Roles(workers, holders));
      const auto& made = result.model.outputs.front();
      double squares = 0, losses = 0, right = 0, rows = 0;
      for (int i = 0; i < 80; ++i) {
        if (!kHeldOut.HasRow(kSeed, i)) continue;
        const double f = classes.x.row(i).dot(Dense(made.coefficients)) + made.intercept;
        const double y = classes.y[i];
        ++rows;
        squares += (y - f) * (y - f);
        right += (f > 0) == (y > 0);
        losses += is_logistic ? std::log1p(std::exp(-y * f)) : 0.5 * (y - f) * (y - f);
      }
      const auto& told = result.summary.extra;
      EXPECT_NEAR(told.at("validation_loss"), losses / rows, 1e-9);
      if (is_logistic)
        EXPECT_NEAR(told.at("validation_accuracy"), right / rows, 1e-12);
      else
        EXPECT_NEAR(told.at("validation_rmse"), std::sqrt(squares / rows), 1e-9);
    }
    const auto result = strads::Run<regression::sgd::Sgd>(HoldingOut(options), Roles(1, 0));
    const auto alone =
        strads::Run<regression::sgd::Sgd>(With(options, Lines(text, false)), Roles(1, 0));
    EXPECT_EQ(result.model.outputs.front().coefficients.values(),
              alone.model.outputs.front().coefficients.values());
  }
}

// Powers of two round nothing: features divided by them are those of data that were divided before,
// and so is the step that follows from the rows, but for the order of its sum.
TEST_F(HeldOutRows, OrNoneAFeatureThatIsDividedIsOneThatWas) {
  SvmProblem divided = RandomSvm(4, 60, 5, 2);
  std::vector<double> scales;
  for (int j = 0; j < 5; ++j) {
    divided.x.col(j) /= divided.x.col(j).cwiseAbs().maxCoeff();
    scales.push_back(std::exp2(-j));
  }
  SvmProblem large = divided;
  for (int j = 0; j < 5; ++j) large.x.col(j) *= std::exp2(j);
  for (const double step : {0.1, 0.0}) {
    sgd::Options options = With(sgd::Options{}, divided.Libsvm());
    options.bias = true;
    options.step = step;
    const auto was = strads::Run<sgd::Sgd>(options, Roles(2, 2));
    options = With(options, large.Libsvm());
    options.scale = "max_abs";
    const auto is = strads::Run<sgd::Sgd>(options, Roles(2, 2));
    EXPECT_EQ(is.model.scales, scales);
    const Eigen::VectorXd a = Dense(is.model.classes.front().weights);
    const Eigen::VectorXd b = Dense(was.model.classes.front().weights);
    EXPECT_GT(b.norm(), 0.1);
    EXPECT_LE((a - b).norm(), step > 0 ? 0 : 1e-11);
  }
}

}  // namespace
}  // namespace strads::testing
