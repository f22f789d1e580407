#pragma once

#include <strads/error.h>
#include <strads/program.h>

#include <string>

namespace strads::mf {

// What can be done with a model once it is trained.
Command PredictCommand();
Command EvaluateCommand();
Command RecommendCommand();
Command ExportCommand();

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

}  // namespace strads::mf
