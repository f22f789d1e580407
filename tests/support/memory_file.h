#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace strads::testing {

// A file in memory: thousands of them take no time.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& text) : file_(memfd_create("file", 0)) {
    EXPECT_EQ(write(file_, text.data(), text.size()), std::ssize(text));
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(file_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

}  // namespace strads::testing
