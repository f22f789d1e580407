#include <glog/logging.h>
#include <malloc.h>
#include <signal.h>
#include <strads/error.h>
#include <strads/main.h>
#include <strads/run.h>
#include <strads/search.h>
#include <strads/version.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/check_programs.h"
#include "coordinator/child_processes.h"
#include "coordinator/file_options.h"
#include "coordinator/flags.h"
#include "coordinator/refused_options.h"
#include "coordinator/search/search_app.h"
#include "coordinator/train.h"
#include "coordinator/wire/thrown.h"

namespace strads {
namespace {

struct CliOptions {
  std::string config;
  bool print_config = false;
  bool child = false;
  STRADS_FIELDS(config, print_config, child)
  STRADS_HELP("config: file of lines name = value; a flag given beside it wins",
              "print_config: show the values in force and do nothing",
              "child: say nothing: a run of --processes started this and tells its errors")
};

const std::set<std::string> kClusterOptions = {"role",         "listen",        "connect",
                                               "insecure",     "processes",     "join_timeout",
                                               "load_timeout", "round_timeout", "peer_timeout"};

void Add(std::vector<FlagGroup>& groups,
         const std::string& title,
         const std::vector<OptionInfo>& options,
         std::set<std::string>& names) {
  FlagGroup group{title, {}};
  for (const OptionInfo& option : options) {
    if (names.insert(option.name).second) group.options.push_back(option);
  }
  groups.push_back(std::move(group));
}

// What the words of a command line ask for.
struct Request {
  const Program* program = nullptr;  // null: any
  const Command* command = nullptr;  // null: train `program`
  const Program* app = nullptr;      // that the words name; `program`, unless a command trains
};

std::vector<FlagGroup> GroupsOf(const Request& request) {
  std::vector<FlagGroup> groups;
  std::set<std::string> names;
  if (request.command != nullptr) {
    Add(groups, request.program->name + " " + request.command->name, request.command->options,
        names);
  } else {
    std::vector<OptionInfo> run = DescribeOptions<RunOptions>();
    std::set<std::string> shared;
    for (OptionInfo& option : run) {
      shared.insert(option.name);
      if (request.program == nullptr) continue;
      for (const OptionInfo& of_app : request.program->options) {
        if (of_app.name == option.name) option.default_value = of_app.default_value;
      }
    }
    std::vector<OptionInfo> own, general, cluster;
    if (request.program != nullptr) {
      std::copy_if(request.program->options.begin(), request.program->options.end(),
                   std::back_inserter(own),
                   [&](const OptionInfo& o) { return !shared.contains(o.name); });
    }
    std::copy_if(run.begin(), run.end(), std::back_inserter(general),
                 [](const OptionInfo& o) { return !kClusterOptions.contains(o.name); });
    std::copy_if(run.begin(), run.end(), std::back_inserter(cluster),
                 [](const OptionInfo& o) { return kClusterOptions.contains(o.name); });
    if (request.program != nullptr) Add(groups, "Options of " + request.program->name, own, names);
    Add(groups, "Running", general, names);
    if (request.program != nullptr) {
      for (const RefusedOption& refused : RefusedOptions(*request.program))
        groups.back().unlisted.insert(refused.name);
    }
    Add(groups, "Several processes and machines", cluster, names);
  }
  Add(groups, "General", DescribeOptions<CliOptions>(), names);
  groups.back().in_config = false;
  return groups;
}

void AddNames(const std::vector<OptionInfo>& options, std::set<std::string>& names) {
  for (const OptionInfo& option : options) names.insert(option.name);
}

// Keys that only other solvers of the command know.
std::set<std::string> KeysOfOtherSolvers(const Request& request) {
  std::set<std::string> keys;
  if (request.app == nullptr || request.command != nullptr) return keys;
  AddNames(request.app->options, keys);
  for (const auto& [name, program] : request.app->solvers) AddNames(program->options, keys);
  for (const Command& command : request.app->commands) {
    if (command.program) continue;  // it trains too
    for (const OptionInfo& option : command.options) keys.erase(option.name);
  }
  return keys;
}

// Options that another command or solver of the app knows, and which: one config file serves all.
std::map<std::string, std::string> OptionsElsewhere(const Request& request) {
  std::map<std::string, std::string> elsewhere;
  if (request.app == nullptr) return elsewhere;
  const auto add = [&](const std::vector<OptionInfo>& options, const std::string& where) {
    for (const OptionInfo& option : options) elsewhere.emplace(option.name, where);
  };
  std::string solver;  // in force
  for (const auto& [name, program] : request.app->solvers) {
    if (program.get() == request.program) solver = name;
  }
  add(request.app->options,
      solver.empty() ? "it is of train" : "it does not go with --solver=" + solver);
  add(DescribeOptions<RunOptions>(), "it is of train");
  for (const auto& [name, program] : request.app->solvers)
    add(program->options, "it goes with --solver=" + name);
  for (const Command& command : request.app->commands)
    add(command.options, "it is of " + command.name);
  return elsewhere;
}

std::string CommandsOf(const Program& program) {
  std::string text = "  train       " +
                     (program.summary.empty() ? std::string("fit a model") : program.summary) +
                     "\n";
  for (const Command& command : program.commands) {
    std::string name = "  " + command.name;
    name.resize(std::max<size_t>(14, name.size() + 1), ' ');
    text += name + command.help + "\n";
  }
  return text;
}

std::string Usage(const std::string& binary, const std::vector<Program>& programs, bool names_app) {
  std::string text = "strads " + std::string(kVersion) +
                     ": scheduled model-parallel machine learning\n\nusage: " + binary +
                     (names_app ? " APP" : "") + " COMMAND --flag=value ...\n";
  for (const Program& program : programs) text += "\n" + program.name + "\n" + CommandsOf(program);
  return text + "\n" + binary + (names_app ? " APP" : "") +
         " COMMAND --help lists the flags of a command.\n";
}

// Of the command without an app.
std::string SearchUsage(const std::string& binary, const std::vector<Program>& programs) {
  std::string apps;
  for (const Program& program : programs) apps += (apps.empty() ? "" : ", ") + program.name;
  const FlagGroup group = {"Options of search", DescribeOptions<search::SearchOptions>()};
  return binary + " search APP --flag=value ...: train once for each point of a grid of options, " +
         "and compare\nAPP: " + apps + "\n" + Flags({group}, {}).Help() + "\n" + binary +
         " search APP --help lists those of the app too.\n";
}

const Program& ProgramNamed(const std::vector<Program>& programs, const std::string& name) {
  std::vector<std::string> known;
  for (const Program& program : programs) {
    if (program.name == name) return program;
    known.push_back(program.name);
  }
  std::string list;
  for (const std::string& k : known) list += " " + k;
  throw UsageError("unknown app '" + name + "', expected one of:" + list +
                   "; or search APP, or help [APP [COMMAND]]");
}

const Command* CommandNamed(const Program& program, const std::string& name) {
  if (name == "train") return nullptr;
  std::string list = " train";
  for (const Command& command : program.commands) {
    if (command.name == name) return &command;
    list += " " + command.name;
  }
  throw UsageError("unknown command '" + name + "' of " + program.name +
                   ", expected one of:" + list);
}

bool TakeFlag(std::vector<std::string>& arguments, const std::string& name) {
  return std::erase_if(arguments, [&](const std::string& a) {
           return a == "--" + name || a == "-" + name;
         }) > 0;
}

int Dispatch(const std::string& binary,
             std::vector<std::string> arguments,
             const std::vector<Program>& programs,
             bool names_app) {
  bool help = TakeFlag(arguments, "help") || TakeFlag(arguments, "h");
  if (!arguments.empty() && arguments.front() == "help") {
    help = true;
    arguments.erase(arguments.begin());
  }
  if (TakeFlag(arguments, "version")) {
    std::printf("strads %s\n", kVersion);
    return 0;
  }
  const auto take_word = [&]() -> std::string {
    if (arguments.empty() || arguments.front().starts_with('-')) return {};
    std::string word = arguments.front();
    arguments.erase(arguments.begin());
    return word;
  };
  Request request;
  std::string command;
  if (!names_app) {
    request.program = &programs.front();
  } else if (std::string app = take_word(); !app.empty()) {
    // `strads search APP` is `strads APP search`: it is the same for all.
    if (app == "search") {
      command = std::exchange(app, take_word());
      if (app.empty() && !help)
        throw UsageError("no app is named, expected " + binary + " search APP");
    }
    if (app.empty()) {
      std::fputs(SearchUsage(binary, programs).c_str(), stdout);
      return 0;
    }
    request.program = &ProgramNamed(programs, app);
  }
  if (command.empty() && request.program != nullptr) command = take_word();
  request.app = request.program;
  if (!command.empty()) request.command = CommandNamed(*request.program, command);
  if (request.command != nullptr && request.command->program) {
    request.program = request.command->program.get();
    request.command = nullptr;
  }
  // Which flags there are may depend on the solver.
  std::string solver;
  ConfigFile config;
  if (request.program != nullptr && request.command == nullptr &&
      !request.program->solvers.empty()) {
    if (const std::string path = ValueAhead("config", arguments); !path.empty())
      config = ConfigFile(path);
    const auto own = request.program->solvers.find(ValueAhead("solver", arguments, config));
    if (own != request.program->solvers.end()) {
      solver = own->first;
      request.program = own->second.get();
    }
  }
  if (arguments.empty() && command.empty() && !help && names_app) {
    std::fputs(Usage(binary, programs, names_app).c_str(), stderr);
    return ExitCode(ErrorKind::kUsage);
  }
  if (help && command.empty() && names_app) {
    std::fputs(Usage(binary, request.app == nullptr ? programs : std::vector<Program>{*request.app},
                     names_app)
                   .c_str(),
               stdout);
    return 0;
  }

  Flags flags(GroupsOf(request), OptionsElsewhere(request));
  if (help) {
    std::string title = binary + (names_app ? " " + request.app->name : "") + " " +
                        (command.empty() ? "train" : command);
    title += ": " +
             (request.command != nullptr ? request.command->help : request.program->summary) + "\n";
    std::fputs((title + flags.Help()).c_str(), stdout);
    return 0;
  }
  const std::vector<std::string> words = flags.ParseArguments(arguments);
  if (!words.empty())
    throw UsageError("unexpected word '" + words.front() + "', expected flags: --name=value");
  if (const std::string path = flags.Get("config"); !path.empty()) {
    if (path != config.path()) config = ConfigFile(path);
    flags.ParseConfig(config, KeysOfOtherSolvers(request));
  }
  if (flags.Get("print_config") == "true") {
    std::fputs(flags.PrintConfig().c_str(), stdout);
    return 0;
  }
  const OptionValues values = flags.values();
  RefuseOverwriting(
      request.command != nullptr ? request.command->name : "", flags.options(), values,
      request.app != nullptr ? request.app->model_endings : std::vector<std::string>());
  if (request.command != nullptr) return request.command->run(values);

  const auto options = MakeOptions<RunOptions>(values);
  if (options.IsMember()) {
    OptionValues claimed;
    for (const std::string& name : flags.given()) claimed[name] = values.at(name);
    RunHooks hooks;
    const bool is_child = flags.Get("child") == "true";
    if (is_child && request.program != nullptr && request.program->is_search) HeedStopOfParent();
    if (options.progress)
      hooks.on_news = [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); };
    try {
      Join(programs, request.program != nullptr ? request.program->name : "", claimed, options,
           hooks);
    } catch (const Error& error) {
      if (is_child) return ExitCode(error.kind());
      throw;
    }
    return 0;
  }
  if (request.program == nullptr)
    throw UsageError("no app is named, expected " + binary + " APP COMMAND");
  RefusePipes(request.program->is_search ? 2 : options.workers, request.program->options, values);
  OptionValues own;
  for (const OptionInfo& option : request.program->options)
    own[option.name] = values.at(option.name);
  std::vector<std::string> child = {OwnPath(), "--noprogress", "--child"};
  if (names_app) child.insert(child.begin() + 1, request.app->name);
  child.insert(child.begin() + (names_app ? 2 : 1), command.empty() ? "train" : command);
  if (!solver.empty()) child.push_back("--solver=" + solver);
  return Train(*request.program, own, options, child);
}

// Large messages come and go every round. By default glibc returns such memory to the kernel at
// once, which then clears it page by page for the next one: more work than to send it.
void KeepMemory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

int Guarded(int argc, char** argv, const std::vector<Program>& programs, bool names_app) {
  const std::string path = argc > 0 ? argv[0] : "strads";
  const std::string binary = path.substr(path.rfind('/') + 1);
  if (!google::IsGoogleLoggingInitialized()) {
    FLAGS_logtostderr = true;
    google::InitGoogleLogging(binary.c_str());
  }
  KeepMemory();
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write, which is told
  try {
    CheckPrograms(programs, names_app);
    const int code = Dispatch(binary, {argv + std::min(argc, 1), argv + argc}, programs, names_app);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw DataError("standard output: cannot be written: " + std::string(std::strerror(errno)));
    return code;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: error: %s\n", binary.c_str(), error.what());
    return ExitCode(error.kind());
  } catch (const std::bad_alloc&) {
    const Error error = OutOfMemory();
    std::fprintf(stderr, "%s: error: %s\n", binary.c_str(), error.what());
    return ExitCode(error.kind());
  } catch (...) {
    std::fprintf(stderr, "%s: internal error: %s\n", binary.c_str(),
                 wire::WhatWasThrown("the app").c_str());
    return 1;
  }
}

}  // namespace

int Main(int argc, char** argv, const std::vector<Program>& programs) {
  return Guarded(argc, argv, WithSearch(programs), true);
}

int MainOfOne(int argc, char** argv, const Program& program) {
  return Guarded(argc, argv, WithSearch({program}), false);
}

}  // namespace strads
