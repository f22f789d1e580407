#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strads::lda {

// Reads the lines of a file as RowFile writes them: number left:right left:right ... # comment
class RowReader {
 public:
  // What a number is called, and the greatest that it may be.
  struct Limit {
    const char* name;
    int64_t most;
  };
  struct Pair {
    int32_t left = 0;
    int32_t right = 0;
  };

  // Throws kData "path: ..." if the file cannot be read, "path:line: ..." on a line that is none of
  // these, or a number out of range; so do the others.
  RowReader(std::string path, Limit number, Limit left, Limit right);

  // Goes to the next line and reads its number; false: there is none.
  bool Next();
  int64_t number() const { return number_; }
  // The line's pairs, until the next call. O(line).
  std::span<const Pair> Pairs();

  [[noreturn]] void Fail(const std::string& what) const;

 private:
  int64_t Read(const Limit& limit);

  const std::string path_;
  const Limit number_limit_, left_, right_;
  std::ifstream file_;
  std::string line_;
  std::string_view rest_;
  int64_t line_number_ = 0;
  int64_t number_ = 0;
  std::vector<Pair> pairs_;
};

}  // namespace strads::lda
