#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "worker/number.h"
#include "worker/ratings_format.h"
#include "worker/text_lines.h"

namespace strads {

// What is wrong with a line of ratings, in words; all of them throw.
class RatingsErrors {
 public:
  RatingsErrors(const TextFile& file, const RatingsFormat& format) : file_(file), format_(format) {}
  [[noreturn]] void FailEmpty(const char* p, const std::string& role) const;
  [[noreturn]] void FailMissing(const char* line, const std::string& role) const;
  [[noreturn]] void FailQuote(const char* p, bool is_closed) const;
  [[noreturn]] void FailIndex(const char* p, const std::string& role, int64_t most) const;
  [[noreturn]] void FailValue(std::string_view field) const;
  [[noreturn]] void FailExtra(const char* p) const;

 private:
  [[noreturn]] void Fail(const char* p, const std::string& what) const;

  const TextFile& file_;
  const RatingsFormat& format_;
};

// Takes lines of ratings apart. For each, a Sink is told
//   bool User(std::string_view name, const char* line): false: the rest of the line is passed over
//   bool Item(std::string_view name, const char* line): the same
//   void Value(float value, const char* line)
// where a name is valid during the call only.
template <RatingsSeparator Separator, class Sink>
class RatingsScanner {
 public:
  RatingsScanner(const TextFile& file, const RatingsFormat& format, const char* end, Sink& sink)
      : errors_(file, format), format_(format), end_(end), sink_(sink) {}

  // From p, the start of a line, up to the end that was given.
  void Scan(const char* p) {
    while (p < end_) {
      p = SkipPadding(p);
      if (!IsLineEnd(p) && !IsComment(*p)) p = ScanLine(p);
      p = *p == '\n' ? p + 1 : NextLine(p, end_);
    }
  }

 private:
  static constexpr bool kIsMatrixMarket = Separator == RatingsSeparator::kMatrixMarket;
  static constexpr bool kIsBlank = Separator == RatingsSeparator::kBlanks || kIsMatrixMarket;

  static bool IsComment(char c) { return c == '%' || (c == '#' && !kIsMatrixMarket); }
  bool IsLineEnd(const char* p) const { return *p == '\n' || (*p == '\0' && p >= end_); }
  static bool IsSeparator(const char* p) {
    if constexpr (kIsBlank) return IsBlank(*p);
    if constexpr (Separator == RatingsSeparator::kColons) return p[0] == ':' && p[1] == ':';
    return *p == (Separator == RatingsSeparator::kTab ? '\t' : ',');
  }

  // Blanks that are no separator, or that may come before and after one.
  static const char* SkipPadding(const char* p) {
    if constexpr (Separator != RatingsSeparator::kTab) return SkipBlanks(p);
    while (*p == ' ' || *p == '\r') ++p;
    return p;
  }

  // From the end of a field to the next one; null if there is none.
  const char* NextField(const char* p) const {
    if constexpr (!kIsBlank) {
      if (IsLineEnd(p)) return nullptr;
      return SkipPadding(p + (Separator == RatingsSeparator::kColons ? 2 : 1));
    }
    p = SkipBlanks(p);
    return IsLineEnd(p) ? nullptr : p;
  }

  // Returns where the scan for the end of the line may go on.
  const char* ScanLine(const char* line) {
    std::string_view name;
    const char* p = ReadName(line, "user", format_.header.rows, &name);
    if (!sink_.User(name, line)) return p;
    p = NextField(p);
    if (p == nullptr) errors_.FailMissing(line, "item");
    p = ReadName(p, "item", format_.header.cols, &name);
    if (!sink_.Item(name, line)) return p;
    const char* const field = NextField(p);
    if (kIsMatrixMarket && format_.may_lack && field != nullptr) errors_.FailExtra(field);
    if (field == nullptr || IsLineEnd(field) || IsSeparator(field)) {
      if (!format_.may_lack) errors_.FailMissing(line, "rating");
      sink_.Value(1, line);
      return p;
    }
    float value;
    p = ReadValue(field, &value);
    sink_.Value(value, line);
    return p;
  }

  // A name of up to 7 digits is found without a loop.
  const char* ReadName(const char* p, const char* role, int64_t most, std::string_view* name) {
    if constexpr (kIsMatrixMarket) return ReadIndex(p, role, most, name);
    uint64_t word;
    std::memcpy(&word, p, sizeof word);
    word ^= 0x3030303030303030;  // a digit becomes a byte 0..9
    const uint64_t other = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
    const int count = std::countr_zero(other | uint64_t{1} << 63) / 8;
    if (count > 0 && IsSeparator(p + count)) [[likely]] {
      *name = {p, static_cast<std::size_t>(count)};
      return p + count;
    }
    if (Separator == RatingsSeparator::kComma && *p == '"') return ReadQuoted(p, role, name);
    const char* const begin = p;
    while (!IsSeparator(p) && !IsLineEnd(p)) ++p;
    const char* last = p;
    while (last > begin && IsBlank(last[-1])) --last;
    *name = {begin, static_cast<std::size_t>(last - begin)};
    if (name->empty()) errors_.FailEmpty(begin, role);
    return p;
  }

  const char* ReadQuoted(const char* p, const char* role, std::string_view* name) {
    const char* const begin = p++;
    unquoted_.clear();
    for (; *p != '"' || *++p == '"'; ++p) {
      if (IsLineEnd(p)) errors_.FailQuote(begin, false);
      unquoted_ += *p;
    }
    p = SkipPadding(p);
    if (!IsSeparator(p) && !IsLineEnd(p)) errors_.FailQuote(begin, true);
    if (unquoted_.empty()) errors_.FailEmpty(begin, role);
    *name = unquoted_;
    return p;
  }

  const char* ReadIndex(const char* p, const char* role, int64_t most, std::string_view* name) {
    int64_t index;
    const char* const next = ParseInteger(p, &index);
    if (next == nullptr || !(IsBlank(*next) || IsLineEnd(next)) || index < 1 || index > most) {
      errors_.FailIndex(p, role, most);
    }
    while (*p == '0') ++p;
    *name = {p, static_cast<std::size_t>(next - p)};
    return next;
  }

  const char* ReadValue(const char* p, float* value) const {
    const bool is_quoted = Separator == RatingsSeparator::kComma && *p == '"';
    double number;
    const char* rest = ParseNumber(p + is_quoted, end_, &number);
    if (rest == nullptr || (is_quoted && *rest++ != '"')) FailValue(p);
    if (!IsSeparator(rest) && !IsLineEnd(rest)) {
      rest = SkipPadding(rest);
      if (kIsBlank || (!IsSeparator(rest) && !IsLineEnd(rest))) FailValue(p);
    }
    if (std::abs(number) > std::numeric_limits<float>::max()) FailValue(p);
    if (format_.are_strengths && number < 0) FailValue(p);
    if (kIsMatrixMarket && format_.header.field == MatrixMarketHeader::Field::kInteger &&
        number != std::trunc(number)) {
      FailValue(p);
    }
    *value = static_cast<float>(number);
    if constexpr (kIsBlank) rest = SkipTimestamp(rest);
    return rest;
  }

  const char* SkipTimestamp(const char* p) const {
    p = SkipBlanks(p);
    if (!kIsMatrixMarket) {
      while (!IsBlank(*p) && !IsLineEnd(p)) ++p;
      p = SkipBlanks(p);
    }
    if (!IsLineEnd(p)) errors_.FailExtra(p);
    return p;
  }

  [[noreturn]] void FailValue(const char* p) const {
    const char* last = p;
    while (!IsSeparator(last) && !IsLineEnd(last)) ++last;
    errors_.FailValue({p, static_cast<std::size_t>(last - p)});
  }

  const RatingsErrors errors_;
  const RatingsFormat& format_;
  const char* const end_;
  Sink& sink_;
  std::string unquoted_;
};

// Takes `lines`, whole lines of the file, apart.
template <class Sink>
void ScanRatings(const TextFile& file,
                 const RatingsFormat& format,
                 std::string_view lines,
                 Sink& sink) {
  const auto scan = [&]<RatingsSeparator Separator>() {
    RatingsScanner<Separator, Sink>(file, format, lines.data() + lines.size(), sink)
        .Scan(lines.data());
  };
  switch (format.separator) {
    case RatingsSeparator::kColons:
      return scan.template operator()<RatingsSeparator::kColons>();
    case RatingsSeparator::kTab:
      return scan.template operator()<RatingsSeparator::kTab>();
    case RatingsSeparator::kComma:
      return scan.template operator()<RatingsSeparator::kComma>();
    case RatingsSeparator::kBlanks:
      return scan.template operator()<RatingsSeparator::kBlanks>();
    case RatingsSeparator::kMatrixMarket:
      return scan.template operator()<RatingsSeparator::kMatrixMarket>();
  }
}

}  // namespace strads
