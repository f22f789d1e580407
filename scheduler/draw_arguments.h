#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace strads {

// The number of variables of [first, last). Throws std::logic_error unless 0 <= first <= last.
inline int32_t RangeSize(int32_t first, int32_t last) {
  if (first < 0 || last < first) {
    throw std::logic_error("a schedule owns [" + std::to_string(first) + ", " +
                           std::to_string(last) + "), expected 0 <= first <= last");
  }
  return last - first;
}

// How many of `size` variables a call of Draw(count) returns. Throws std::logic_error for a
// negative count.
inline size_t DrawSize(int count, size_t size) {
  if (count < 0) {
    throw std::logic_error("Draw(" + std::to_string(count) + "), expected a count of at least 0");
  }
  return std::min(static_cast<size_t>(count), size);
}

}  // namespace strads
