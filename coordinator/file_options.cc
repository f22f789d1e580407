#include "coordinator/file_options.h"

#include <strads/error.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace strads {
namespace {

namespace fs = std::filesystem;

bool IsOutput(const std::string& command, const std::string& name) {
  static const std::set<std::string> kOutputs = {"metrics", "output", "best_config"};
  return kOutputs.contains(name) || (name == "model" && (command.empty() || command == "import"));
}

bool MayTakeThePlace(const std::string& output, const std::string& command, const std::string& of) {
  return (output == "model" && (of == "warm_start" || of == "resume")) ||
         (output == "output" && of == "model" && command == "calibrate");
}

bool IsSameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  if (fs::exists(a, error) && !fs::is_regular_file(a, error)) return false;
  if (fs::equivalent(a, b, error)) return true;
  return fs::absolute(a, error).lexically_normal() == fs::absolute(b, error).lexically_normal();
}

// The file that the option names; empty: none.
std::string FileOf(const OptionInfo& option, const OptionValues& values) {
  const auto value = values.find(option.name);
  const bool names_a_file =
      option.type == OptionType::kString && option.help.find("file") != std::string::npos;
  return names_a_file && value != values.end() ? value->second : std::string();
}

// What `path` is for the option: of a model, the files beside it too.
bool AreSameFiles(const OptionInfo& option,
                  const std::string& files,
                  const std::string& path,
                  const std::vector<std::string>& endings) {
  if (IsSameFile(files, path)) return true;
  return option.name == "model" && std::ranges::any_of(endings, [&](const std::string& ending) {
           return IsSameFile(files + ending, path);
         });
}

}  // namespace

void RefuseOverwriting(const std::string& command,
                       const std::vector<OptionInfo>& options,
                       const OptionValues& values,
                       const std::vector<std::string>& endings) {
  for (const OptionInfo& output : options) {
    const std::string to = FileOf(output, values);
    if (to.empty() || !IsOutput(command, output.name)) continue;
    for (const OptionInfo& other : options) {
      const std::string from = FileOf(other, values);
      if (from.empty() || other.name == output.name ||
          MayTakeThePlace(output.name, command, other.name))
        continue;
      if (AreSameFiles(output, to, from, endings) || AreSameFiles(other, from, to, endings))
        throw UsageError("--" + output.name + "=" + to + " is the file of --" + other.name +
                         ", expected another");
    }
  }
}

std::vector<std::string> InputFiles(const std::vector<OptionInfo>& options,
                                    const OptionValues& values) {
  std::vector<std::string> files;
  for (const OptionInfo& option : options) {
    std::string path = FileOf(option, values);
    if (!path.empty() && !IsOutput("", option.name)) files.push_back(std::move(path));
  }
  return files;
}

void RefusePipes(int workers, const std::vector<OptionInfo>& options, const OptionValues& values) {
  for (const OptionInfo& option : options) {
    const std::string path = FileOf(option, values);
    if (workers < 2 || path.empty() || IsOutput("", option.name)) continue;
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status))
      throw UsageError("--" + option.name + "=" + path + " can be read once, by one of " +
                       std::to_string(workers) + " workers, expected a regular file");
  }
}

}  // namespace strads
