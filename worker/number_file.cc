#include "strads/number_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

#include "strads/error.h"
#include "worker/matrix_market_header.h"
#include "worker/number.h"
#include "worker/text_file.h"
#include "worker/text_lines.h"

namespace strads {

namespace {

// A number at p: the byte behind it, or null.
const char* ParseOne(const char* p, const char* end, bool may_be_infinite, double* value) {
  const char* const word = p + (*p == '+');
  for (const std::string_view infinite : {"infinity", "inf"}) {
    const auto size = static_cast<ptrdiff_t>(infinite.size());
    const auto is_same = [](char wanted, char c) { return wanted == (c | 0x20); };
    if (!may_be_infinite || end - word < size ||
        !std::equal(infinite.begin(), infinite.end(), word, is_same))
      continue;
    *value = std::numeric_limits<double>::infinity();
    return word + size;
  }
  return ParseNumber(p, end, value);
}

}  // namespace

Eigen::VectorXd ReadNumbers(const std::string& path, const NumbersWanted& wanted) {
  const TextFile file(path);
  const char* p = file.text().data();
  const char* const end = p + file.text().size();
  const std::string expected =
      ", expected " + std::to_string(wanted.count) + ", one for each " + wanted.each;
  char comment = '#';
  if (file.text().starts_with(kMatrixMarketBanner)) {
    const MatrixMarketHeader header = ParseMatrixMarketHeader(file);
    if (!header.is_array || (header.rows != 1 && header.cols != 1)) {
      throw ErrorAt(file, p,
                    "the " + wanted.name + " is a matrix, expected an array of n x 1 or 1 x n");
    }
    if (wanted.count >= 0 && header.entries != wanted.count) {
      throw ErrorAt(file, header.body - 1,
                    std::to_string(header.entries) + " " + wanted.name + "s" + expected);
    }
    p = header.body;
    comment = '%';
  }

  std::vector<double> numbers;
  int64_t read = 0;
  for (; p < end; p = NextLine(p, end)) {
    p = SkipBlanks(p);
    if (p >= end || *p == '\n' || *p == comment) continue;
    double value;
    const char* const next = ParseOne(p, end, wanted.may_be_infinite, &value);
    const char* const rest = next == nullptr ? p : SkipBlanks(next);
    const bool ends_line = next != nullptr && (rest >= end || *rest == '\n' || *rest == comment);
    if (next == nullptr && IsOutOfRange(p, end))
      throw ErrorAt(file, p, QuoteField(p, end) + kOutOfRange);
    if (!ends_line) {
      throw ErrorAt(file, p,
                    QuoteField(next != nullptr && rest > next ? rest : p, end) +
                        " is out of place, expected one finite number on a line");
    }
    if (value < wanted.least || (wanted.whole && value != std::floor(value))) {
      std::ostringstream range;
      if (wanted.whole) range << "a whole number";
      if (wanted.whole && std::isfinite(wanted.least)) range << " of ";
      if (std::isfinite(wanted.least)) range << "at least " << wanted.least;
      throw ErrorAt(file, p, QuoteField(p, end) + " is out of range, expected " + range.str());
    }
    if (wanted.classes && !IsClass(value)) throw ErrorAt(file, p, QuoteField(p, end) + kNoClass);
    if (read == wanted.count)
      throw ErrorAt(file, p, "more " + wanted.name + "s than " + wanted.each + "s" + expected);
    if (read >= wanted.first && (wanted.last < 0 || read < wanted.last)) numbers.push_back(value);
    ++read;
  }
  if (read < wanted.count) {
    throw ErrorAt(
        file, end,
        "the file ends after " + std::to_string(read) + " " + wanted.name + "s" + expected);
  }
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), std::ssize(numbers));
}

}  // namespace strads
