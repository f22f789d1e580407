#pragma once

#include <strads/options.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "coordinator/config_file.h"

namespace strads {

struct FlagGroup {
  std::string title;
  std::vector<OptionInfo> options;
  bool in_config = true;  // else for the command line alone
  // Those of the options that Help leaves out: they are there to be refused with a reason.
  std::set<std::string> unlisted = {};
};

// "bool", "int", "number" or "text".
const char* OptionTypeName(OptionType type);

// The flags of one command, and their values. gflags holds them, and brings those of logging.
class Flags {
 public:
  // Once a process. Throws Error (kUsage) if an app's option has the name of another flag, or a
  // default that no flag could give it. `elsewhere` are options that are not of the groups, and
  // what is to be said of them.
  Flags(std::vector<FlagGroup> groups, std::map<std::string, std::string> elsewhere);

  // Reads --name=value, --name value, --name and --noname; `-` works as `--`. Returns the words
  // that are no flags. Throws Error (kUsage) on an unknown flag, listing near misses, or a wrong
  // value.
  std::vector<std::string> ParseArguments(const std::vector<std::string>& arguments);

  // Sets what the file does. Keeps what ParseArguments has set. Options `elsewhere` are skipped,
  // and those `without_effect` said to have none. Throws Error (kUsage) with path:line.
  void ParseConfig(const ConfigFile& config, const std::set<std::string>& without_effect);

  std::string Get(const std::string& name) const;
  std::vector<OptionInfo> options() const;
  OptionValues values() const;
  // Those given by a flag or the config file, not by default.
  const std::set<std::string>& given() const { return given_; }

  std::string Help() const;
  // All values in force, as a config file.
  std::string PrintConfig() const;

 private:
  const OptionInfo* Find(const std::string& name) const;
  bool IsOfCommandLine(const std::string& name) const;
  void Set(const OptionInfo& option, const std::string& text);
  [[noreturn]] void Unknown(const std::string& where, const std::string& name) const;

  const std::vector<FlagGroup> groups_;
  const std::map<std::string, std::string> elsewhere_;
  std::set<std::string> given_;
};

// What the flag is given in the arguments or else in the config file; empty: nothing. For what
// decides which flags there are: no errors, which come when all are parsed.
std::string ValueAhead(const std::string& name,
                       const std::vector<std::string>& arguments,
                       const ConfigFile& config = {});

// Names of `known` that look like `name`, most alike first, at most three.
std::vector<std::string> NearMisses(const std::string& name, const std::vector<std::string>& known);

// "unknown option 'name'", and what it may have meant.
std::string UnknownOption(const std::string& name, const std::vector<std::string>& known);

}  // namespace strads
