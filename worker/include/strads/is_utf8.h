#pragma once

#include <string_view>

namespace strads {

// Whether the text is UTF-8 (RFC 3629), as names in a model file, which is JSON, have to be.
bool IsUtf8(std::string_view text);

}  // namespace strads
