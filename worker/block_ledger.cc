#include "worker/block_ledger.h"

#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace strads {

void BlockLedger::Check(const Rotation& rotation) const {
  if (rotation.block.empty()) return;
  const auto workers = static_cast<size_t>(workers_);
  if (rotation.block.size() != workers || rotation.next.size() != workers ||
      rotation.first.size() != workers)
    throw std::logic_error("a plan moves the blocks of " + std::to_string(rotation.block.size()) +
                           " workers, there are " + std::to_string(workers));
  std::set<int32_t> seen;
  for (size_t rank = 0; rank < workers; ++rank) {
    const int32_t block = rotation.block[rank];
    if (block < 0) continue;
    const std::string what =
        "a plan gives block " + std::to_string(block) + " to worker " + std::to_string(rank);
    if (!seen.insert(block).second) throw std::logic_error(what + " and to another one");
    if (rotation.next[rank] < 0 || rotation.next[rank] >= workers_)
      throw std::logic_error(what + " and then to worker " + std::to_string(rotation.next[rank]) +
                             ", which does not exist");
    const auto found = rank_of_.find(block);
    if (rotation.first[rank] != 0) {
      if (found != rank_of_.end()) throw std::logic_error(what + " to make, which exists");
    } else if (found == rank_of_.end()) {
      throw std::logic_error(what + ", which no one has made");
    } else if (std::cmp_not_equal(found->second, rank)) {
      throw std::logic_error(what + ", it is at worker " + std::to_string(found->second));
    }
  }
}

void BlockLedger::Apply(const Rotation& rotation) {
  for (size_t rank = 0; rank < rotation.block.size(); ++rank) {
    if (rotation.block[rank] >= 0) rank_of_[rotation.block[rank]] = rotation.next[rank];
  }
}

std::vector<int32_t> BlockLedger::At(int rank) const {
  std::vector<int32_t> blocks;
  for (const auto& [block, at] : rank_of_) {
    if (at == rank) blocks.push_back(block);
  }
  return blocks;
}

}  // namespace strads
