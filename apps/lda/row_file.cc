#include "apps/lda/row_file.h"

#include <strads/completed_file.h>
#include <strads/error.h>
#include <strads/index.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "apps/lda/row_reader.h"

namespace strads::lda {
namespace {

// One line of a file of words' rows.
struct Line {
  std::vector<Topic> topics = {};
  std::vector<int32_t> counts = {};
};

Line ParseLine(RowReader& reader) {
  Line line;
  for (const auto [topic, count] : reader.Pairs()) {
    if (count == 0) reader.Fail("a count of 0, expected at least 1");
    if (!line.topics.empty() && topic <= line.topics.back())
      reader.Fail("topic " + std::to_string(topic) + " after topic " +
                  std::to_string(line.topics.back()) + ", expected ascending topics");
    line.topics.push_back(static_cast<Topic>(topic));
    line.counts.push_back(count);
  }
  return line;
}

}  // namespace

RowFile::RowFile(std::string path)
    : path_(std::move(path)), whole_(path_), file_(std::fopen(whole_.temporary().c_str(), "w")) {
  if (!file_) Fail();
}

RowFile::~RowFile() {
  if (file_) whole_.Remove();
}

template <class Left, class Right>
void RowFile::WriteLine(int64_t number,
                        std::span<const Left> left,
                        std::span<const Right> right,
                        std::string_view comment) {
  line_ = std::to_string(number);
  const auto append = [&](char before, auto value) {
    char text[16];
    char* const end = std::to_chars(text, text + sizeof text, value).ptr;
    line_ += before;
    line_.append(text, Index(end - text));
  };
  for (size_t n = 0; n < left.size(); ++n) {
    append(' ', left[n]);
    append(':', right[n]);
  }
  if (!comment.empty()) line_.append(" # ").append(comment);
  line_ += '\n';
  if (std::fwrite(line_.data(), 1, line_.size(), file_.get()) != line_.size()) Fail();
}

void RowFile::Write(int64_t number,
                    std::span<const Topic> topics,
                    std::span<const int32_t> counts,
                    std::string_view comment) {
  WriteLine(number, topics, counts, comment);
}

void RowFile::WriteTokens(int64_t number,
                          std::span<const int32_t> words,
                          std::span<const Topic> topics) {
  WriteLine(number, words, topics, {});
}

std::unique_ptr<SideFile> RowFile::Complete() {
  if (std::fflush(file_.get()) != 0) Fail();
  auto completed = std::make_unique<CompletedFile>(path_, whole_, fileno(file_.get()));
  if (std::fclose(file_.release()) != 0) Fail();
  return completed;
}

void RowFile::Fail() const {
  throw DataError(path_ + ": cannot be written: " + std::strerror(errno));
}

WordRows ReadWordRows(const std::string& path, int64_t words, int topics) {
  RowReader reader(path, {"word", words - 1}, {"topic", int64_t{topics} - 1},
                   {"count", std::numeric_limits<int32_t>::max()});
  std::vector<Line> lines;
  std::vector<int64_t> line_of_word(Index(words), -1);
  while (reader.Next()) {
    int64_t& place = line_of_word[Index(reader.number())];
    if (place >= 0) reader.Fail("word " + std::to_string(reader.number()) + " for the second time");
    place = std::ssize(lines);
    lines.push_back(ParseLine(reader));
  }
  if (std::ssize(lines) != words)
    throw DataError(path + ": has " + std::to_string(lines.size()) + " lines, expected " +
                    std::to_string(words) + ", one for each word of the model");
  std::vector<int32_t> sizes;
  sizes.reserve(line_of_word.size());
  for (const int64_t place : line_of_word)
    sizes.push_back(static_cast<int32_t>(lines[Index(place)].topics.size()));
  WordRows rows(WordTopics(words, topics), sizes, topics);
  for (int64_t word = 0; word < words; ++word) {
    const Line& line = lines[Index(line_of_word[Index(word)])];
    std::ranges::copy(line.topics, rows.TopicsAt(word));
    std::ranges::copy(line.counts, rows.CountsAt(word));
    rows.Resize(word, std::ssize(line.topics));
  }
  return rows;
}

std::string WordRowsPath(const std::string& model) { return model + ".topics.txt"; }
std::string DocumentRowsPath(const std::string& model) { return model + ".documents.txt"; }
std::string TokensPath(const std::string& model) { return model + ".tokens.txt"; }

}  // namespace strads::lda
