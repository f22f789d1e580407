#pragma once

#include <strads/fields.h>

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace strads {

enum class OptionType { kBool, kInt, kDouble, kString };

// One flag of the command line, which is one key of a config file.
struct OptionInfo {
  std::string name;
  OptionType type = OptionType::kString;
  std::string default_value;
  std::string help;
};

// Option values as text, by name.
using OptionValues = std::map<std::string, std::string>;

namespace internal {

// Each throws Error (kUsage), naming the option, if `text` is no such value.
void ParseOption(std::string_view name, const std::string& text, bool& value);
void ParseOption(std::string_view name, const std::string& text, int& value);
void ParseOption(std::string_view name, const std::string& text, int64_t& value);
void ParseOption(std::string_view name, const std::string& text, double& value);
void ParseOption(std::string_view name, const std::string& text, std::string& value);

std::string FormatOption(bool value);
std::string FormatOption(int value);
std::string FormatOption(int64_t value);
std::string FormatOption(double value);  // the shortest text that reads back as the same number
std::string FormatOption(const std::string& value);

template <class T>
concept OptionValue = std::same_as<T, bool> || std::same_as<T, int> || std::same_as<T, int64_t> ||
    std::same_as<T, double> || std::same_as<T, std::string>;

template <class T>
constexpr OptionType OptionTypeOf() {
  static_assert(OptionValue<T>, "an option is a bool, int, int64_t, double or std::string");
  if constexpr (std::is_same_v<T, bool>) {
    return OptionType::kBool;
  } else if constexpr (std::is_integral_v<T>) {
    return OptionType::kInt;
  } else if constexpr (std::is_floating_point_v<T>) {
    return OptionType::kDouble;
  } else {
    return OptionType::kString;
  }
}

}  // namespace internal

// The one way to write the value `text` of `option`, so that equal values compare equal.
// Throws Error (kUsage) if it is no value of the option's type.
std::string CanonicalOption(const OptionInfo& option, const std::string& text);

// The options that the fields of Options declare, with their defaults.
template <class Options>
std::vector<OptionInfo> DescribeOptions() {
  std::vector<OptionInfo> infos;
  Options defaults;
  ForEachField(defaults, [&]<class T>(std::string_view name, T& field) {
    OptionInfo info{std::string(name), internal::OptionTypeOf<T>(), {}, {}};
    if constexpr (internal::OptionValue<T>) info.default_value = internal::FormatOption(field);
    info.help = FieldHelp<Options>(name);
    infos.push_back(std::move(info));
  });
  return infos;
}

// Options whose fields have the values given, and their defaults where none is; values of other
// names are ignored. Throws Error (kUsage) on a value of the wrong type.
template <class Options>
Options MakeOptions(const OptionValues& values) {
  Options options;
  ForEachField(options, [&]<class T>(std::string_view name, T& field) {
    const auto found = values.find(std::string(name));
    if constexpr (internal::OptionValue<T>) {  // DescribeOptions tells of others
      if (found != values.end()) internal::ParseOption(name, found->second, field);
    }
  });
  return options;
}

// The values of all fields of `options`.
template <class Options>
OptionValues ToValues(const Options& options) {
  OptionValues values;
  ForEachField(options, [&](std::string_view name, const auto& field) {
    values[std::string(name)] = internal::FormatOption(field);
  });
  return values;
}

}  // namespace strads
