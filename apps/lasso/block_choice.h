#pragma once

#include <strads/working_set.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "apps/lasso/options.h"
#include "apps/lasso/unit_search.h"

namespace strads::lasso {

// Decides after each measurement what joins the block, or that a block does not pay any more: it
// would take more than --block_memory, or rounding keeps it from its best.
class BlockChoice {
 public:
  struct Problem {
    int64_t num_units = 0;  // variables or groups
    int64_t num_variables = 0;
    int64_t num_rows = 0;
    double mean_entries = 0;  // non-zeros of a column
  };
  BlockChoice(const Options& options, const Problem& problem);

  struct Block {
    int64_t nonzeros = 0;  // of the model
    int64_t size = 0;      // in variables
    double entries = 0;    // non-zeros of X in a column of it, once they are known
  };
  struct Joining {
    std::vector<int32_t> units;
    bool gather = false;  // solve by columns, from now on
  };
  // `starting` are units that must be in the block. Null if it does not pay any more.
  // O(violators).
  std::optional<Joining> Next(const Violators& violators,
                              std::vector<int32_t> starting,
                              const Block& block);
  // After each solve: whether it changed anything.
  void Solved(bool has_changed) { is_stuck_ = is_stuck_ && !has_changed; }
  // Other changes are possible from now on than when it was last solved.
  void Unstick() { is_stuck_ = false; }
  // The last solve changed nothing, and still there were violators.
  bool is_stuck() const { return is_stuck_; }

 private:
  const double memory_;  // bytes
  const double mean_entries_;
  const double unit_size_;   // variables in a unit
  const double first_size_;  // of the working set, in units
  WorkingSet working_set_;
  bool gather_;
  bool is_stuck_ = false;
};

}  // namespace strads::lasso
