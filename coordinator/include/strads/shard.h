#pragma once

#include <cstdint>
#include <utility>

namespace strads {

// Which part of the data a worker owns, and how many threads it may use on it.
struct Shard {
  int rank = 0;         // 0 .. num_workers - 1
  int num_workers = 1;  // the number of shards: part of the answer, as sums are taken per shard
  int threads = 1;      // never part of the answer

  // The half-open range [first, last) of `count` items (rows, bytes) that this shard owns. The
  // ranges of all ranks are disjoint, in order, cover [0, count) and differ in length by at most 1.
  std::pair<int64_t, int64_t> RangeOf(int64_t count) const {
    const auto begin = [&](int64_t r) {
      return count / num_workers * r + count % num_workers * r / num_workers;
    };
    return {begin(rank), begin(rank + 1)};
  }
};

}  // namespace strads
