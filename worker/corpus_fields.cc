#include "worker/corpus_fields.h"

#include <string_view>

#include "strads/error.h"

namespace strads {

void CorpusFields::Fail(const char* p, const std::string& what) const {
  throw ErrorAt(file_, p, what);
}

void CorpusFields::FailExtra(const char* p) const {
  Fail(p, QuoteField(p, end_) + " is out of place, expected " + layout_.line);
}

void CorpusFields::FailMissing(const char* p, const std::string& role) const {
  Fail(p, "the line has no " + role + ", expected " + layout_.line);
}

void CorpusFields::FailDocument(const char* p) const {
  int64_t document;
  const char* const next = ParseInteger(p, &document);
  if (next != nullptr && IsLineEnd(next)) FailMissing(p, "word");
  Fail(p, "the document " + QuoteField(p, end_) + " is wrong, expected a number from 1 to " +
              std::to_string(layout_.header.rows));
}

void CorpusFields::FailWord(const char* p, bool has_colon) const {
  if (IsLineEnd(p)) FailMissing(p, "word");
  const char* last = p;
  while (!IsFieldEnd(last) && !(has_colon && *last == ':')) ++last;
  int64_t number;
  const bool is_number = ParseInteger(p, &number) == last;
  if (is_number && IsLineEnd(last) && !has_colon) FailMissing(p, "count");
  if (has_colon && *last != ':') {
    Fail(p, QuoteField(p, end_) + " has no colon, expected word:count");
  }
  Fail(p, "the word " + Quote({p, static_cast<std::size_t>(last - p)}) +
              " is wrong, expected a number from " + std::to_string(layout_.first_word) + " to " +
              std::to_string(layout_.first_word + layout_.num_words - 1));
}

void CorpusFields::FailCount(const char* p) const {
  if (IsFieldEnd(p)) FailMissing(p, "count");
  Fail(p, "the count " + QuoteField(p, end_) + " is wrong, expected a whole number from 1 to " +
              std::to_string(kMaxCount));
}

}  // namespace strads
