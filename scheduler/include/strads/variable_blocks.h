#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "strads/random.h"

namespace strads {

// A partition of variables into blocks, such that those of different blocks are coupled as little
// as can be, and which of them are updated next: one variable of each of some blocks drawn at
// random, the one that gains most (block-greedy coordinate descent: Scherrer, Tewari, Halappanavar
// and Haglin, "Feature Clustering for Accelerating Parallel Coordinate Descent", NIPS 2012).
//
// The blocks grow from seeds: the variable with the most entries of those without a block, with
// those most coupled with it, as many as make the blocks equal, to one variable; what is left is
// the last block. There are fewer blocks than asked for only if there are fewer variables.
class VariableBlocks {
 public:
  // Of the variables [first, first + entries.size()), with this many non-zeros each. Throws
  // UsageError unless num_blocks >= 1.
  VariableBlocks(int32_t first, std::span<const int32_t> entries, int num_blocks);

  bool IsComplete() const { return left_.empty(); }
  // The seed of the next block, unless complete.
  int32_t NextSeed() const;
  // Makes that block: couplings[j] is the seed's with variable j, for all variables there are.
  // O(variables).
  void Grow(std::span<const double> couplings);

  const std::vector<std::vector<int32_t>>& blocks() const { return blocks_; }
  // `count` of the blocks, or all if they are fewer, without repetition.
  std::vector<int> Draw(int count, Random& random) const;

 private:
  void Close();

  const int32_t first_;
  const std::vector<int32_t> entries_;
  const int num_blocks_;
  std::vector<int32_t> left_;  // without a block, ascending
  std::vector<std::vector<int32_t>> blocks_;
};

}  // namespace strads
