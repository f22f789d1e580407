#pragma once

#include <strads/rotation.h>

#include <map>
#include <vector>

namespace strads {

// Where every block of the model is after the plans so far: each worker can tell for all of them,
// because a plan names all moves of its round.
class BlockLedger {
 public:
  explicit BlockLedger(int workers) : workers_(workers) {}

  // Throws std::logic_error, and says which block, if the plan gives a block to two workers, or to
  // one that does not have it, or to none that exists.
  void Check(const Rotation& rotation) const;
  // Takes the moves of the next round, which Check has passed.
  void Apply(const Rotation& rotation);
  // The block has left the workers.
  void Remove(int32_t block) { rank_of_.erase(block); }

  // The blocks that worker `rank` has, or that are on their way to it, in order.
  std::vector<int32_t> At(int rank) const;

 private:
  const int workers_;
  std::map<int32_t, int32_t> rank_of_;
};

}  // namespace strads
