#pragma once

#include <cstdint>

namespace strads {

struct Utf8Char {
  uint32_t code = 0;
  int length = 0;  // bytes; 0: no UTF-8
};

// The character at p, whose first byte is 0x80 or more. Reads no byte behind one that does not
// belong to it.
Utf8Char DecodeUtf8(const char* p);

// Whether a character from U+0080 on is a letter (or digit, or mark) of a word: all are but the
// punctuation and symbols that strads/corpus.h names.
bool IsWordCharacter(uint32_t code);

}  // namespace strads
