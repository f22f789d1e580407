#include "strads/completed_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "strads/error.h"

namespace strads {

CompletedFile::CompletedFile(std::string path, ReplacedFile whole, int file)
    : path_(std::move(path)), whole_(std::move(whole)) {
  if (!whole_.is_written_directly() && fsync(file) != 0) Fail();
}

CompletedFile::~CompletedFile() {
  if (!is_placed_) whole_.Remove();
}

void CompletedFile::Place() {
  if (!whole_.Replace()) Fail();
  is_placed_ = true;
}

void CompletedFile::Vacate() const {
  if (!whole_.is_written_directly() && unlink(whole_.target().c_str()) != 0 && errno != ENOENT)
    Fail();
}

void CompletedFile::Fail() const {
  throw DataError(path_ + ": cannot be written: " + std::strerror(errno));
}

}  // namespace strads
