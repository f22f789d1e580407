#pragma once

#include <cstdint>
#include <vector>

#include "strads/random.h"
#include "strads/schedule/schedule.h"

namespace strads {

// Uniform draws: without replacement within a call, with replacement between calls.
//
// Shotgun (Bradley et al., ICML 2011). Invariant: every ordered choice of `count` distinct
// variables has the same probability, whatever was drawn before. O(count) a draw, also when count
// is close to the number of variables: the head of a Fisher-Yates shuffle of whatever order the
// last call left. 4 bytes a variable. Throws std::logic_error unless 0 <= first <= last.
class RandomSchedule : public Schedule {
 public:
  RandomSchedule(int32_t first, int32_t last, uint64_t seed, uint64_t stream = 0);
  std::vector<int32_t> Draw(int count) override;

 private:
  std::vector<int32_t> order_;  // a permutation of the variables
  Random random_;
};

}  // namespace strads
