#include "coordinator/config_file.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace strads {
namespace {

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

bool IsControl(char c) { return (0 <= c && c < ' ') || c == '\x7f'; }

// The character that the escape at the front of `rest` stands for, which is taken from there; 0:
// there is no such escape.
char TakeEscape(std::string_view& rest) {
  constexpr std::string_view kLetters = "\"\\nrt", kMeant = "\"\\\n\r\t";
  if (rest.empty()) return 0;
  const char letter = rest.front();
  rest.remove_prefix(1);
  if (const size_t at = kLetters.find(letter); at != std::string_view::npos) return kMeant[at];
  unsigned code = 0;
  if (letter != 'x' || rest.size() < 2) return 0;
  const char* const end = rest.data() + 2;
  if (std::from_chars(rest.data(), end, code, 16).ptr != end) return 0;
  rest.remove_prefix(2);
  return static_cast<char>(code);
}

// Reads `rest`, which follows a quote, up to the next one into `value`. Returns what is wrong.
std::string ReadQuoted(std::string_view rest, std::string& value) {
  while (!rest.empty() && rest.front() != '"') {
    const char c = rest.front();
    rest.remove_prefix(1);
    value += c == '\\' ? TakeEscape(rest) : c;
    if (value.back() == 0)
      return "there is a backslash before something else than \", \\, n, r, t or x01 to xff";
  }
  if (rest.empty()) return "the quote has no end, expected name = \"value\"";
  rest.remove_prefix(1);
  const size_t next = rest.find_first_not_of(" \t\r");
  if (next != std::string_view::npos && rest[next] != '#')
    return "something follows the end of the quote, expected name = \"value\"";
  return {};
}

}  // namespace

ConfigLine::ConfigLine(std::string line) {
  if (line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);  // a byte order mark
  text = Trim(line.substr(0, line.find('#')));
  if (line.find('\0') != std::string::npos) {
    error = "there is a NUL byte, expected text";
    return;
  }
  const size_t equals = text.empty() ? std::string::npos : line.find('=');
  has_value = equals < line.find('#');
  if (!has_value) return;
  name = Trim(line.substr(0, equals));
  const size_t begin = line.find_first_not_of(" \t\r", equals + 1);
  if (begin != std::string::npos && line[begin] == '"') {
    error = ReadQuoted(std::string_view(line).substr(begin + 1), value);
  } else {
    value = Trim(text.substr(text.find('=') + 1));
  }
}

ConfigFile::ConfigFile(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  std::error_code error;
  was_read_ = file && !std::filesystem::is_directory(path_, error);
  for (std::string line; was_read_ && std::getline(file, line);) lines_.emplace_back(line);
}

std::string ConfigText(const std::string& value) {
  const bool is_plain = Trim(value) == value && !value.starts_with('"') &&
                        value.find('#') == std::string::npos &&
                        std::ranges::none_of(value, IsControl);
  if (is_plain) return value;
  constexpr char kHex[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c == '\n') {
      text += "\\n";
    } else if (IsControl(c)) {
      text += {'\\', 'x', kHex[c / 16], kHex[c % 16]};
    } else {
      text += c;
    }
  }
  return text + '"';
}

}  // namespace strads
