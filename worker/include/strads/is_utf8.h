#pragma once

#include <string>

namespace strads {

// Whether the text is UTF-8 (RFC 3629) throughout: no character cut off, longer than it must be, a
// surrogate, or above U+10FFFF. O(bytes).
bool IsUtf8(const std::string& text);

}  // namespace strads
