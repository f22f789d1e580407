#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/libsvm_parser.h"
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

LibsvmShard ParseLibsvmShard(const TextFile& file,
                             Shard shard,
                             const ReadOptions& options,
                             ThreadPool& pool,
                             int64_t piece_bytes) {
  if (!options.target.empty()) {
    throw DataError(file.path() + ": a libsvm file holds its own target, expected no --target");
  }
  const auto [first, last] = shard.RangeOf(std::ssize(file.text()));
  int64_t pieces_wanted = pool.threads();
  if (piece_bytes > 0)
    pieces_wanted = std::max(pieces_wanted, (last - first + piece_bytes - 1) / piece_bytes);
  const auto parts = SplitLines(file.text(), first, last, static_cast<int>(pieces_wanted));
  LibsvmShard data;
  std::vector<LibsvmRows>& parsed = data.parsed;
  parsed.resize(parts.size());
  pool.ParallelFor(std::ssize(parts), [&](int64_t begin, int64_t end) {
    for (auto p = static_cast<std::size_t>(begin); p < static_cast<std::size_t>(end); ++p) {
      parsed[p] = ParseLibsvm(file, parts[p], options.num_features, options.classes);
      if (piece_bytes > 0) file.Forget(parts[p]);
    }
  });

  int64_t rows = 0;
  data.width = options.num_features;
  std::vector<TripletPiece>& pieces = data.pieces;
  for (const LibsvmRows& part : parsed) {
    pieces.push_back({.entries = part.entries, .first_row = rows});
    rows += std::ssize(part.labels);
    if (options.num_features == 0) data.width = std::max(data.width, part.width);
  }
  if (rows > kMaxRows) {
    throw DataError(file.path() + ": a shard of " + std::to_string(rows) +
                    " rows, expected at most 2^31 - 1: use more workers");
  }
  if (rows == 0 && !HasRow(file.text())) {
    throw DataError(file.path() + ":1: no rows in the file, expected lines of " + kLibsvmLine);
  }
  data.y.resize(rows);
  for (std::size_t p = 0; p < parsed.size(); ++p) {
    std::copy(parsed[p].labels.begin(), parsed[p].labels.end(),
              data.y.begin() + pieces[p].first_row);
  }
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
  LibsvmShard read = ParseLibsvmShard(file, shard, options, pool);
  Dataset data;
  data.x = ColumnMatrix::FromPieces(read.y.size(), read.width, read.pieces, Storage::kAuto, pool);
  data.y = std::move(read.y);
  data.weights = std::move(read.weights);
  data.first_row = read.first_row;
  return data;
}

}  // namespace strads
