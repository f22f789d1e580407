#pragma once

#include <cstdint>
#include <vector>

#include "strads/random.h"
#include "strads/schedule/schedule.h"

namespace strads {

// Sweeps over the variables, each sweep in a fresh random order.
//
// Randomly permuted coordinate descent (Shalev-Shwartz and Zhang, JMLR 2013). Invariant: each sweep
// holds every variable exactly once, and a sweep is a uniformly random permutation except where one
// call crosses into it. Such a call took the last r variables of the old sweep, and the k variables
// that it takes from the new sweep are drawn from the others; those r are back in the new sweep
// after position k. So a call never holds a variable twice and no sweep loses one.
// O(count) a draw, also at the end of a sweep: the order is drawn as it is used (Fisher-Yates).
// 4 bytes a variable. Throws std::logic_error unless 0 <= first <= last.
class ShuffledSchedule : public Schedule {
 public:
  ShuffledSchedule(int32_t first, int32_t last, uint64_t seed, uint64_t stream = 0);
  std::vector<int32_t> Draw(int count) override;

 private:
  std::vector<int32_t> order_;  // [0, next_) was drawn in this sweep, the rest was not
  size_t next_ = 0;
  Random random_;
};

}  // namespace strads
