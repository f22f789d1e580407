#include "worker/libsvm_parser.h"

#include <algorithm>
#include <string>

#include "strads/error.h"
#include "worker/number.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

constexpr int64_t kMaxIndex = (int64_t{1} << 31) - 2;

class Parser {
 public:
  Parser(const TextFile& file,
         std::string_view lines,
         int64_t num_features,
         bool classes,
         LibsvmRows& rows)
      : file_(file),
        begin_(lines.data()),
        end_(lines.data() + lines.size()),
        max_index_(num_features > 0 ? std::min(num_features, kMaxIndex) : kMaxIndex),
        classes_(classes),
        rows_(rows) {}

  void Parse() {
    rows_.labels.clear();
    rows_.sizes.clear();
    rows_.width = 0;
    Reserve();
    for (const char* p = begin_; p < end_;) {
      p = SkipBlanks(p);
      if (IsText(p)) p = ParseRow(p);
      p = *p == '\n' ? p + 1 : NextLine(p, end_);
    }
    Resize(count_);
  }

 private:
  // Neither the end of the line nor a comment.
  bool IsText(const char* p) const { return *p != '\n' && *p != '#' && !(*p == '\0' && p >= end_); }
  bool IsFieldEnd(const char* p) const { return IsBlank(*p) || !IsText(p); }

  const char* ParseRow(const char* p) {
    double label;
    const char* next = ParseNumber(p, end_, &label);
    if (next == nullptr || !IsFieldEnd(next)) FailLabel(p);
    if (classes_ && !IsClass(label)) Fail(p, QuoteField(p, end_) + kNoClass);
    const std::size_t before = count_;
    rows_.labels.push_back(label);
    p = SkipQueryId(SkipBlanks(next));

    int64_t last = 0;
    while (IsText(p)) {
      int64_t index;
      double value;
      next = ParseInteger(p, &index);
      if (next == nullptr || *next != ':' || index <= last || index > max_index_)
        FailIndex(p, last);
      const char* const after = ParseNumber(next + 1, end_, &value);
      if (after == nullptr || !IsFieldEnd(after)) FailValue(p, next + 1);
      last = index;
      if (count_ == rows_.columns.size()) Resize(count_ / 2 * 3);
      rows_.columns[count_] = static_cast<int32_t>(index - 1);
      rows_.values[count_] = value;
      count_ += value != 0;
      p = SkipBlanks(after);
    }
    rows_.sizes.push_back(static_cast<int32_t>(count_ - before));
    rows_.width = std::max(rows_.width, last);
    return p;
  }

  const char* SkipQueryId(const char* p) const {
    if (!std::string_view(p, 4).starts_with("qid:")) return p;
    int64_t id;
    const char* const next = ParseInteger(p + 4 + (p[4] == '-'), &id);
    if (next == nullptr || !IsFieldEnd(next)) {
      Fail(p, QuoteField(p, end_) + " names no query, expected qid: and a whole number");
    }
    return SkipBlanks(next);
  }

  // Takes the entries per byte from a sample of the lines.
  void Reserve() {
    const auto bytes = static_cast<std::size_t>(end_ - begin_),
               sample = std::min<std::size_t>(bytes, 1 << 15);
    const auto found = static_cast<double>(std::count(begin_, begin_ + sample, ':'));
    const double expected =
        found / static_cast<double>(std::max<std::size_t>(1, sample)) * static_cast<double>(bytes);
    Resize(static_cast<std::size_t>(1.1 * expected) + 16);
  }

  void Resize(std::size_t count) {
    rows_.columns.resize(count);
    rows_.values.resize(count);
  }

  [[noreturn]] void Fail(const char* p, const std::string& what) const {
    throw ErrorAt(file_, p, what);
  }

  [[noreturn]] void FailLabel(const char* p) const {
    const std::string field = QuoteField(p, end_);
    double label;
    const char* const next = ParseNumber(p, end_, &label);
    if (next != nullptr && *next == ':') {
      Fail(p, "no label before " + field + ", expected " + kLibsvmLine);
    }
    if (IsOutOfRange(p, end_)) Fail(p, "the label " + field + kOutOfRange);
    Fail(p, "the label " + field + " is not a number, expected " + kLibsvmLine);
  }

  [[noreturn]] void FailIndex(const char* p, int64_t last) const {
    const std::string field = QuoteField(p, end_);
    int64_t index;
    const char* const next = ParseInteger(p + (*p == '-' || *p == '+'), &index);
    if (field.find(':') == std::string::npos) {
      Fail(p, field + " has no colon, expected index:value");
    }
    if (next == nullptr || *next != ':' || *p == '+') {
      Fail(p, "the index of " + field + " is not a whole number, expected index:value");
    }
    if (*p == '-' || index == 0) {
      Fail(p, "the index of " + field + " is below 1, expected indices from 1 on");
    }
    if (index <= last) {
      Fail(p, "the index of " + field + " comes after index " + std::to_string(last) +
                  ", expected increasing indices");
    }
    Fail(p, "the index of " + field + " is beyond the width of the data, expected at most " +
                std::to_string(max_index_));
  }

  [[noreturn]] void FailValue(const char* p, const char* value) const {
    const std::string field = QuoteField(p, end_);
    Fail(p,
         "the value of " + field +
             (IsOutOfRange(value, end_) ? kOutOfRange : " is not a number, expected index:value"));
  }

  const TextFile& file_;
  const char* const begin_;
  const char* const end_;
  const int64_t max_index_;
  const bool classes_;
  LibsvmRows& rows_;
  std::size_t count_ = 0;  // entries
};

}  // namespace

void ParseLibsvm(const TextFile& file,
                 std::string_view lines,
                 int64_t num_features,
                 bool classes,
                 LibsvmRows& rows) {
  Parser(file, lines, num_features, classes, rows).Parse();
}

}  // namespace strads
