#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/libsvm_parser.h"
#include "worker/parse_in_batches.h"
#include "worker/readers.h"
#include "worker/text_file.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

constexpr int64_t kMaxRows = (int64_t{1} << 31) - 1;

bool HasRow(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p < end; p = NextLine(p, end)) {
    p = SkipBlanks(p);
    if (p < end && *p != '\n' && *p != '#') return true;
  }
  return false;
}

}  // namespace

LibsvmShard ReadLibsvmRows(const TextFile& file,
                           Shard shard,
                           const ReadOptions& options,
                           ThreadPool& pool) {
  if (!options.target.empty()) {
    throw DataError(file.path() + ": a libsvm file holds its own target, expected no --target");
  }
  const auto [first, last] = shard.RangeOf(std::ssize(file.text()));
  const auto parts = SplitLines(file.text(), first, last, PiecesOf(last - first, pool.threads()));
  RowMatrixBuilder x;
  std::vector<double> labels;
  int64_t width = options.num_features;
  ParseInBatches<LibsvmRows>(
      parts, pool,
      [&](std::string_view lines, LibsvmRows& rows) {
        ParseLibsvm(file, lines, options.num_features, options.classes, rows);
        file.Forget(lines);
      },
      [&](const std::vector<LibsvmRows>& batch, double share) {
        std::vector<RowPiece> pieces;
        for (const LibsvmRows& part : batch) {
          pieces.push_back(part.piece());
          labels.insert(labels.end(), part.labels.begin(), part.labels.end());
          if (options.num_features == 0) width = std::max(width, part.width);
        }
        if (std::ssize(labels) > kMaxRows) {
          throw DataError(file.path() + ": a shard of " + std::to_string(labels.size()) +
                          " rows, expected at most 2^31 - 1: use more workers");
        }
        x.Append(pieces, share, pool);
      });

  const int64_t rows = std::ssize(labels);
  if (rows == 0 && !HasRow(file.text())) {
    throw DataError(file.path() + ":1: no rows in the file, expected lines of " + kLibsvmLine);
  }
  LibsvmShard data;
  data.x = x.Finish(width, pool);
  data.y = Eigen::Map<const Eigen::VectorXd>(labels.data(), rows);
  const char* const begin = file.text().data();
  if (options.wants_first_row || !options.weights.empty())
    data.first_row = CountRows({begin, parts.front().data()}, '#');
  if (!options.weights.empty()) {
    const int64_t before = data.first_row;
    const int64_t after =
        CountRows({parts.back().data() + parts.back().size(), begin + file.text().size()}, '#');
    data.weights = ReadWeights(
        options.weights, {.count = before + rows + after, .first = before, .last = before + rows});
  }
  return data;
}

Dataset ReadLibsvm(const TextFile& file, Shard shard, const ReadOptions& options) {
  ThreadPool pool(shard.threads);
  LibsvmShard read = ReadLibsvmRows(file, shard, options, pool);
  Dataset data;
  data.x = ColumnMatrix::FromRows(read.x, pool);
  data.y = std::move(read.y);
  data.weights = std::move(read.weights);
  data.first_row = read.first_row;
  return data;
}

}  // namespace strads
