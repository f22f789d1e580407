#include "apps/lda/row_file.h"

#include <strads/error.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <utility>
#include <vector>

namespace strads::lda {
namespace {

size_t Index(int64_t i) { return static_cast<size_t>(i); }

// One line of a file of rows.
struct Line {
  int64_t number = 0;
  std::vector<Topic> topics = {};
  std::vector<int32_t> counts = {};
};

class LineParser {
 public:
  LineParser(const std::string& path, int64_t words, int topics)
      : path_(path), words_(words), topics_(topics) {}

  Line Parse(std::string_view text, int64_t number) {
    number_ = number;
    rest_ = text.substr(0, text.find('#'));
    Line line{.number = Number(words_ - 1, "the number of a word")};
    for (SkipBlanks(); !rest_.empty(); SkipBlanks()) {
      const int64_t topic = Number(topics_ - 1, "a topic");
      if (!rest_.starts_with(':')) Fail("expected topic:count");
      rest_.remove_prefix(1);
      const int64_t count = Number(std::numeric_limits<int32_t>::max(), "a count");
      if (count == 0) Fail("a count of 0, expected at least 1");
      if (!line.topics.empty() && topic <= line.topics.back())
        Fail("topic " + std::to_string(topic) + " after topic " +
             std::to_string(line.topics.back()) + ", expected ascending topics");
      line.topics.push_back(static_cast<Topic>(topic));
      line.counts.push_back(static_cast<int32_t>(count));
    }
    return line;
  }
  [[noreturn]] void Fail(const std::string& what) const {
    throw DataError(path_ + ":" + std::to_string(number_) + ": " + what);
  }

 private:
  void SkipBlanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size()));
  }
  int64_t Number(int64_t most, const char* what) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0 || value > most)
      Fail(std::string("expected ") + what + " from 0 to " + std::to_string(most));
    rest_.remove_prefix(Index(end - rest_.data()));
    return value;
  }

  const std::string& path_;
  const int64_t words_;
  const int topics_;
  int64_t number_ = 0;
  std::string_view rest_ = {};
};

}  // namespace

RowFile::RowFile(std::string path)
    : path_(std::move(path)),
      temporary_(path_ + ".tmp"),
      file_(std::fopen(temporary_.c_str(), "w")) {
  if (!file_) Fail();
}

RowFile::~RowFile() {
  if (file_) unlink(temporary_.c_str());
}

void RowFile::Write(int64_t number,
                    std::span<const Topic> topics,
                    std::span<const int32_t> counts,
                    std::string_view comment) {
  line_ = std::to_string(number);
  for (size_t n = 0; n < topics.size(); ++n) {
    char text[24];
    char* end = text;
    *end++ = ' ';
    end = std::to_chars(end, text + sizeof text, topics[n]).ptr;
    *end++ = ':';
    end = std::to_chars(end, text + sizeof text, counts[n]).ptr;
    line_.append(text, Index(end - text));
  }
  if (!comment.empty()) line_.append(" # ").append(comment);
  line_ += '\n';
  if (std::fwrite(line_.data(), 1, line_.size(), file_.get()) != line_.size()) Fail();
}

void RowFile::Finish() {
  if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) Fail();
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) Fail();
  if (std::fclose(file_.release()) != 0) Fail();
}

void RowFile::Fail() const {
  throw DataError(path_ + ": cannot be written: " + std::strerror(errno));
}

WordRows ReadWordRows(const std::string& path, int64_t words, int topics) {
  std::ifstream file(path);
  if (!file) throw DataError(path + ": cannot be opened: " + std::strerror(errno));
  LineParser parser(path, words, topics);
  std::vector<Line> lines;
  std::vector<int64_t> line_of_word(Index(words), -1);
  std::string text;
  for (int64_t number = 1; std::getline(file, text); ++number) {
    Line line = parser.Parse(text, number);
    int64_t& place = line_of_word[Index(line.number)];
    if (place >= 0) parser.Fail("word " + std::to_string(line.number) + " for the second time");
    place = std::ssize(lines);
    lines.push_back(std::move(line));
  }
  if (file.bad()) throw DataError(path + ": cannot be read: " + std::strerror(errno));
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

}  // namespace strads::lda
