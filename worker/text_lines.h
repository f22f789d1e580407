#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strads/error.h"
#include "worker/text_file.h"

// Lines of a text, and naming a place in one. '\n' ends a line; '\r' counts as a blank.
namespace strads {

inline bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

inline const char* SkipBlanks(const char* p) {
  while (IsBlank(*p)) ++p;
  return p;
}

// `text` without a byte order mark of UTF-8 in front.
std::string_view SkipByteOrderMark(std::string_view text);

// The first byte after the line that p is in (or after the text that ends at `end`).
const char* NextLine(const char* p, const char* end);

// The lines that start in the byte range [first, last) of `text`, cut into `pieces` parts of whole
// lines: part k holds those that start in the k-th of that many equal byte ranges.
std::vector<std::string_view> SplitLines(std::string_view text,
                                         int64_t first,
                                         int64_t last,
                                         int pieces);

// The number of lines that hold more than blanks and a comment (from the byte `comment` on).
int64_t CountRows(std::string_view lines, char comment);

// The error "path:line: what", with the line counted from the start of the file (O(text)).
Error ErrorAt(const TextFile& file, const char* where, const std::string& what);

// `text` in quotes, cut if it is long, and unprintable bytes as \xNN.
std::string Quote(std::string_view text);

// The same of the field that starts at p and ends at a blank or the end of the line.
std::string QuoteField(const char* p, const char* end);

}  // namespace strads
