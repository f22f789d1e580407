#pragma once

#include <string>
#include <vector>

namespace strads {

// A line `name = value # comment` of a config file, without its line break. A value that begins
// with a double quote ends with the next: between them `#` and blanks count, and a backslash stands
// before a quote or a backslash, or makes \n, \r, \t or \xNN.
struct ConfigLine {
  explicit ConfigLine(std::string line);

  std::string text;        // all but the comment
  std::string error;       // what is wrong with it, if anything is
  bool has_value = false;  // there is a '='
  std::string name, value;
};

// A config file, which is read once: it may be a pipe.
class ConfigFile {
 public:
  ConfigFile() = default;  // none
  explicit ConfigFile(std::string path);

  const std::string& path() const { return path_; }
  bool was_read() const { return was_read_; }  // else it could not be
  const std::vector<ConfigLine>& lines() const { return lines_; }

 private:
  std::string path_;
  bool was_read_ = false;
  std::vector<ConfigLine> lines_;
};

// `value` as a config file has it: in quotes if it would not be read as it is.
std::string ConfigText(const std::string& value);

}  // namespace strads
