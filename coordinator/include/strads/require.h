#pragma once

#include <strads/error.h>

#include <string>

// What commands of apps ask of their flags.
namespace strads {

// Throws UsageError unless the flag has a value.
inline void RequireFile(const char* flag, const std::string& value) {
  if (value.empty())
    throw UsageError(std::string("--") + flag + " is missing, expected --" + flag + "=FILE");
}

// Throws UsageError unless the flag's value is one of two words.
inline void RequireOneOf(const char* flag,
                         const std::string& value,
                         const std::string& first,
                         const std::string& second) {
  if (value != first && value != second)
    throw UsageError(std::string("--") + flag + "=" + value + " is out of range, expected " +
                     first + " or " + second);
}

// Throws UsageError, naming the flag, its value and what was expected, unless `holds`.
inline void Require(bool holds,
                    const char* flag,
                    const std::string& value,
                    const std::string& expected) {
  if (!holds)
    throw UsageError(std::string("--") + flag + "=" + value + " is out of range, expected " +
                     expected);
}

}  // namespace strads
