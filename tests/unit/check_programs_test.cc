#include "coordinator/check_programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/error.h>
#include <strads/search.h>

#include <memory>
#include <string>

#include "tests/support/toy_app.h"

namespace strads {
namespace {

using ::testing::HasSubstr;

Program Named(const std::string& name) {
  Program program = testing::ToyProgram();
  program.name = name;
  return program;
}

Program WithCommands(const std::vector<std::string>& names) {
  Program program = Named("toy");
  for (const std::string& name : names)
    program.commands.push_back({name, "", {}, [](const OptionValues&) { return 0; }});
  return program;
}

Program WithOption(const std::string& name, OptionType type) {
  Program program = Named("toy");
  program.options.push_back({name, type, "", ""});
  return program;
}

// The message of the usage error; empty: none.
std::string RefusalOf(const std::vector<Program>& programs, bool names_app = true) {
  try {
    CheckPrograms(programs, names_app);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return {};
}

TEST(CheckPrograms, FindsNothingWrongWithWordsThatDiffer) {
  EXPECT_EQ(RefusalOf(WithSearch({Named("a"), Named("b-2"), WithCommands({"predict", "a"})})), "");
}

TEST(CheckPrograms, RefusesAppsThatNoWordNames) {
  for (const std::string name : {"", "-x", "--app", "a b", "a\tb", "search"}) {
    EXPECT_THAT(RefusalOf({Named(name)}), HasSubstr("of an app")) << name;
    EXPECT_EQ(RefusalOf({Named(name)}, /*names_app=*/false), "") << name;
  }
  EXPECT_THAT(RefusalOf({Named("a"), Named("b"), Named("a")}), HasSubstr("'a' of an app is taken"));
}

TEST(CheckPrograms, RefusesCommandsThatNoWordNames) {
  for (const std::string name : {"", "-x", "a b", "train"})
    EXPECT_THAT(RefusalOf({WithCommands({name})}, false), HasSubstr("a command of toy")) << name;
  EXPECT_THAT(RefusalOf({WithCommands({"two", "one", "two"})}), HasSubstr("'two'"));
}

TEST(CheckPrograms, RefusesAnOptionOfEveryRunWithAnotherType) {
  EXPECT_EQ(RefusalOf({WithOption("workers", OptionType::kInt)}), "");
  EXPECT_EQ(RefusalOf({WithOption("others", OptionType::kString)}), "");
  for (const bool names_app : {false, true}) {
    const std::string workers = RefusalOf({WithOption("workers", OptionType::kString)}, names_app);
    EXPECT_THAT(workers, HasSubstr("option 'workers' of toy is of type text"));
    EXPECT_THAT(workers, HasSubstr("of type int"));
  }
  EXPECT_THAT(RefusalOf({WithOption("max_rounds", OptionType::kDouble)}),
              HasSubstr("of type number"));
  EXPECT_THAT(RefusalOf({WithOption("model", OptionType::kInt)}), HasSubstr("of type text"));
  Program with_solver = Named("toy");
  with_solver.solvers["own"] =
      std::make_shared<const Program>(WithOption("seed", OptionType::kBool));
  EXPECT_THAT(RefusalOf({with_solver}), HasSubstr("'seed'"));
}

}  // namespace
}  // namespace strads
