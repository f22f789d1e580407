#include "strads/output_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "strads/error.h"

namespace strads {

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  file_.reset(std::fopen(path_.c_str(), "w"));
  if (!file_) Fail();
}

void OutputFile::Write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_ ? file_.get() : stdout) != text.size()) Fail();
}

void OutputFile::Finish() {
  if ((file_ ? std::fclose(file_.release()) : std::fflush(stdout)) != 0) Fail();
}

void OutputFile::Fail() const {
  throw DataError((path_.empty() ? "standard output" : path_) +
                  ": cannot be written: " + std::strerror(errno));
}

std::string NumbersToText(std::span<const double> numbers) {
  std::string text;
  for (const double number : numbers) {
    char digits[40];
    std::snprintf(digits, sizeof digits, text.empty() ? "%.17g" : " %.17g", number);
    text += digits;
  }
  return text;
}

}  // namespace strads
