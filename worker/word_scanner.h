#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "worker/text_file.h"

namespace strads {

// Takes text apart into words, as strads/corpus.h says.
class WordScanner {
 public:
  static constexpr std::size_t kLongestWord = 64;  // bytes

  WordScanner(const TextFile& file, int min_length) : file_(file), min_length_(min_length) {}

  // Finds the next word that is neither too short nor too long from p on, in front of `end`, where
  // a word ends too (a line end, or the end of the text). Returns the byte after it, or null if
  // there is none. The word is valid until the next call. Throws kData for zero bytes and what is
  // no UTF-8.
  const char* Next(const char* p, const char* end, std::string_view* word);

 private:
  // Reads the word at p into buffer_; returns the byte after it.
  const char* ReadWord(const char* p, const char* end);
  // The length of the character at p if it belongs to a word, else 0.
  static int LetterAt(const char* p);
  // Adds the character of `count` bytes to the word.
  void Put(const char* bytes, int count);
  // Adds the ASCII letters and digits from p on; returns the byte after them.
  const char* PutAscii(const char* p);
  // Passes over a character that belongs to no word.
  const char* SkipOther(const char* p) const;

  const TextFile& file_;
  const int min_length_;
  std::array<char, kLongestWord + 4> buffer_ = {};
  std::size_t size_ = 0;  // bytes of the word, even if they do not fit
  int length_ = 0;        // characters of the word
};

}  // namespace strads
