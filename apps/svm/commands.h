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

// Throws UsageError unless the flag has a value.
inline void RequireFile(const char* flag, const std::string& value) {
  if (value.empty())
    throw UsageError(std::string("--") + flag + " is missing, expected --" + flag + "=FILE");
}

// Writes the text to the file, or to standard output if it has no name. Throws kData if it cannot.
void WriteText(const std::string& path, const std::string& text);

}  // namespace strads::svm
