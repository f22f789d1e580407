#include "worker/matrix_market_header.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "strads/error.h"
#include "worker/number.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

using Field = MatrixMarketHeader::Field;
using Symmetry = MatrixMarketHeader::Symmetry;

constexpr int64_t kMaxSize = (int64_t{1} << 31) - 2;

class Parser {
 public:
  explicit Parser(const TextFile& file)
      : file_(file), p_(file.text().data()), end_(p_ + file.text().size()) {}

  MatrixMarketHeader Parse() {
    if (!file_.text().starts_with(kMatrixMarketBanner)) {
      Fail("expected %%MatrixMarket matrix coordinate|array ...");
    }
    p_ += kMatrixMarketBanner.size();
    Word({"matrix"});
    header_.is_array = Word({"coordinate", "array"}) == 1;
    header_.field = static_cast<Field>(Word({"real", "integer", "pattern"}));
    if (header_.is_array && header_.field == Field::kPattern) {
      Fail("an array cannot be a pattern, expected real or integer");
    }
    if (header_.is_array) {
      Word({"general"});
    } else {
      header_.symmetry = static_cast<Symmetry>(Word({"general", "symmetric", "skew-symmetric"}));
    }
    ParseSizes();
    return header_;
  }

 private:
  // Reads one of `words`, whatever its case, and returns which.
  std::size_t Word(std::initializer_list<std::string_view> words) {
    p_ = SkipBlanks(p_);
    const char* const begin = p_;
    std::string word;
    for (; p_ < end_ && !IsBlank(*p_) && *p_ != '\n'; ++p_) {
      word += *p_ >= 'A' && *p_ <= 'Z' ? static_cast<char>(*p_ - 'A' + 'a') : *p_;
    }
    const auto found = std::find(words.begin(), words.end(), word);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    std::string expected;
    for (const auto& choice : words)
      expected += (expected.empty() ? "" : " or ") + std::string(choice);
    p_ = begin;
    Fail(QuoteField(p_, end_) + " is not supported, expected " + expected);
  }

  void ParseSizes() {
    do {
      p_ = SkipBlanks(NextLine(p_, end_));
    } while (p_ < end_ && (*p_ == '%' || *p_ == '\n'));
    const char* const line = p_;
    const bool complete = Size(&header_.rows) && Size(&header_.cols) &&
                          (header_.is_array || Size(&header_.entries)) &&
                          (*p_ == '\n' || p_ >= end_);
    if (!complete) {
      p_ = line;
      Fail(header_.is_array ? "expected the size of the array: rows cols"
                            : "expected the size of the matrix: rows cols entries");
    }
    if (header_.rows < 1 || header_.cols < 1 || std::max(header_.rows, header_.cols) > kMaxSize) {
      Fail("a matrix of " + std::to_string(header_.rows) + " x " + std::to_string(header_.cols) +
           ", expected 1 to 2^31 - 2 rows and columns");
    }
    if (header_.symmetry != Symmetry::kGeneral && header_.rows != header_.cols) {
      Fail("a symmetric matrix of " + std::to_string(header_.rows) + " x " +
           std::to_string(header_.cols) + ", expected as many rows as columns");
    }
    if (header_.is_array) header_.entries = header_.rows * header_.cols;
    header_.body = NextLine(p_, end_);
  }

  bool Size(int64_t* value) {
    const char* const next = ParseInteger(p_, value);
    if (next == nullptr || !(IsBlank(*next) || *next == '\n' || next >= end_)) return false;
    p_ = SkipBlanks(next);
    return true;
  }

  [[noreturn]] void Fail(const std::string& what) const { throw ErrorAt(file_, p_, what); }

  const TextFile& file_;
  const char* p_;
  const char* const end_;
  MatrixMarketHeader header_;
};

}  // namespace

MatrixMarketHeader ParseMatrixMarketHeader(const TextFile& file) { return Parser(file).Parse(); }

void CheckEntryCount(const TextFile& file, const MatrixMarketHeader& header, int64_t count) {
  if (count == header.entries) return;
  const char* const end = file.text().data() + file.text().size();
  const std::string expected =
      ", expected " + std::to_string(header.entries) + " as the header says";
  if (count < header.entries) {
    throw ErrorAt(file, end,
                  "the file ends after " + std::to_string(count) + " entries" + expected);
  }
  int64_t entry = 0;
  for (const char* p = header.body;; p = NextLine(p, end)) {
    p = SkipBlanks(p);
    if (p >= end || *p == '\n' || *p == '%' || entry++ < header.entries) continue;
    throw ErrorAt(file, p, "one entry too many" + expected);
  }
}

}  // namespace strads
