#include "worker/corpus_format.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "strads/error.h"
#include "worker/number.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

constexpr int kSampledLines = 64;
constexpr int64_t kSomeDocuments = 1 << 20;

const char* EndOf(const TextFile& file) { return file.text().data() + file.text().size(); }

bool IsLineEnd(const char* p, const char* end) { return p >= end || *p == '\n'; }

// The start of the first line from p on that is not blank, after its leading blanks; or the end.
const char* SkipBlankLines(const char* p, const char* end) {
  for (; p < end; ++p) {
    p = SkipBlanks(p);
    if (p >= end || *p != '\n') break;
  }
  return std::min(p, end);
}

// The whole number that is alone in the line at p, or -1.
int64_t LoneNumber(const char* p, const char* end) {
  int64_t value;
  const char* const next = ParseInteger(p, &value);
  return next != nullptr && IsLineEnd(SkipBlanks(next), end) ? value : -1;
}

// What a line has that may be one of lda-c or libsvm.
struct Pairs {
  int64_t count = -1;     // of pairs after the first field; -1: other things, too
  bool is_first = false;  // whether the first field is their number
};

Pairs CountPairs(const char* p, const char* end) {
  int64_t first = -1;
  const char* const number = ParseInteger(p, &first);
  while (!IsBlank(*p) && !IsLineEnd(p, end)) ++p;
  if (number != p) first = -1;
  Pairs pairs = {.count = 0};
  for (p = SkipBlanks(p); !IsLineEnd(p, end) && *p != '#'; p = SkipBlanks(p)) {
    int64_t word, count;
    p = ParseInteger(p, &word);
    if (p == nullptr || *p != ':') return {};
    p = ParseInteger(p + 1, &count);
    if (p == nullptr) return {};
    if (*p == '.' && IsDigit(p[1])) p = ParseInteger(p + 1, &word);
    if (!IsBlank(*p) && !IsLineEnd(p, end)) return {};
    ++pairs.count;
  }
  pairs.is_first = pairs.count == first;
  return pairs;
}

bool HasLetter(const char* p, const char* end) {
  for (; !IsLineEnd(p, end); ++p) {
    const auto lower = static_cast<unsigned char>(*p | 0x20);
    if ((lower >= 'a' && lower <= 'z') || lower >= 0x80) return true;
  }
  return false;
}

bool IsUci(const char* p, const char* end) {
  int64_t sum = 0;
  for (int i = 0; i < 3; ++i) {
    p = SkipBlankLines(p, end);
    const int64_t number = LoneNumber(p, end);
    if (number < 0) return false;
    sum += number;
    p = NextLine(p, end);
  }
  return sum > 0;
}

CorpusFormat DetectFormat(const TextFile& file, std::string_view body) {
  if (body.starts_with(kMatrixMarketBanner)) return CorpusFormat::kUci;
  const char* const end = EndOf(file);
  if (IsUci(body.data(), end)) return CorpusFormat::kUci;
  int lines = 0, with_pairs = 0, with_count = 0, with_letter = 0;
  bool any_pair = false;
  const char* p = SkipBlankLines(body.data(), end);
  const char* const first = p;
  for (; p < end && lines < kSampledLines; p = SkipBlankLines(NextLine(p, end), end)) {
    if (*p == '#') continue;
    const Pairs pairs = CountPairs(p, end);
    ++lines;
    with_pairs += pairs.count >= 0;
    with_count += pairs.is_first;
    any_pair = any_pair || pairs.count > 0;
    with_letter += HasLetter(p, end);
  }
  if (2 * with_pairs > lines && (any_pair || with_count == lines)) {
    return 2 * with_count > with_pairs ? CorpusFormat::kLdaC : CorpusFormat::kLibsvm;
  }
  if (2 * with_letter >= lines) return CorpusFormat::kText;
  throw ErrorAt(file, first,
                "the format of the corpus is not clear from its first lines, expected uci, lda-c, "
                "libsvm or text, or its name as the format");
}

// Reads the three lines before the entries.
MatrixMarketHeader ParseUciHeader(const TextFile& file, std::string_view body) {
  const std::array<std::string, 3> names = {"documents", "words", "entries"};
  std::array<int64_t, 3> numbers = {};
  const char* const end = EndOf(file);
  const char* p = body.data();
  for (std::size_t i = 0; i < 3; ++i) {
    p = SkipBlankLines(p, end);
    if (p == end) {
      throw ErrorAt(file, end, "the file ends in its header, expected the number of " + names[i]);
    }
    numbers[i] = LoneNumber(p, end);
    if (numbers[i] < 0) {
      throw ErrorAt(
          file, p,
          QuoteField(p, end) + " is out of place, expected one whole number, that of " + names[i]);
    }
    p = NextLine(p, end);
  }
  return {.rows = numbers[0], .cols = numbers[1], .entries = numbers[2], .body = p};
}

void LayOutUci(const TextFile& file, std::string_view body, CorpusLayout& layout) {
  const char* const first = SkipBlankLines(body.data(), EndOf(file));
  layout.has_comments = body.starts_with(kMatrixMarketBanner);
  if (layout.has_comments) {
    layout.header = ParseMatrixMarketHeader(file);
    if (layout.header.is_array ||
        layout.header.symmetry != MatrixMarketHeader::Symmetry::kGeneral ||
        layout.header.field == MatrixMarketHeader::Field::kPattern) {
      throw ErrorAt(file, first,
                    "no matrix of counts, expected %%MatrixMarket matrix coordinate real|integer "
                    "general");
    }
  } else {
    layout.header = ParseUciHeader(file, body);
  }
  const auto& [rows, cols, entries] =
      std::tie(layout.header.rows, layout.header.cols, layout.header.entries);
  if (rows == 0) throw NoDocuments(file, layout.line);
  // A damaged header must not ask for memory that the file has no use for.
  if (rows > std::ssize(file.text()) + kSomeDocuments) {
    throw ErrorAt(file, first,
                  std::to_string(rows) + " documents in a file of " +
                      std::to_string(file.text().size()) + " bytes, expected fewer");
  }
  if (cols > kMaxWords) {
    throw ErrorAt(file, first,
                  std::to_string(cols) + " words, expected at most " + std::to_string(kMaxWords));
  }
  layout.first_word = 1;
  layout.num_words = cols;
  layout.body =
      file.text().substr(static_cast<std::size_t>(layout.header.body - file.text().data()));
}

std::string LineOf(CorpusFormat format) {
  switch (format) {
    case CorpusFormat::kUci:
      return "document word count";
    case CorpusFormat::kLdaC:
      return "n word:count ...";
    case CorpusFormat::kLibsvm:
      return "label word:count ...";
    case CorpusFormat::kAuto:
    case CorpusFormat::kText:
      break;
  }
  return "words";
}

}  // namespace

Error NoDocuments(const TextFile& file, const std::string& line) {
  return DataError(file.path() + ": has no documents, expected lines of " + line);
}

CorpusFormat ParseCorpusFormat(std::string_view name) {
  if (name == "auto") return CorpusFormat::kAuto;
  if (name == "uci") return CorpusFormat::kUci;
  if (name == "lda-c") return CorpusFormat::kLdaC;
  if (name == "libsvm") return CorpusFormat::kLibsvm;
  if (name == "text") return CorpusFormat::kText;
  throw UsageError("the format of a corpus is " + Quote(name) +
                   ", expected auto, uci, lda-c, libsvm or text");
}

CorpusLayout DetectCorpusLayout(const TextFile& file, CorpusFormat format) {
  const std::string_view body = SkipByteOrderMark(file.text());
  if (SkipBlankLines(body.data(), EndOf(file)) == EndOf(file)) {
    throw NoDocuments(file, LineOf(format));
  }
  CorpusLayout layout = {.body = body};
  layout.format = format == CorpusFormat::kAuto ? DetectFormat(file, body) : format;
  layout.line = LineOf(layout.format);
  if (layout.format == CorpusFormat::kLibsvm) layout.first_word = 1;
  if (layout.format == CorpusFormat::kUci) LayOutUci(file, body, layout);
  return layout;
}

}  // namespace strads
