#include "worker/word_scanner.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "strads/error.h"
#include "worker/text_lines.h"
#include "worker/utf8.h"

namespace strads {
namespace {

constexpr uint32_t kRightQuote = 0x2019;
constexpr std::string_view kPossessive = "'s";

// For each byte the one it becomes in a word, or 0 if it is no ASCII letter or digit.
constexpr std::array<char, 256> MakeSmall() {
  std::array<char, 256> small = {};
  for (std::size_t c = '0'; c <= '9'; ++c) small[c] = static_cast<char>(c);
  for (std::size_t c = 'a'; c <= 'z'; ++c) {
    small[c] = small[c - 'a' + 'A'] = static_cast<char>(c);
  }
  return small;
}
constexpr std::array<char, 256> kSmall = MakeSmall();

char SmallAt(const char* p) { return kSmall[static_cast<unsigned char>(*p)]; }
bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

int WordScanner::LetterAt(const char* p) {
  if (IsAscii(*p)) return SmallAt(p) != 0;
  const Utf8Char c = DecodeUtf8(p);
  return c.length > 0 && IsWordCharacter(c.code) ? c.length : 0;
}

void WordScanner::Put(const char* bytes, int count) {
  const auto n = static_cast<std::size_t>(count);
  if (size_ + n <= buffer_.size()) std::memcpy(buffer_.data() + size_, bytes, n);
  size_ += n;
  ++length_;
}

// Ends at the end of the line or text by itself: what is there is no letter.
const char* WordScanner::PutAscii(const char* p) {
  const char* const begin = p;
  const char* const fits = p + (size_ < buffer_.size() ? buffer_.size() - size_ : 0);
  char* to = buffer_.data() + std::min(size_, buffer_.size());
  for (char small = SmallAt(p); small != 0; small = SmallAt(++p)) {
    if (p < fits) *to++ = small;
  }
  size_ += static_cast<std::size_t>(p - begin);
  length_ += static_cast<int>(p - begin);
  return p;
}

const char* WordScanner::ReadWord(const char* p, const char* end) {
  size_ = 0;
  length_ = 0;
  for (;;) {
    p = PutAscii(p);
    if (*p == ' ' || p >= end) [[likely]]
      return p;
    if (const int letter = LetterAt(p); letter > 0) {
      Put(p, letter);
      p += letter;
      continue;
    }
    int apostrophe = *p == '\'';
    if (!IsAscii(*p)) {
      const Utf8Char c = DecodeUtf8(p);
      if (c.code == kRightQuote) apostrophe = c.length;
    }
    if (apostrophe == 0 || p + apostrophe >= end || LetterAt(p + apostrophe) == 0) return p;
    Put("'", 1);
    p += apostrophe;
  }
}

const char* WordScanner::SkipOther(const char* p) const {
  if (*p == '\0') throw ErrorAt(file_, p, "a zero byte, expected text");
  if (IsAscii(*p)) return p + 1;
  const int length = DecodeUtf8(p).length;
  if (length == 0) {
    throw ErrorAt(file_, p, Quote({p, 1}) + " is not UTF-8, expected text in UTF-8");
  }
  return p + length;
}

const char* WordScanner::Next(const char* p, const char* end, std::string_view* word) {
  while (p < end) {
    if (SmallAt(p) == 0) {
      if (*p == ' ') {
        ++p;
        continue;
      }
      if (LetterAt(p) == 0) {
        p = SkipOther(p);
        continue;
      }
    }
    p = ReadWord(p, end);
    if (size_ > kLongestWord + kPossessive.size()) continue;
    *word = {buffer_.data(), size_};
    if (word->ends_with(kPossessive)) {
      word->remove_suffix(kPossessive.size());
      length_ -= static_cast<int>(kPossessive.size());
    }
    if (word->size() <= kLongestWord && length_ >= min_length_) return p;
  }
  return nullptr;
}

}  // namespace strads
