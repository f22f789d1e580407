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

}  // namespace strads
