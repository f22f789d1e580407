#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>

#include "tests/support/temp_files.h"

namespace strads::testing {

// Other files with the same content, for readers that must not see a difference.

inline std::string WithWindowsLineEnds(const std::string& text) {
  std::string windows;
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  return windows;
}

// Returns the path.
inline std::string WriteGzip(const TempDir& directory,
                             const std::string& name,
                             const std::string& text) {
  const std::string path = directory.Path(name);
  const gzFile file = gzopen(path.c_str(), "wb");
  const int written = gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  if (gzclose(file) != Z_OK || static_cast<size_t>(written) != text.size())
    throw std::runtime_error("cannot write " + path);
  return path;
}

}  // namespace strads::testing
