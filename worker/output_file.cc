#include "strads/output_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "strads/error.h"

namespace strads {

namespace {

[[noreturn]] void CannotBeWritten(const std::string& path) {
  throw DataError(path + ": cannot be written: " + std::strerror(errno));
}

}  // namespace

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

void OutputFile::Fail() const { CannotBeWritten(path_.empty() ? "standard output" : path_); }

void CheckOutputPath(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const bool was_there = fs::exists(path, ignored);
  // To open a pipe waits for who reads it.
  if (was_there && !fs::is_regular_file(path, ignored) && !fs::is_directory(path, ignored)) return;
  std::FILE* const file = std::fopen(path.c_str(), "a");
  if (file == nullptr) CannotBeWritten(path);
  std::fclose(file);
  if (!was_there) fs::remove(fs::canonical(path, ignored), ignored);
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
