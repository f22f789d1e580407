#include "strads/is_utf8.h"

#include "worker/utf8.h"

namespace strads {

bool IsUtf8(const std::string& text) {
  // The zero byte behind a string ends a character that is cut off.
  for (const char *p = text.c_str(), *const end = p + text.size(); p < end;) {
    const int length = static_cast<unsigned char>(*p) < 0x80 ? 1 : DecodeUtf8(p).length;
    if (length == 0) return false;
    p += length;
  }
  return true;
}

}  // namespace strads
