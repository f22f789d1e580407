#include "coordinator/search/grid.h"

#include <strads/error.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "coordinator/flags.h"

namespace strads::search {
namespace {

constexpr int64_t kMostSettings = 1'000'000;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text + separator);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

const OptionInfo& OptionNamed(const std::string& name,
                              const std::vector<OptionInfo>& options,
                              const std::set<std::string>& shared) {
  std::vector<std::string> known;
  for (const OptionInfo& option : options) {
    if (option.name == name) return option;
    known.push_back(option.name);
  }
  if (!shared.contains(name)) throw UsageError("--grid: " + UnknownOption(name, known));
  std::string list;
  for (const std::string& other : known) list += (list.empty() ? "" : ", ") + other;
  throw UsageError(
      "--grid: '" + name +
      "' is an option of the run, which all settings share, expected some of: " + list);
}

// As people would write it: a power of ten comes out as one, whatever rounding did on the way.
double Rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return std::strtod(text, nullptr);
}

// lo:hi:n, the ends exactly as given
std::vector<std::string> Range(const OptionInfo& option, const std::vector<std::string>& parts) {
  const std::string where = "--grid: " + option.name;
  if (option.type != OptionType::kDouble && option.type != OptionType::kInt)
    throw UsageError(where + " is no number, expected " + option.name + "=value,value,...");
  double low = 0, high = 0;
  int count = 0;
  internal::ParseOption(where, parts[0], low);
  internal::ParseOption(where, parts[1], high);
  internal::ParseOption(where, parts[2], count);
  if (!(low > 0 && high > 0 && std::isfinite(low) && std::isfinite(high)) || count < 2 ||
      count > kMostSettings)
    throw UsageError(where + "=" + parts[0] + ":" + parts[1] + ":" + parts[2] +
                     ", expected lo:hi:n with lo and hi above 0 and n of at least 2");
  std::vector<std::string> values;
  for (int i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / (count - 1);
    double value = i == 0           ? low
                   : i == count - 1 ? high
                                    : Rounded(low * std::pow(high / low, share));
    if (option.type == OptionType::kInt) value = std::round(value);
    values.push_back(option.type == OptionType::kInt
                         ? internal::FormatOption(static_cast<int64_t>(value))
                         : internal::FormatOption(value));
  }
  return values;
}

Axis ParseAxis(const std::string& text,
               const std::vector<OptionInfo>& options,
               const std::set<std::string>& shared) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError("--grid: '" + text + "', expected option=value,value,...");
  Axis axis{.name = text.substr(0, equals), .values = {}};
  const OptionInfo& option = OptionNamed(axis.name, options, shared);
  const std::string list = text.substr(equals + 1);
  const std::vector<std::string> range = Split(list, ':');
  axis.values = range.size() == 3 && option.type != OptionType::kString ? Range(option, range)
                                                                        : Split(list, ',');
  for (std::string& value : axis.values) value = CanonicalOption(option, value);
  std::vector<std::string> sorted = axis.values;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
    throw UsageError("--grid: " + axis.name + " has the value '" + *twice + "' twice");
  return axis;
}

}  // namespace

int64_t Grid::size() const {
  int64_t size = 1;
  for (const Axis& axis : axes) size *= std::ssize(axis.values);
  return size;
}

std::vector<std::string> Grid::At(int64_t n) const {
  std::vector<std::string> values(axes.size());
  for (size_t a = axes.size(); a-- > 0;) {
    const int64_t count = std::ssize(axes[a].values);
    values[a] = axes[a].values[static_cast<size_t>(n % count)];
    n /= count;
  }
  return values;
}

Grid ParseGrid(const std::string& text,
               const std::vector<OptionInfo>& options,
               const std::set<std::string>& shared) {
  Grid grid;
  std::istringstream stream(text);
  int64_t size = 1;
  for (std::string word; stream >> word;) {
    Axis axis = ParseAxis(word, options, shared);
    if (std::ranges::any_of(grid.axes, [&](const Axis& a) { return a.name == axis.name; }))
      throw UsageError("--grid: '" + axis.name + "' is given twice");
    size *= std::ssize(axis.values);
    if (size > kMostSettings)
      throw UsageError("--grid has more settings than " + std::to_string(kMostSettings));
    grid.axes.push_back(std::move(axis));
  }
  if (grid.axes.empty())
    throw UsageError("--grid is missing, expected --grid=\"option=value,value,... option=...\"");
  return grid;
}

}  // namespace strads::search
