#pragma once

#include <strads/error.h>
#include <strads/program.h>

#include <cstdio>
#include <memory>
#include <string>

namespace strads::svm {

Command PredictCommand();
Command EvaluateCommand();
Command ExportCommand();
Command ImportCommand();
Command CalibrateCommand();

// Throws UsageError unless the flag has a value.
inline void RequireFile(const char* flag, const std::string& value) {
  if (value.empty())
    throw UsageError(std::string("--") + flag + " is missing, expected --" + flag + "=FILE");
}

}  // namespace strads::svm
