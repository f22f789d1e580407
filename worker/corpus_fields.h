#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "worker/corpus_format.h"
#include "worker/number.h"
#include "worker/text_lines.h"

namespace strads {

// Reads the fields of lines with counts, up to `end`; what is no such field is an error of kData.
class CorpusFields {
 public:
  static constexpr int64_t kMaxCount = std::numeric_limits<int32_t>::max();

  CorpusFields(const TextFile& file, const CorpusLayout& layout, const char* end)
      : file_(file), layout_(layout), end_(end) {}

  bool IsLineEnd(const char* p) const { return *p == '\n' || (*p == '\0' && p >= end_); }
  bool IsFieldEnd(const char* p) const { return IsBlank(*p) || IsLineEnd(p); }

  // Reads the number of a document, from 1, up to a blank. Returns the byte after it.
  const char* ReadDocument(const char* p, int64_t* document) const {
    const char* const next = ParseInteger(p, document);
    if (next == nullptr || !IsBlank(*next) || *document < 1 || *document > layout_.header.rows) {
      FailDocument(p);
    }
    return next;
  }

  // Reads the number of a word, up to a blank or a colon, and counts it from 0.
  const char* ReadWord(const char* p, bool has_colon, int32_t* word) const {
    int64_t number;
    const char* const next = ParseInteger(p, &number);
    if (next == nullptr || !(has_colon ? *next == ':' : IsBlank(*next))) FailWord(p, has_colon);
    number -= layout_.first_word;
    if (number < 0 || number >= layout_.num_words) FailWord(p, has_colon);
    *word = static_cast<int32_t>(number);
    return next;
  }

  // Reads a count up to the end of the field.
  const char* ReadCount(const char* p, int32_t* count) const {
    int64_t number;
    const char* next = ParseInteger(p, &number);
    if (next == nullptr) FailCount(p);
    if (*next == '.') [[unlikely]] {
      while (*++next == '0') {
      }
    }
    if (!IsFieldEnd(next) || number < 1 || number > kMaxCount) FailCount(p);
    *count = static_cast<int32_t>(number);
    return next;
  }

  [[noreturn]] void Fail(const char* p, const std::string& what) const;
  [[noreturn]] void FailExtra(const char* p) const;

 private:
  [[noreturn]] void FailMissing(const char* p, const std::string& role) const;
  [[noreturn]] void FailDocument(const char* p) const;
  [[noreturn]] void FailWord(const char* p, bool has_colon) const;
  [[noreturn]] void FailCount(const char* p) const;

  const TextFile& file_;
  const CorpusLayout& layout_;
  const char* const end_;
};

}  // namespace strads
