#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/matrix_market_header.h"
#include "worker/number.h"
#include "worker/readers.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

using Field = MatrixMarketHeader::Field;
using Symmetry = MatrixMarketHeader::Symmetry;

std::size_t Size(int64_t n) { return static_cast<std::size_t>(n); }

// Reads the lines after the header and keeps the entries of the rows [first, last).
class Reader {
 public:
  Reader(const TextFile& file, Shard shard, int64_t num_features, ThreadPool& pool)
      : file_(file),
        end_(file.text().data() + file.text().size()),
        header_(ParseMatrixMarketHeader(file)),
        cols_(num_features > 0 ? std::min(num_features, header_.cols) : header_.cols),
        pool_(pool) {
    std::tie(first_, last_) = shard.RangeOf(header_.rows);
    const int64_t body = header_.body - file.text().data();
    parts_ = SplitLines(file.text(), body, std::ssize(file.text()), pool.threads());
  }

  int64_t first() const { return first_; }
  int64_t last() const { return last_; }
  const MatrixMarketHeader& header() const { return header_; }

  ColumnMatrix Read(int64_t width) {
    CheckCount();
    std::vector<AlignedVector<Triplet>> kept(parts_.size());
    ForEachPart([&](std::size_t p) {
      const auto keep = [&](int64_t row, int64_t column, double value, const char*) {
        kept[p].push_back(
            {static_cast<int32_t>(row - first_), static_cast<int32_t>(column), value});
      };
      Scan(parts_[p], starts_[p], keep);
    });
    std::vector<TripletPiece> pieces;
    pieces.reserve(kept.size());
    for (const auto& part : kept) pieces.push_back({.entries = part});
    try {
      return ColumnMatrix::FromPieces(last_ - first_, width, pieces, Storage::kAuto, pool_);
    } catch (const Error&) {
      FailRepeated();
    }
  }

 private:
  template <class F>
  void ForEachPart(F&& body) {
    pool_.ParallelFor(std::ssize(parts_), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) body(Size(p));
    });
  }

  // Sets starts_: the number of entries before each part.
  void CheckCount() {
    starts_.resize(parts_.size() + 1, 0);
    ForEachPart([&](std::size_t p) { starts_[p + 1] = CountRows(parts_[p], '%'); });
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    CheckEntryCount(file_, header_, starts_.back());
  }

  bool IsEntry(const char* p) const { return p < end_ && *p != '\n' && *p != '%'; }
  bool IsLineEnd(const char* p) const { return p >= end_ || *p == '\n'; }
  bool IsFieldEnd(const char* p) const { return IsBlank(*p) || IsLineEnd(p); }
  bool IsOwn(int64_t row) const { return row >= first_ && row < last_; }

  // Calls keep(row, column, value, line) for each own entry of the lines, of which the first is
  // entry number `index`; indices from 0.
  template <class F>
  void Scan(std::string_view lines, int64_t index, F&& keep) const {
    const char* const end = lines.data() + lines.size();
    for (const char* p = lines.data(); p < end; p = NextLine(p, end)) {
      p = SkipBlanks(p);
      if (!IsEntry(p)) continue;
      const char* rest = p;
      if (header_.is_array) {
        const double value = Value(&rest);
        const int64_t row = index % header_.rows, column = index / header_.rows;
        if (column >= cols_) FailWidth(p, column + 1);
        if (IsOwn(row) && value != 0) keep(row, column, value, p);
        ++index;
      } else {
        ScanEntry(rest, p, keep);
      }
      if (!IsLineEnd(rest))
        Fail(rest, QuoteField(rest, end_) + " is out of place, expected " + Line());
      p = rest;
    }
  }

  template <class F>
  void ScanEntry(const char*& rest, const char* line, F&& keep) const {
    const int64_t row = Index(&rest, "row", header_.rows);
    const int64_t column = Index(&rest, "column", header_.cols);
    const double value = header_.field == Field::kPattern ? 1.0 : Value(&rest);
    if (column >= cols_) FailWidth(line, column + 1);
    if (IsOwn(row)) keep(row, column, value, line);
    if (header_.symmetry == Symmetry::kGeneral) return;
    const bool is_skew = header_.symmetry == Symmetry::kSkewSymmetric;
    if (row < column) Fail(line, "an entry above the diagonal, expected the lower triangle alone");
    if (is_skew && row == column) Fail(line, "an entry on the diagonal, expected those below it");
    if (row >= cols_) FailWidth(line, row + 1);
    if (row != column && IsOwn(column)) keep(column, row, is_skew ? -value : value, line);
  }

  int64_t Index(const char** p, const std::string& name, int64_t most) const {
    int64_t index;
    const char* const next = ParseInteger(*p, &index);
    if (next == nullptr || !IsFieldEnd(next) || index < 1 || index > most) {
      Fail(*p, "the " + name + " " + QuoteField(*p, end_) +
                   " is not in the matrix, expected 1 to " + std::to_string(most) +
                   " in a line of " + Line());
    }
    *p = SkipBlanks(next);
    return index - 1;
  }

  double Value(const char** p) const {
    double value;
    const char* const next = ParseNumber(*p, end_, &value);
    if (next == nullptr || !IsFieldEnd(next)) {
      const std::string value_there = "the value " + QuoteField(*p, end_);
      if (IsOutOfRange(*p, end_)) Fail(*p, value_there + kOutOfRange);
      Fail(*p, value_there + " is no number, expected a finite number in a line of " + Line());
    }
    if (header_.field == Field::kInteger && value != std::trunc(value)) {
      Fail(*p, "the value " + QuoteField(*p, end_) +
                   " is not whole, expected the integers that the " + "header announces");
    }
    *p = SkipBlanks(next);
    return value;
  }

  std::string Line() const {
    if (header_.is_array) return "value";
    return header_.field == Field::kPattern ? "row column" : "row column value";
  }

  [[noreturn]] void Fail(const char* p, const std::string& what) const {
    throw ErrorAt(file_, p, what);
  }

  [[noreturn]] void FailWidth(const char* p, int64_t column) const {
    Fail(p, "column " + std::to_string(column) +
                " is beyond the width of the data, expected at most " + std::to_string(cols_));
  }

  // Looks for the first line of the file that gives a position again.
  [[noreturn]] void FailRepeated() const {
    using Entry = std::tuple<int64_t, int64_t, const char*>;
    std::vector<Entry> entries;
    for (const auto part : parts_) {
      Scan(part, 0, [&](int64_t row, int64_t column, double, const char* line) {
        entries.emplace_back(row, column, line);
      });
    }
    std::sort(entries.begin(), entries.end());
    Entry again = {0, 0, end_};
    for (std::size_t k = 1; k < entries.size(); ++k) {
      const auto& [row, column, line] = entries[k];
      const auto& [row_before, column_before, unused] = entries[k - 1];
      if (row == row_before && column == column_before && line < std::get<2>(again))
        again = entries[k];
    }
    const auto& [row, column, line] = again;
    Fail(line, "the entry (" + std::to_string(row + 1) + ", " + std::to_string(column + 1) +
                   ") is given again, expected each position once");
  }

  const TextFile& file_;
  const char* const end_;
  const MatrixMarketHeader header_;
  const int64_t cols_;
  ThreadPool& pool_;
  int64_t first_ = 0, last_ = 0;
  std::vector<std::string_view> parts_;
  std::vector<int64_t> starts_;
};

}  // namespace

Dataset ReadMatrixMarket(const TextFile& file, Shard shard, const ReadOptions& options) {
  ThreadPool pool(shard.threads);
  Reader reader(file, shard, options.num_features, pool);
  if (options.target.empty() && options.needs_target) {
    throw DataError(file.path() + ": a Matrix Market file holds no target, expected --target=FILE");
  }
  Dataset data;
  data.x = reader.Read(options.num_features > 0 ? options.num_features : reader.header().cols);
  NumbersWanted wanted = {.name = "target",
                          .count = reader.header().rows,
                          .first = reader.first(),
                          .last = reader.last(),
                          .classes = options.classes};
  if (!options.target.empty()) data.y = ReadNumbers(options.target, wanted);
  wanted.classes = false;
  data.weights = ReadWeights(options.weights, wanted);
  data.first_row = reader.first();
  return data;
}

}  // namespace strads
