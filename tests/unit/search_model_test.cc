#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/report.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "coordinator/search/search_app.h"
#include "tests/support/temp_files.h"

namespace strads::search {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;

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

}  // namespace
}  // namespace strads::search
