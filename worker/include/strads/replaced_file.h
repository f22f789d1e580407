#pragma once

#include <string>

namespace strads {

// A file that is replaced at once, so that no one sees a part of what is new.
//
// `target` is the file that a path leads to, by symbolic links too; `temporary`, beside it, is what
// is written first. What is no regular file, a device or a pipe, is written to as it is: both are
// the same.
class ReplacedFile {
 public:
  // Throws kData if the path is a folder, or leads to a file that may not be written.
  explicit ReplacedFile(const std::string& path);
  const std::string& target() const { return target_; }
  const std::string& temporary() const { return temporary_; }
  bool is_written_directly() const { return temporary_ == target_; }

  // Gives `temporary`, which is complete and on the disk, its place. False, and errno says why, if
  // that fails.
  bool Replace() const;
  // Instead of it.
  void Remove() const;

 private:
  std::string target_;
  std::string temporary_;
};

}  // namespace strads
