#pragma once

#include <cstdint>
#include <vector>

#include "strads/schedule/schedule.h"

namespace strads {

// The variables in order, wrapping around: first, first + 1, ..., last - 1, first, ...
//
// Cyclic coordinate descent (Friedman et al., Ann. Appl. Stat. 2007). O(count) a draw, no memory.
// Invariant: over any stretch of draws the numbers of times two variables were drawn differ by at
// most 1. Throws std::logic_error unless 0 <= first <= last.
class CyclicSchedule : public Schedule {
 public:
  CyclicSchedule(int32_t first, int32_t last);
  std::vector<int32_t> Draw(int count) override;

 private:
  int32_t first_;
  int32_t size_;
  int32_t next_ = 0;  // offset from first_
};

}  // namespace strads
