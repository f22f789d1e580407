#include "worker/target_file.h"

#include "strads/error.h"
#include "worker/matrix_market_header.h"
#include "worker/number.h"
#include "worker/text_file.h"
#include "worker/text_lines.h"

namespace strads {

Eigen::VectorXd ReadTarget(const std::string& path, int64_t count, int64_t first, int64_t last) {
  const TextFile file(path);
  const char* p = file.text().data();
  const char* const end = p + file.text().size();
  const std::string expected = ", expected " + std::to_string(count) + ", one for each row";
  char comment = '#';
  if (file.text().starts_with(kMatrixMarketBanner)) {
    const MatrixMarketHeader header = ParseMatrixMarketHeader(file);
    if (!header.is_array || (header.rows != 1 && header.cols != 1)) {
      throw ErrorAt(file, p, "the target is a matrix, expected an array of n x 1 or 1 x n");
    }
    if (header.entries != count) {
      throw ErrorAt(file, header.body - 1, std::to_string(header.entries) + " targets" + expected);
    }
    p = header.body;
    comment = '%';
  }

  Eigen::VectorXd target(last - first);
  int64_t read = 0;
  for (; p < end; p = NextLine(p, end)) {
    p = SkipBlanks(p);
    if (p >= end || *p == '\n' || *p == comment) continue;
    double value;
    const char* const next = ParseNumber(p, end, &value);
    const char* const rest = next == nullptr ? p : SkipBlanks(next);
    const bool ends_line = next != nullptr && (rest >= end || *rest == '\n' || *rest == comment);
    if (!ends_line) {
      throw ErrorAt(file, p,
                    QuoteField(next != nullptr && rest > next ? rest : p, end) +
                        " is out of place, expected one finite number on a line");
    }
    if (read == count) throw ErrorAt(file, p, "more targets than rows" + expected);
    if (read >= first && read < last) target[read - first] = value;
    ++read;
  }
  if (read < count) {
    throw ErrorAt(file, end, "the file ends after " + std::to_string(read) + " targets" + expected);
  }
  return target;
}

}  // namespace strads
