#include "worker/text_lines.h"

#include <algorithm>
#include <cstring>

#include "strads/shard.h"

namespace strads {
namespace {

const char* FirstLineFrom(std::string_view text, int64_t position) {
  if (position == 0) return text.data();
  return NextLine(text.data() + position - 1, text.data() + text.size());
}

}  // namespace

std::string_view SkipByteOrderMark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

const char* NextLine(const char* p, const char* end) {
  if (p >= end) return end;
  const void* newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
  return newline == nullptr ? end : static_cast<const char*>(newline) + 1;
}

std::vector<std::string_view> SplitLines(std::string_view text,
                                         int64_t first,
                                         int64_t last,
                                         int pieces) {
  std::vector<std::string_view> parts;
  const char* begin = FirstLineFrom(text, first);
  for (int k = 0; k < pieces; ++k) {
    const Shard part = {.rank = k, .num_workers = pieces};
    const int64_t position = first + part.RangeOf(last - first).second;
    // A line longer than a part is looked through once.
    const char* end = text.data() + position <= begin ? begin : FirstLineFrom(text, position);
    parts.emplace_back(begin, static_cast<std::size_t>(end - begin));
    begin = end;
  }
  return parts;
}

int64_t CountRows(std::string_view lines, char comment) {
  const char* const end = lines.data() + lines.size();
  int64_t rows = 0;
  for (const char* p = lines.data(); p < end; p = NextLine(p, end)) {
    p = SkipBlanks(p);
    rows += p < end && *p != '\n' && *p != comment;
  }
  return rows;
}

Error ErrorAt(const TextFile& file, const char* where, const std::string& what) {
  const auto line = 1 + std::count(file.text().data(), where, '\n');
  return DataError(file.path() + ":" + std::to_string(line) + ": " + what);
}

std::string Quote(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "'";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      quoted += c;
    } else {
      quoted += std::string("\\x") + kHex[byte / 16] + kHex[byte % 16];
    }
  }
  return quoted + (text.size() > kLongest ? "...'" : "'");
}

std::string QuoteField(const char* p, const char* end) {
  const char* const begin = p;
  while (p < end && !IsBlank(*p) && *p != '\n') ++p;
  return Quote({begin, static_cast<std::size_t>(p - begin)});
}

}  // namespace strads
