#include "strads/csv.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/number.h"
#include "worker/parse_in_batches.h"
#include "worker/readers.h"
#include "worker/text_file.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

// The lines of one thread.
struct CsvRows {
  std::vector<int32_t> label;
  IdTable labels;
  std::vector<double> y;
  std::vector<int32_t> sizes, columns;
  std::vector<double> values;
};

const char* EndOfLine(const char* p, const char* end) {
  const char* const next = NextLine(p, end);
  return next > p && next[-1] == '\n' ? next - 1 : next;
}

std::string_view WithoutBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Reads one line field by field.
class Fields {
 public:
  Fields(const TextFile& file, const char* begin, const char* end)
      : file_(file), at_(begin), end_(end) {}

  bool HasNext() const { return at_ != nullptr; }
  const char* at() const { return at_; }

  // Valid until the next call.
  std::string_view Next() {
    while (at_ < end_ && IsBlank(*at_)) ++at_;
    if (at_ < end_ && *at_ == '"') return NextQuoted();
    const char* const comma = std::find(at_, end_, ',');
    const std::string_view field(at_, static_cast<std::size_t>(comma - at_));
    at_ = comma < end_ ? comma + 1 : nullptr;
    return WithoutBlanks(field);
  }

 private:
  std::string_view NextQuoted() {
    const char* const begin = at_;
    unquoted_.clear();
    for (++at_;; ++at_) {
      if (at_ >= end_)
        throw ErrorAt(file_, begin,
                      "a quote is not closed in its line, expected \"text\", and \"\" for a quote");
      if (*at_ == '"' && (at_ + 1 == end_ || at_[1] != '"')) break;
      at_ += *at_ == '"';
      unquoted_ += *at_;
    }
    for (++at_; at_ < end_ && IsBlank(*at_); ++at_) {
    }
    if (at_ < end_ && *at_ != ',')
      throw ErrorAt(file_, begin, "text follows a closing quote, expected a comma");
    at_ = at_ < end_ ? at_ + 1 : nullptr;
    return WithoutBlanks(unquoted_);
  }

  const TextFile& file_;
  const char* at_;
  const char* const end_;
  std::string unquoted_;
};

struct Header {
  std::vector<std::string> names;
  int64_t target = -1;  // which of them; -1: none
  int64_t end = 0;      // where the lines of rows begin
};

bool IsNumber(const std::string& name) {
  const std::string padded = name + std::string(8, '\0');  // parsers look ahead
  double value = 0;
  return ParseNumber(padded.data(), padded.data() + name.size(), &value) ==
         padded.data() + name.size();
}

Header ReadHeader(const TextFile& file, const CsvOptions& options) {
  std::string_view text = file.text();
  const char* const begin = text.data();
  const char* const end = text.data() + text.size();
  Header header;
  Fields fields(file, begin, EndOfLine(begin, end));
  IdTable known;
  while (fields.HasNext()) {
    const std::string name(fields.Next());
    if (name.empty())
      throw ErrorAt(file, begin,
                    "column " + std::to_string(header.names.size() + 1) +
                        " has no name, expected a line of names before the rows");
    if (known.Add(name) != std::ssize(header.names))
      throw ErrorAt(file, begin, "two columns are named " + Quote(name) + ", expected one of each");
    header.names.push_back(name);
  }
  header.end = NextLine(begin, end) - text.data();
  const bool all_are_features =
      !options.needs_target && std::ssize(header.names) == options.num_features;
  if (options.target.empty())
    header.target =
        options.needs_target || (options.num_features >= 0 && !all_are_features) ? 0 : -1;
  else
    header.target = known.Find(options.target);
  if (header.target < 0 && options.needs_target)
    throw ErrorAt(file, begin,
                  "no column is named " + Quote(options.target) +
                      ", expected the target to be one of the columns");
  if (options.needs_target && header.names.size() == 1)
    throw ErrorAt(file, begin,
                  "there is no column but " + Quote(header.names.front()) +
                      ", expected commas between columns, and a feature beside the target");
  if (std::ranges::all_of(header.names, IsNumber))
    throw ErrorAt(file, begin,
                  "the names are all numbers, expected a line of names before the rows");
  return header;
}

class Parser {
 public:
  Parser(const TextFile& file, const Header& header, const CsvOptions& options)
      : file_(file), header_(header), kind_(options.kind), needs_target_(options.needs_target) {}

  CsvRows Parse(std::string_view lines) {
    const char* const end = lines.data() + lines.size();
    for (const char* p = lines.data(); p < end; p = NextLine(p, end)) {
      const char* const line_end = EndOfLine(p, end);
      if (WithoutBlanks({p, static_cast<std::size_t>(line_end - p)}).empty()) continue;
      const std::size_t before = rows_.values.size();
      ParseRow(p, line_end);
      rows_.sizes.push_back(static_cast<int32_t>(rows_.values.size() - before));
    }
    return std::move(rows_);
  }

 private:
  void ParseRow(const char* p, const char* end) {
    Fields fields(file_, p, end);
    const int64_t count = std::ssize(header_.names);
    int32_t column = 0;
    int64_t k = 0;
    for (; fields.HasNext() && k < count; ++k) {
      const std::string_view field = fields.Next();
      if (k == header_.target && field.empty() && !needs_target_) {
        AddNoTarget();
      } else if (k == header_.target && kind_ == TargetKind::kNumber) {
        rows_.y.push_back(Number(p, k, field));
      } else if (k == header_.target) {
        AddLabel(p, field);
      } else {
        if (const double value = Number(p, k, field); value != 0) {
          rows_.columns.push_back(column);
          rows_.values.push_back(value);
        }
        ++column;
      }
    }
    if (k < count || fields.HasNext()) {
      while (fields.HasNext()) {
        fields.Next();
        ++k;
      }
      throw ErrorAt(file_, p,
                    std::to_string(k) + (k == 1 ? " field" : " fields") + ", expected " +
                        std::to_string(count) + " as in line 1");
    }
  }

  // A number may be the last thing in the file's memory: it is copied, as parsers look ahead.
  double Number(const char* line, int64_t column, std::string_view field) {
    number_.assign(field);
    number_.append(8, '\0');
    const char* const begin = number_.data();
    double value = 0;
    const char* const next = ParseNumber(begin, begin + field.size(), &value);
    if (next == begin + field.size()) return value;
    const std::string name = header_.names[static_cast<std::size_t>(column)];
    if (IsOutOfRange(begin, begin + field.size()))
      throw ErrorAt(file_, line, Quote(field) + " in column " + Quote(name) + kOutOfRange);
    throw ErrorAt(
        file_, line,
        (field.empty() ? "nothing stands in column " + Quote(name)
                       : Quote(field) + " in column " + Quote(name) + " is not a number") +
            (kind_ == TargetKind::kNumber
                 ? ", expected a number"
                 : ", expected a number (text is allowed in the target's column alone)"));
  }

  void AddNoTarget() {
    if (kind_ == TargetKind::kNumber)
      rows_.y.push_back(0);
    else
      rows_.label.push_back(rows_.labels.Add(""));
  }

  void AddLabel(const char* line, std::string_view field) {
    if (field.empty())
      throw ErrorAt(file_, line,
                    "the target " + Quote(header_.names[static_cast<std::size_t>(header_.target)]) +
                        " is empty, expected a label");
    number_.assign(field);
    number_.append(8, '\0');
    const char* const begin = number_.data();
    double value = 0;
    if (ParseNumber(begin, begin + field.size(), &value) == begin + field.size())
      rows_.label.push_back(rows_.labels.Add(LabelOfNumber(value)));
    else
      rows_.label.push_back(rows_.labels.Add(field));
  }

  const TextFile& file_;
  const Header& header_;
  const TargetKind kind_;
  const bool needs_target_;
  CsvRows rows_;
  std::string number_;
};

}  // namespace

LabelledRows ReadCsv(const std::string& path, Shard shard, const CsvOptions& options) {
  const TextFile file(path);
  Header header = ReadHeader(file, options);
  ThreadPool pool(shard.threads);
  const std::string_view text = file.text().substr(static_cast<std::size_t>(header.end));
  const auto [first, last] = shard.RangeOf(std::ssize(text));
  const auto parts = SplitLines(text, first, last, PiecesOf(last - first, pool.threads()));
  LabelledRows data;
  RowMatrixBuilder x;
  std::vector<double> targets;
  int64_t rows = 0;
  ParseInBatches<CsvRows>(
      parts, pool,
      [&](std::string_view lines, CsvRows& into) {
        into = Parser(file, header, options).Parse(lines);
      },
      [&](std::vector<CsvRows>& batch, double share) {
        std::vector<RowPiece> pieces;
        for (const CsvRows& part : batch) {
          pieces.push_back({part.sizes, part.columns, part.values});
          rows += std::ssize(part.sizes);
          targets.insert(targets.end(), part.y.begin(), part.y.end());
          for (const int32_t label : part.label)
            data.label.push_back(data.labels.Add(part.labels.Name(label)));
        }
        x.Append(pieces, share, pool);
      });
  data.y = Eigen::Map<const Eigen::VectorXd>(targets.data(), std::ssize(targets));
  constexpr char kNoText = '\0';
  if (rows == 0 && CountRows(text, kNoText) == 0)
    throw DataError(path + ":1: no rows in the file, expected lines of numbers after the names");
  if (options.wants_first_row || !options.weights.empty())
    data.first_row = CountRows({text.data(), parts.front().data()}, kNoText);
  if (!options.weights.empty()) {
    const char* const end = text.data() + text.size();
    const int64_t before = data.first_row;
    const int64_t after = CountRows({parts.back().data() + parts.back().size(), end}, kNoText);
    data.weights = ReadWeights(
        options.weights, {.count = before + rows + after, .first = before, .last = before + rows});
  }
  if (header.target >= 0) {
    data.target = header.names[static_cast<std::size_t>(header.target)];
    header.names.erase(header.names.begin() + header.target);
  }
  data.features = std::move(header.names);
  data.x = x.Finish(std::ssize(data.features), pool);
  return data;
}

}  // namespace strads
