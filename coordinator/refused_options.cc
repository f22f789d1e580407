#include "coordinator/refused_options.h"

#include <strads/error.h>
#include <strads/options.h>

#include <initializer_list>

namespace strads {
namespace {

constexpr std::initializer_list<const char*> kOfClocks = {"consistency", "holders",
                                                          "backup_workers", "trace"};
constexpr const char* kEachNeedsTheLast = ": each round of this app depends on the one before";

}  // namespace

std::vector<RefusedOption> RefusedOptions(const Program& program) {
  std::vector<RefusedOption> refused;
  const auto refuse = [&](std::initializer_list<const char*> names, const std::string& why) {
    for (const char* name : names) refused.push_back({name, why});
  };
  if (program.is_search) {
    const std::string why = " does not go with search, whose trainings are each of a single worker";
    refuse(kOfClocks, why);
    refuse({"staleness"}, why);
  } else if (program.is_data_parallel()) {
    refuse({"schedulers", "lookahead"}, " does not go with a data-parallel app: it has no plans");
    if (!program.divides)
      refuse({"holders"}, " does not go with this app: its parameters cannot be divided");
  } else {
    refuse(kOfClocks, " goes with data-parallel apps, this is none");
    if (!program.plans_ahead)
      refuse({"staleness", "lookahead"}, std::string(kEachNeedsTheLast) + ", expected 0");
  }
  return refused;
}

void RefuseOptions(const Program& program, const RunOptions& options) {
  const OptionValues values = ToValues(options);
  const OptionValues defaults = ToValues(RunOptions{});
  for (const auto& [name, why] : RefusedOptions(program)) {
    const bool is_given = name == "lookahead"    ? options.lookahead > 0  // 0 is what it comes to
                          : name == "schedulers" ? options.schedulers > 0
                                                 : values.at(name) != defaults.at(name);
    if (is_given) throw UsageError("--" + name + "=" + values.at(name) + why);
  }
  if (!program.plans_ahead && options.schedulers > 1)
    throw UsageError("--schedulers=" + std::to_string(options.schedulers) + kEachNeedsTheLast +
                     ", expected at most 1");
}

}  // namespace strads
