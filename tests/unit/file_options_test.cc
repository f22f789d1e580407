#include "coordinator/file_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strads {
namespace {

using ::testing::ElementsAre;

TEST(FileOptions, AreStringsWhoseHelpTellsOfAFile) {
  const std::vector<OptionInfo> options = {
      {"data", OptionType::kString, "", "file of samples"},
      {"stop_words", OptionType::kString, "", "none, or a file with a word a line"},
      {"loss", OptionType::kString, "", "squared or logistic"},
      {"skip", OptionType::kInt, "0", "lines of the file that are passed over"},
      {"missing", OptionType::kString, "", "file that is not given"},
      {"metrics", OptionType::kString, "", "file that is written"}};
  EXPECT_THAT(InputFiles(options, {{"data", "a"},
                                   {"stop_words", "b"},
                                   {"loss", "squared"},
                                   {"skip", "7"},
                                   {"metrics", "c"}}),
              ElementsAre("a", "b"));
}

}  // namespace
}  // namespace strads
