#pragma once

#include <strads/replaced_file.h>
#include <strads/side_file.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "apps/lda/prior.h"
#include "apps/lda/word_topics.h"

namespace strads::lda {

// Counts of topics in a text file, as svmlight has sparse rows: lines
//
//   number topic:count topic:count ... # comment
//
// where all numbers count from 0 and topics ascend. Written line by line to a temporary file beside
// it, which goes with this object unless it is completed.
class RowFile {
 public:
  // Throws kData if it cannot be written; so do the others.
  explicit RowFile(std::string path);
  ~RowFile();
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  void Write(int64_t number,
             std::span<const Topic> topics,
             std::span<const int32_t> counts,
             std::string_view comment = {});
  // Of a document: the word of each token and its topic.
  void WriteTokens(int64_t number, std::span<const int32_t> words, std::span<const Topic> topics);
  // All lines are written.
  std::unique_ptr<SideFile> Complete();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  template <class Left, class Right>
  void WriteLine(int64_t number,
                 std::span<const Left> left,
                 std::span<const Right> right,
                 std::string_view comment);
  [[noreturn]] void Fail() const;

  const std::string path_;
  const ReplacedFile whole_;
  std::string line_;
  std::unique_ptr<std::FILE, Close> file_;
};

// The rows of `words` words of such a file, by their numbers, which may come in any order. Throws
// kData "path:line: ..." unless it has each once and all is in range.
WordRows ReadWordRows(const std::string& path, int64_t words, int topics);

std::string WordRowsPath(const std::string& model);
std::string DocumentRowsPath(const std::string& model);
std::string TokensPath(const std::string& model);

}  // namespace strads::lda
