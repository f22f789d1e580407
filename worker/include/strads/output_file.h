#pragma once

#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace strads {

// Text that goes to a file, or to standard output if its path is empty.
class OutputFile {
 public:
  // Throws kData if it cannot be written; so do the others.
  explicit OutputFile(std::string path);
  void Write(std::string_view text);
  // Closes the file: before it, nothing is certain to be there.
  void Finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void Fail() const;

  const std::string path_;
  std::unique_ptr<std::FILE, Close> file_;  // null: standard output
};

// Throws kData if an OutputFile could not write there: found out before the work is done, and what
// is there stays.
void CheckOutputPath(const std::string& path);

// The numbers, with blanks between, each with as many digits as read back to the same.
std::string NumbersToText(std::span<const double> numbers);

}  // namespace strads
