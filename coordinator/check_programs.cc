#include "coordinator/check_programs.h"

#include <strads/error.h>
#include <strads/run_options.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "coordinator/flags.h"

namespace strads {
namespace {

// The names must be words that differ from each other and from `taken`.
class Names {
 public:
  Names(std::string what, std::set<std::string> taken)
      : what_(std::move(what)), taken_(std::move(taken)) {}

  void Add(const std::string& name) {
    const bool is_word = !name.empty() && !name.starts_with('-') &&
                         std::ranges::all_of(name, [](char c) { return c > ' ' && c != '\x7f'; });
    if (!is_word)
      throw UsageError("the name '" + name + "' of " + what_ +
                       " is no word of a command line, expected one without blanks that does not "
                       "begin with '-'");
    if (!taken_.insert(name).second)
      throw UsageError("the name '" + name + "' of " + what_ + " is taken, expected another");
  }

 private:
  const std::string what_;
  std::set<std::string> taken_;
};

// Those of one name are one option.
void CheckOptions(const Program& program, const std::vector<OptionInfo>& of_runs) {
  for (const OptionInfo& option : program.options) {
    const auto same = std::ranges::find(of_runs, option.name, &OptionInfo::name);
    if (same != of_runs.end() && same->type != option.type)
      throw UsageError("option '" + option.name + "' of " + program.name + " is of type " +
                       OptionTypeName(option.type) + ", and that of every run of type " +
                       OptionTypeName(same->type) + ", expected the same type or another name");
  }
}

void CheckProgram(const Program& program, const std::vector<OptionInfo>& of_runs) {
  CheckOptions(program, of_runs);
  Names commands("a command of " + program.name, {"train"});
  for (const Command& command : program.commands) {
    commands.Add(command.name);
    if (command.program) CheckProgram(*command.program, of_runs);
  }
  for (const auto& [name, solver] : program.solvers) CheckProgram(*solver, of_runs);
}

}  // namespace

void CheckPrograms(const std::vector<Program>& programs, bool names_app) {
  const std::vector<OptionInfo> of_runs = DescribeOptions<RunOptions>();
  Names names("an app", {"search"});
  for (const Program& program : programs) {
    if (names_app) names.Add(program.name);
    CheckProgram(program, of_runs);
  }
}

}  // namespace strads
