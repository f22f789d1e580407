#include "apps/lda/row_reader.h"

#include <strads/error.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace strads::lda {

RowReader::RowReader(std::string path, Limit number, Limit left, Limit right)
    : path_(std::move(path)), number_limit_(number), left_(left), right_(right), file_(path_) {
  if (!file_) throw DataError(path_ + ": cannot be opened: " + std::strerror(errno));
}

bool RowReader::Next() {
  if (!std::getline(file_, line_)) {
    if (file_.bad()) throw DataError(path_ + ": cannot be read: " + std::strerror(errno));
    return false;
  }
  ++line_number_;
  rest_ = std::string_view(line_).substr(0, line_.find('#'));
  number_ = Read(number_limit_);
  return true;
}

std::span<const RowReader::Pair> RowReader::Pairs() {
  pairs_.clear();
  const auto skip_blanks = [&] {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size()));
  };
  for (skip_blanks(); !rest_.empty(); skip_blanks()) {
    const auto left = static_cast<int32_t>(Read(left_));
    if (!rest_.starts_with(':')) Fail("expected " + std::string(left_.name) + ":" + right_.name);
    rest_.remove_prefix(1);
    pairs_.push_back({left, static_cast<int32_t>(Read(right_))});
  }
  return pairs_;
}

void RowReader::Fail(const std::string& what) const {
  throw DataError(path_ + ":" + std::to_string(line_number_) + ": " + what);
}

int64_t RowReader::Read(const Limit& limit) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (error != std::errc() || value < 0 || value > limit.most)
    Fail("expected a " + std::string(limit.name) + " from 0 to " + std::to_string(limit.most));
  rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
  return value;
}

}  // namespace strads::lda
