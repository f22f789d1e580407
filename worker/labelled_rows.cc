#include "strads/labelled_rows.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "strads/csv.h"
#include "strads/parallel.h"
#include "worker/readers.h"
#include "worker/text_file.h"

namespace strads {
namespace {

// Numbers to names; most rows have the label of the row before, or one of few.
void NameNumbers(const Eigen::VectorXd& y, LabelledRows& data) {
  std::vector<double> known;
  data.label.resize(static_cast<std::size_t>(y.size()));
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    constexpr std::size_t kFew = 16;
    std::size_t k = 0;
    while (k < known.size() && k < kFew && known[k] != y[i]) ++k;
    if (k < known.size() && k < kFew) {
      data.label[static_cast<std::size_t>(i)] = static_cast<int32_t>(k);
      continue;
    }
    const int32_t index = data.labels.Add(LabelOfNumber(y[i]));
    if (index == std::ssize(known)) known.push_back(y[i]);
    data.label[static_cast<std::size_t>(i)] = index;
  }
}

bool IsCsv(std::string_view path) {
  for (const std::string_view suffix : {".gz", ".xz", ".zst"}) {
    if (path.ends_with(suffix)) path.remove_suffix(suffix.size());
  }
  return path.ends_with(".csv");
}

}  // namespace

std::string LabelOfNumber(double value) {
  std::array<char, 32> text;
  // Adding 0 makes -0 a 0.
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value + 0.0).ptr;
  return {text.data(), end};
}

LabelledRows ReadLabelledRows(const std::string& path, Shard shard, const ReadOptions& options) {
  if (IsCsv(path)) return ReadCsv(path, shard, {.target = options.target});
  const TextFile file(path);
  ThreadPool pool(shard.threads);
  LabelledRows data;
  if (IsMatrixMarket(file)) {
    Dataset columns = ReadMatrixMarket(file, shard, options);
    data.x = RowMatrix::FromColumns(columns.x, pool);
    data.weights = std::move(columns.weights);
    NameNumbers(columns.y, data);
    return data;
  }
  LibsvmShard read = ParseLibsvmShard(file, shard, options, pool);
  data.x = RowMatrix::FromPieces(read.y.size(), read.width, read.pieces, pool);
  data.weights = std::move(read.weights);
  NameNumbers(read.y, data);
  return data;
}

}  // namespace strads
