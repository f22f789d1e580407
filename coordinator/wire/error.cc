#include <strads/error.h>

#include <algorithm>
#include <cstddef>

namespace strads {
namespace {

// The length of the character of UTF-8 that `text` begins with; 0: it begins with none, or with a
// control character.
size_t PrintableLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= ' ' && byte(0) != 0x7f ? 1 : 0;
  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  // The least of each length, surrogates, beyond Unicode, and the control characters of Latin-1.
  const bool is_none = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90) ||
                       (byte(0) == 0xed && byte(1) > 0x9f) || (byte(0) == 0xf4 && byte(1) > 0x8f) ||
                       (byte(0) == 0xc2 && byte(1) < 0xa0);
  return is_none ? 0 : length;
}

}  // namespace

std::string OneLine(std::string_view text, size_t most) {
  constexpr char kHex[] = "0123456789abcdef";
  text = text.substr(0, most);
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const size_t length = PrintableLength(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length > 0) {
      line += text.substr(0, length);
    } else if (byte == '\n' || byte == '\t') {
      line += byte == '\n' ? "\\n" : "\\t";
    } else {
      line += {'\\', 'x', kHex[byte / 16], kHex[byte % 16]};
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return line;
}

}  // namespace strads
