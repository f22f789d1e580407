#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strads::mf {

// parts + 1 boundaries 0 = b_0 <= ... <= b_parts = counts.size(): contiguous ranges, each of about
// the same sum of counts. O(counts).
std::vector<int64_t> BalancedRanges(std::span<const int64_t> counts, int64_t parts);

}  // namespace strads::mf
