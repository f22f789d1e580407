#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "strads/aligned_vector.h"

namespace strads {

struct UnmapMemory {
  std::size_t length = 0;
  void operator()(char* memory) const;
};

// The whole text of a file, read-only, for as long as this object lives. A plain file is mapped:
// only what is looked at is read. A compressed one (gzip, xz, zstd; by its first bytes or its
// name), or a pipe, is held in memory as a whole. A byte order mark is no part of it. A file that
// shrinks while mapped ends the process.
class TextFile {
 public:
  // This many zero bytes may be read past the end of text(), so that a parser can look ahead
  // without asking for the end.
  static constexpr std::size_t kPadding = 64;

  // Throws kData "path: cannot be opened: why", and what Decompress throws.
  explicit TextFile(std::string path);

  const std::string& path() const { return path_; }
  std::string_view text() const { return text_; }

  // Says that this part of text() is not looked at for now: the memory of a mapped file's whole
  // pages in it is given back. They are read again if they are looked at after all.
  void Forget(std::string_view part) const;

 private:
  void Map(int file, std::size_t size);
  void ReadAll(int file);

  std::string path_;
  std::unique_ptr<char, UnmapMemory> mapping_;
  AlignedVector<char> buffer_;
  std::string_view text_;
};

}  // namespace strads
