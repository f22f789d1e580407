#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "strads/parallel.h"

namespace strads {

// Bytes of text that are parsed at a time: what is parsed stays in a cache until it is taken.
inline constexpr int64_t kPieceBytes = int64_t{1} << 19;

// In how many pieces that many bytes are parsed.
inline int PiecesOf(int64_t bytes, int threads) {
  return std::max(threads, static_cast<int>((bytes + kPieceBytes - 1) / kPieceBytes));
}

// Calls parse(lines, parsed) for each of `parts`, so many at a time as the pool has threads, and
// then take(batch, share), in order: the std::vector<Parsed> of those, and what share of the bytes
// has been parsed by now. What take leaves in the batch is handed to parse again, whose memory need
// not be asked for anew.
template <class Parsed, class Parse, class Take>
void ParseInBatches(std::span<const std::string_view> parts,
                    ThreadPool& pool,
                    const Parse& parse,
                    const Take& take) {
  std::size_t bytes = 0, all_bytes = 0;
  for (const std::string_view part : parts) all_bytes += part.size();
  std::vector<Parsed> batch;
  const auto threads = static_cast<std::size_t>(pool.threads());
  for (std::size_t first = 0; first < parts.size(); first += threads) {
    batch.resize(std::min(threads, parts.size() - first));
    pool.ParallelFor(std::ssize(batch), [&](int64_t begin, int64_t end) {
      for (auto p = static_cast<std::size_t>(begin); p < static_cast<std::size_t>(end); ++p)
        parse(parts[first + p], batch[p]);
    });
    for (std::size_t p = 0; p < batch.size(); ++p) bytes += parts[first + p].size();
    take(batch, all_bytes > 0 ? static_cast<double>(bytes) / static_cast<double>(all_bytes) : 1);
  }
}

}  // namespace strads
