#include "strads/replaced_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "strads/error.h"

namespace strads {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as the kernel follows them

std::string FollowLinks(const std::string& path) {
  fs::path target = path;
  std::error_code error;
  for (int links = 0; links < kMostLinks && fs::is_symlink(target, error); ++links)
    target = target.parent_path() / fs::read_symlink(target, error);
  return target.string();
}

}  // namespace

ReplacedFile::ReplacedFile(const std::string& path) : target_(path), temporary_(path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (path.ends_with('/') || fs::is_directory(status))
    throw DataError(path + ": is a folder, expected a file");
  if (fs::exists(status) && access(path.c_str(), W_OK) != 0)
    throw DataError(path + ": cannot be written: " + std::strerror(errno));
  if (fs::exists(status) && !fs::is_regular_file(status)) return;
  target_ = FollowLinks(path);
  temporary_ = target_ + ".tmp";
}

bool ReplacedFile::Replace() const {
  return is_written_directly() || std::rename(temporary_.c_str(), target_.c_str()) == 0;
}

void ReplacedFile::Remove() const {
  if (!is_written_directly()) unlink(temporary_.c_str());
}

}  // namespace strads
