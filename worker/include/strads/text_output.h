#pragma once

#include <string>

namespace strads {

// Writes the text to the file, or to standard output if it has no name. Throws kData if it cannot.
void WriteText(const std::string& path, const std::string& text);

}  // namespace strads
