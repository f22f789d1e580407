#include "strads/is_utf8.h"

#include <cstddef>
#include <cstdint>

namespace strads {
namespace {

// The length of a character from its first byte; 0: none starts so.
size_t LengthOf(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const size_t length = LengthOf(first);
    if (length == 0 || length > text.size()) return false;
    uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3FU);
    }
    const bool is_too_long = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool is_surrogate = code >= 0xD800 && code < 0xE000;
    if (is_too_long || is_surrogate || code > 0x10FFFF) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace strads
