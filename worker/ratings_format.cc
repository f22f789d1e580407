#include "worker/ratings_format.h"

#include <algorithm>
#include <string>
#include <vector>

#include "strads/error.h"
#include "worker/number.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

using Separator = RatingsSeparator;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// `line` with the content of quoted fields, and the quotes, replaced by letters; as it is if a
// quote is not closed.
std::string HideQuoted(std::string_view line) {
  std::string hidden(line);
  bool is_start = true, is_quoted = false;
  for (char& c : hidden) {
    if (c == '"' && (is_start || is_quoted)) {
      is_quoted = !is_quoted;
      c = 'q';
    } else if (is_quoted) {
      c = 'q';
    } else {
      is_start = c == ',' || (is_start && IsBlank(c));
    }
  }
  return is_quoted ? std::string(line) : hidden;
}

Separator SeparatorOf(std::string_view line) {
  const std::string hidden = HideQuoted(line);
  if (hidden.find("::") != std::string::npos) return Separator::kColons;
  if (hidden.find('\t') != std::string::npos) return Separator::kTab;
  if (hidden.find(',') != std::string::npos) return Separator::kComma;
  return Separator::kBlanks;
}

// The first three fields, or fewer, without the quotes around them.
std::vector<std::string> FirstFields(std::string_view line, char separator) {
  const std::string hidden = HideQuoted(line);
  std::vector<std::string> fields;
  for (std::size_t begin = 0; fields.size() < 3;) {
    const std::size_t end = std::min(hidden.find(separator, begin), hidden.size());
    std::string_view field = Trim(line.substr(begin, end - begin));
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
      field = field.substr(1, field.size() - 2);
    }
    fields.emplace_back(field);
    if (end == hidden.size()) break;
    begin = end + 1;
  }
  return fields;
}

bool IsNumber(const std::string& field) {
  const std::string padded = field + std::string(TextFile::kPadding, '\0');
  const char *const begin = padded.data(), *const end = begin + field.size();
  double value;
  return ParseNumber(begin, end, &value) == end || IsOutOfRange(begin, end);
}

bool HasDigit(const std::string& field) { return std::any_of(field.begin(), field.end(), IsDigit); }

bool BeginsWithUser(std::string field) {
  for (char& c : field) c = static_cast<char>(c | 0x20);
  return field.starts_with("user");
}

bool IsHeader(const std::vector<std::string>& fields) {
  if (fields.size() == 3) return std::none_of(fields.begin(), fields.end(), IsNumber);
  return fields.size() == 2 && std::none_of(fields.begin(), fields.end(), HasDigit) &&
         BeginsWithUser(fields[0]);
}

bool MayLack(const RatingsOptions& options) { return options.implicit || options.may_lack; }

std::string LineOf(Separator separator, const RatingsOptions& options, bool is_pattern) {
  std::string line;
  switch (separator) {
    case Separator::kColons:
      line = "user::item::rating";
      break;
    case Separator::kTab:
      line = "user, item and rating with tabs between them";
      break;
    case Separator::kComma:
      line = "user,item,rating";
      break;
    case Separator::kBlanks:
      line = "user item rating";
      break;
    case Separator::kMatrixMarket:
      line = is_pattern ? "row column" : "row column rating";
      break;
  }
  const bool may_lack = MayLack(options) && separator != Separator::kMatrixMarket;
  return line + (may_lack ? ", where the rating may be left out" : "");
}

RatingsFormat MatrixMarketFormat(const TextFile& file, const RatingsOptions& options) {
  RatingsFormat format = {.separator = Separator::kMatrixMarket, .are_strengths = options.implicit};
  format.header = ParseMatrixMarketHeader(file);
  if (format.header.is_array || format.header.symmetry != MatrixMarketHeader::Symmetry::kGeneral) {
    throw ErrorAt(file, file.text().data(),
                  "no general coordinate matrix, expected %%MatrixMarket matrix coordinate "
                  "real|integer|pattern general");
  }
  format.may_lack = format.header.field == MatrixMarketHeader::Field::kPattern;
  format.body =
      file.text().substr(static_cast<std::size_t>(format.header.body - file.text().data()));
  format.line = LineOf(format.separator, options, format.may_lack);
  if (format.header.entries == 0) throw NoRatings(file, format);
  return format;
}

}  // namespace

Error NoRatings(const TextFile& file, const RatingsFormat& format) {
  return DataError(file.path() + ": has no ratings, expected lines of " + format.line);
}

RatingsFormat DetectRatingsFormat(const TextFile& file, const RatingsOptions& options) {
  if (file.text().starts_with(kMatrixMarketBanner)) return MatrixMarketFormat(file, options);
  RatingsFormat format = {.may_lack = MayLack(options),
                          .are_strengths = options.implicit,
                          .body = SkipByteOrderMark(file.text())};
  const char* const end = file.text().data() + file.text().size();
  for (const char* p = format.body.data(); p < end;) {
    const char* const next = NextLine(p, end);
    std::string_view line(p, static_cast<std::size_t>(next - p));
    if (line.ends_with('\n')) line.remove_suffix(1);
    p = next;
    line = Trim(line);
    if (line.empty() || line[0] == '#' || line[0] == '%') continue;
    format.separator = SeparatorOf(line);
    const bool is_comma = format.separator == Separator::kComma;
    if ((is_comma || format.separator == Separator::kTab) &&
        IsHeader(FirstFields(line, is_comma ? ',' : '\t'))) {
      format.body.remove_prefix(static_cast<std::size_t>(next - format.body.data()));
    }
    format.line = LineOf(format.separator, options, false);
    return format;
  }
  format.line = LineOf(format.separator, options, false);
  throw NoRatings(file, format);
}

}  // namespace strads
