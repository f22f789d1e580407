#include <strads/error.h>
#include <strads/options.h>

#include <charconv>
#include <cmath>
#include <cstdint>

namespace strads {
namespace internal {
namespace {

[[noreturn]] void Refuse(std::string_view name, const std::string& text, const char* expected) {
  throw UsageError("--" + std::string(name) + "=" + text + " is wrong, expected " + expected);
}

template <class T>
bool ParseWhole(const std::string& text, T& value) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (end - begin > 1 && *begin == '+' && begin[1] != '-') ++begin;
  const auto [stop, error] = std::from_chars(begin, end, value);
  return error == std::errc() && stop == end && begin != end;
}

template <class T>
std::string ToText(T value) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : std::string();
}

}  // namespace

void ParseOption(std::string_view name, const std::string& given, bool& value) {
  std::string text = given;
  for (char& c : text) c = 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (text == "true" || text == "1" || text == "yes" || text == "on") {
    value = true;
  } else if (text == "false" || text == "0" || text == "no" || text == "off") {
    value = false;
  } else {
    Refuse(name, given, "true or false");
  }
}

void ParseOption(std::string_view name, const std::string& text, int& value) {
  if (!ParseWhole(text, value)) Refuse(name, text, "a whole number");
}

void ParseOption(std::string_view name, const std::string& text, int64_t& value) {
  if (!ParseWhole(text, value)) Refuse(name, text, "a whole number");
}

void ParseOption(std::string_view name, const std::string& text, double& value) {
  if (!ParseWhole(text, value) || !std::isfinite(value)) Refuse(name, text, "a number");
}

void ParseOption(std::string_view, const std::string& text, std::string& value) { value = text; }

std::string FormatOption(bool value) { return value ? "true" : "false"; }
std::string FormatOption(int value) { return ToText(value); }
std::string FormatOption(int64_t value) { return ToText(value); }
std::string FormatOption(double value) { return ToText(value); }
std::string FormatOption(const std::string& value) { return value; }

}  // namespace internal

std::string CanonicalOption(const OptionInfo& option, const std::string& text) {
  const auto through = [&]<class T>(T value) {
    internal::ParseOption(option.name, text, value);
    return internal::FormatOption(value);
  };
  switch (option.type) {
    case OptionType::kBool:
      return through(false);
    case OptionType::kInt:
      return through(int64_t{0});
    case OptionType::kDouble:
      return through(0.0);
    case OptionType::kString:
      return text;
  }
  return text;
}

}  // namespace strads
