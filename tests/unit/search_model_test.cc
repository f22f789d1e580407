#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/report.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "coordinator/search/search_app.h"
#include "tests/support/temp_files.h"

namespace strads::search {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;
using ::testing::ThrowsMessage;

std::string Text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Whatever ends a search, what it has found is there.
TEST(SearchModel, KeepsTheBestOfWhatWasTriedSoFar) {
  const TempDir folder;
  Spec spec;
  spec.app = "svm";
  spec.grid.axes = {{.name = "C", .values = {"1", "2", "3", "4"}}};
  spec.better = "auto";
  spec.best_config = folder.Path("best.conf");
  Model model(spec);
  const std::vector<double> objectives = {7, 5, 6};
  for (size_t n = 0; n < objectives.size(); ++n) {
    const Partial partial{.trained = true, .values = {{"objective", objectives[n]}}};
    model.Pull({.first = static_cast<int64_t>(n)}, {&partial, 1});
    EXPECT_THAT(Text(spec.best_config), HasSubstr(n == 0 ? "\nC = 1\n" : "\nC = 2\n"));
    EXPECT_TRUE(model.Report().done.empty());
  }
  EXPECT_THAT(Text(spec.best_config), HasSubstr("best so far of 4 settings"));
  EXPECT_THAT(model.Table(), HasSubstr("1 settings were not trained"));
  EXPECT_THAT(model.Table(), Not(HasSubstr("failed")));
  const Partial partial{.trained = true, .values = {{"objective", 8.0}}};
  model.Pull({.first = 3}, {&partial, 1});
  EXPECT_THAT(Text(spec.best_config), HasSubstr("The best of 4 settings"));
  EXPECT_FALSE(model.Report().done.empty());
  EXPECT_TRUE(model.Report().converged);
}

// A table of a grid over this option, whose settings all tell the same.
std::string TableOver(const std::string& option,
                      const std::map<std::string, double>& values,
                      const std::string& metric = "") {
  Spec spec;
  spec.app = "regression";
  spec.grid.axes = {{.name = option, .values = {"1", "2"}}};
  spec.better = "auto";
  spec.metric = metric;
  Model model(spec);
  for (int64_t n = 0; n < 2; ++n) {
    const Partial partial{.trained = true, .values = values};
    model.Pull({.first = n}, {&partial, 1});
  }
  return model.Table();
}

const std::map<std::string, double> kOfNumbers = {
    {"objective", 3}, {"validation_loss", 1}, {"validation_mae", 1}, {"validation_rmse", 2}};
const std::map<std::string, double> kOfClasses = {{"objective", 3}, {"validation_loss", 1}};

// A loss is another one in each setting, an error is the same for all.
TEST(SearchModel, ComparesErrorsRatherThanLosses) {
  EXPECT_THAT(TableOver("delta", kOfNumbers), HasSubstr(" validation_rmse\n"));
  EXPECT_THAT(TableOver("lambda", kOfClasses), HasSubstr(" validation_loss\n"));
  EXPECT_THAT(TableOver("lambda", kOfNumbers, "validation_loss"), HasSubstr(" validation_loss\n"));
}

TEST(SearchModel, SaysWhatDoesNotCompare) {
  const std::string warning = "do not compare over settings of ";
  for (const std::string option : {"delta", "loss"}) {
    EXPECT_THAT(TableOver(option, kOfNumbers, "validation_loss"), HasSubstr(warning + option));
    EXPECT_THAT(TableOver(option, kOfNumbers, "objective"), HasSubstr(warning + option));
    EXPECT_THAT(TableOver(option, kOfNumbers), Not(HasSubstr(warning)));
  }
  EXPECT_THAT(TableOver("lambda", kOfNumbers, "objective"), HasSubstr(warning + "lambda"));
  EXPECT_THAT(TableOver("lambda", kOfNumbers, "validation_loss"), Not(HasSubstr(warning)));
}

// Squared losses tell an error, logistic ones do not.
TEST(SearchModel, AMetricThatASettingDoesNotTellIsRefused) {
  Spec spec;
  spec.app = "regression";
  spec.grid.axes = {{.name = "loss", .values = {"squared", "logistic"}}};
  spec.better = "auto";
  Model model(spec);
  const std::vector<Partial> partials = {{.trained = true, .values = kOfNumbers},
                                         {.trained = true, .values = kOfClasses}};
  EXPECT_THAT([&] { model.Pull({.first = 0}, partials); },
              ThrowsMessage<Error>(HasSubstr("of loss=logistic told no validation_rmse but "
                                             "objective, validation_loss, expected a --metric")));
}

}  // namespace
}  // namespace strads::search
