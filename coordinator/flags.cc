#include "coordinator/flags.h"

#include <gflags/gflags.h>
#include <strads/error.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace strads {
namespace {

std::string WithDefault(const OptionInfo& option) {
  std::string text = std::string(" (") + OptionTypeName(option.type);
  if (!option.default_value.empty()) text += ", " + OneLine(option.default_value);
  return text + ")";
}

// As text that a flag could have.
std::string DefaultOf(const OptionInfo& option) {
  try {
    return CanonicalOption(option, option.default_value);
  } catch (const Error&) {
    throw UsageError("the app's own default of option '" + option.name + "' is " +
                     option.default_value + ", expected a value that its flag could be given");
  }
}

// A flag of gflags, which wants its storage to live as long as the process. All are text there:
// gflags refuses numbers that options may have, such as denormal ones.
void Register(const OptionInfo& option) {
  google::CommandLineFlagInfo known;
  if (google::GetCommandLineFlagInfo(option.name.c_str(), &known)) {
    throw UsageError("option '" + option.name + "' has the name of a flag of " +
                     (known.filename.empty() ? "strads" : known.filename) +
                     ", expected another name");
  }
  struct Storage {
    std::string name, help, value, initial;
  };
  static std::deque<Storage> storage;
  const std::string value = DefaultOf(option);
  Storage& of = storage.emplace_back(Storage{option.name, option.help, value, value});
  google::FlagRegisterer(of.name.c_str(), of.help.c_str(), "", &of.value, &of.initial);
}

// `text` in lines of at most 100 characters, all but the first indented.
std::string Wrap(const std::string& text, size_t indent) {
  std::string out;
  size_t column = indent;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (column > indent && column + 1 + (end - at) > 100) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(at, end - at);
    column += end - at;
    at = end + 1;
  }
  return out;
}

}  // namespace

const char* OptionTypeName(OptionType type) {
  static constexpr const char* kNames[] = {"bool", "int", "number", "text"};
  return kNames[static_cast<int>(type)];
}

std::string ValueAhead(const std::string& name,
                       const std::vector<std::string>& arguments,
                       const ConfigFile& config) {
  std::string value;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with('-')) continue;
    const std::string flag = arguments[i].substr(arguments[i].starts_with("--") ? 2 : 1);
    if (flag == name && i + 1 < arguments.size()) value = arguments[i + 1];
    if (flag.starts_with(name + "=")) value = flag.substr(name.size() + 1);
  }
  if (!value.empty()) return value;
  for (const ConfigLine& line : config.lines()) {
    if (line.has_value && line.name == name) value = line.value;
  }
  return value;
}

Flags::Flags(std::vector<FlagGroup> groups, std::map<std::string, std::string> elsewhere)
    : groups_(std::move(groups)), elsewhere_(std::move(elsewhere)) {
  for (const FlagGroup& group : groups_) {
    for (const OptionInfo& option : group.options) Register(option);
  }
}

const OptionInfo* Flags::Find(const std::string& name) const {
  for (const FlagGroup& group : groups_) {
    for (const OptionInfo& option : group.options) {
      if (option.name == name) return &option;
    }
  }
  return nullptr;
}

bool Flags::IsOfCommandLine(const std::string& name) const {
  return std::ranges::any_of(groups_, [&](const FlagGroup& group) {
    return !group.in_config &&
           std::ranges::find(group.options, name, &OptionInfo::name) != group.options.end();
  });
}

std::vector<OptionInfo> Flags::options() const {
  std::vector<OptionInfo> all;
  for (const FlagGroup& group : groups_)
    all.insert(all.end(), group.options.begin(), group.options.end());
  return all;
}

void Flags::Unknown(const std::string& where, const std::string& name) const {
  const auto other = elsewhere_.find(name);
  if (other != elsewhere_.end())
    throw UsageError(where + "unknown option '" + name + "': " + other->second);
  std::vector<std::string> known;
  for (const FlagGroup& group : groups_) {
    for (const OptionInfo& option : group.options) known.push_back(option.name);
  }
  throw UsageError(where + UnknownOption(name, known));
}

void Flags::Set(const OptionInfo& option, const std::string& text) {
  google::SetCommandLineOption(option.name.c_str(), CanonicalOption(option, text).c_str());
}

std::vector<std::string> Flags::ParseArguments(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-') {
      words.push_back(argument);
      continue;
    }
    const std::string flag = argument.substr(argument[1] == '-' ? 2 : 1);
    const size_t equals = flag.find('=');
    std::string name = flag.substr(0, equals);
    for (char& c : name) c = c == '-' ? '_' : c;
    const OptionInfo* option = Find(name);
    google::CommandLineFlagInfo logging;
    const bool foreign =
        option == nullptr && google::GetCommandLineFlagInfo(name.c_str(), &logging);
    const OptionInfo* negated =
        option == nullptr && name.starts_with("no") && equals == std::string::npos
            ? Find(name.substr(2))
            : nullptr;
    std::string value;
    if (equals != std::string::npos) {
      value = flag.substr(equals + 1);
    } else if (negated != nullptr && negated->type == OptionType::kBool) {
      option = negated;
      value = "false";
    } else if ((option != nullptr && option->type == OptionType::kBool) ||
               (foreign && logging.type == "bool")) {
      value = "true";
    } else if ((option != nullptr || foreign) && i + 1 < arguments.size()) {
      value = arguments[++i];
    } else if (option != nullptr || foreign) {
      throw UsageError("--" + name + " needs a value: --" + name + "=VALUE");
    }
    if (option != nullptr) {
      Set(*option, value);
      given_.insert(option->name);
    } else if (!foreign) {
      Unknown("", name);
    } else if (google::SetCommandLineOption(name.c_str(), value.c_str()).empty()) {
      throw UsageError("--" + name + "=" + value + " is wrong, expected a value of type " +
                       logging.type);
    }
  }
  return words;
}

void Flags::ParseConfig(const ConfigFile& config, const std::set<std::string>& without_effect) {
  if (!config.was_read()) throw UsageError("config file " + config.path() + " cannot be read");
  const std::set<std::string> from_arguments = given_;
  std::set<std::string> from_file;
  int number = 0;
  for (const ConfigLine& read : config.lines()) {
    const std::string where = config.path() + ":" + std::to_string(++number) + ": ";
    if (!read.error.empty()) throw UsageError(where + read.error);
    if (read.text.empty()) continue;
    if (!read.has_value)
      throw UsageError(where + "'" + read.text + "' has no '=', expected name = value");
    const std::string& name = read.name;
    if (!from_file.insert(name).second) throw UsageError(where + "'" + name + "' is given twice");
    const OptionInfo* option = Find(name);
    if (IsOfCommandLine(name))
      throw UsageError(where + "'" + name + "' is of the command line, expected an option to set");
    if (option == nullptr) {
      if (without_effect.contains(name))
        std::fprintf(stderr, "strads: warning: %s'%s' has no effect with this --solver\n",
                     where.c_str(), name.c_str());
      if (elsewhere_.contains(name)) continue;
      Unknown(where, name);
    }
    if (from_arguments.contains(name)) continue;
    try {
      Set(*option, read.value);
    } catch (const Error& error) {
      throw UsageError(where + error.what());
    }
    given_.insert(name);
  }
}

std::string Flags::Get(const std::string& name) const {
  std::string value;
  google::GetCommandLineOption(name.c_str(), &value);
  return value;
}

OptionValues Flags::values() const {
  OptionValues values;
  for (const OptionInfo& option : options()) values[option.name] = Get(option.name);
  return values;
}

std::string Flags::Help() const {
  std::string text;
  for (const FlagGroup& group : groups_) {
    if (group.options.empty()) continue;
    text += "\n" + group.title + ":\n";
    for (const OptionInfo& option : group.options) {
      if (group.unlisted.contains(option.name)) continue;
      std::string name = "  --" + option.name;
      name.resize(std::max<size_t>(name.size() + 1, 22), ' ');
      text += name + Wrap(option.help + WithDefault(option), 22) + "\n";
    }
  }
  return text + "\nLogging: --logtostderr --minloglevel=N --v=N --log_dir=DIR (see glog)\n";
}

std::string Flags::PrintConfig() const {
  std::string text;
  for (const FlagGroup& group : groups_) {
    if (group.options.empty() || !group.in_config) continue;
    text += "# " + group.title + "\n";
    for (const OptionInfo& option : group.options)
      text += option.name + " = " + ConfigText(Get(option.name)) + "\n";
  }
  return text;
}

}  // namespace strads
