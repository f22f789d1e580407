#pragma once

#include <strads/error.h>
#include <strads/program.h>

#include <string>

namespace strads::regression {

Command PredictCommand();
Command EvaluateCommand();

// Throws UsageError unless the flag has a value.
inline void RequireFile(const char* flag, const std::string& value) {
  if (value.empty())
    throw UsageError(std::string("--") + flag + " is missing, expected --" + flag + "=FILE");
}

}  // namespace strads::regression
