#include "strads/text_output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "strads/error.h"

namespace strads {

void WriteText(const std::string& path, const std::string& text) {
  const bool is_file = !path.empty();
  std::FILE* const out = is_file ? std::fopen(path.c_str(), "w") : stdout;
  const bool wrote = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size();
  const bool closed = out != nullptr && (is_file ? std::fclose(out) : std::fflush(out)) == 0;
  if (!wrote || !closed)
    throw DataError((is_file ? path : "standard output") +
                    ": cannot be written: " + std::strerror(errno));
}

}  // namespace strads
