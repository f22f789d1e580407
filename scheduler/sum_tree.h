#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace strads {

// Finds leaves with probability proportional to (weight + floor), the floor being free to change
// with every call.
//
// A complete tree with 16 children a node, each level one array: a step down reads 16 adjacent sums
// and counts. A node carries the sum of the weights and the number of the leaves below it that are
// not removed, so its effective weight is sum + floor * count and no floor is stored anywhere.
// Invariant: every sum is AddUp of its children's present sums, hence never drifts. O(log16 size)
// for each leaf found, set, removed or restored; about 9 bytes a leaf. What set, removed and
// restored leaves change above them is worked off by the next call that needs the sums, once for
// all of them.
class SumTree {
 public:
  static constexpr size_t kFanout = 16;
  using Sums = std::array<double, kFanout>;

  // All weights 0, no leaf removed.
  explicit SumTree(int32_t size);

  int32_t size() const { return size_; }
  double Sum();     // of the weights of the leaves not removed
  int32_t Count();  // of the leaves not removed
  bool IsRemoved(int32_t leaf) const;
  double Weight(int32_t leaf) const;  // removed or not

  // weights[i] becomes the weight of leaves[i]; whoever is removed stays so. The weights are
  // finite, not negative, and sum to a finite number; the leaves are in [0, size).
  void Set(std::span<const int32_t> leaves, std::span<const double> weights);

  // Takes leaves out until they are restored, with their weight and their floor. Nothing happens to
  // a leaf that is out already, or is not.
  void Remove(std::span<const int32_t> leaves);
  void Restore(std::span<const int32_t> leaves);

  // leaves[i] becomes the leaf at the fraction u[i], in [0, 1), of the line on which every leaf
  // that is not removed has a stretch of length weight + floor: never a removed leaf and never one
  // of length 0, however the sums round. Needs Sum() + floor * Count() > 0 and equal lengths.
  // Several at once cost less than one by one, as their cache misses overlap.
  void Find(std::span<const double> u, double floor, std::span<int32_t> leaves);

  // The sum of 16 numbers as the tree takes it: in four interleaved parts, then ((0+1)+(2+3)).
  static double AddUp(const Sums& x);

 private:
  struct alignas(64) Node {
    Sums sums{};
    std::array<int32_t, kFanout> counts{};
  };
  struct alignas(64) LeafGroup {
    Sums slots;  // the weight; with its sign turned, also that of 0, if the leaf is removed
  };

  // Where the stretches of a node's children begin, by a given floor: those of four blocks of
  // children, and within each block.
  struct Signpost {
    std::array<double, 4> blocks;
    std::array<std::array<double, 4>, 4> in_block;
    Sums lengths;
    bool stands = false;
  };
  static constexpr size_t kMostSignposts = 256;  // a level: they are to stay in a cache

  static Sums LengthsIn(const Node& node, double floor);
  const Signpost& SignpostOf(size_t level, size_t node, double floor);

  double Slot(int32_t leaf) const {
    const size_t i = static_cast<size_t>(leaf);
    return groups_[i / kFanout].slots[i % kFanout];
  }
  double& MutableSlot(int32_t leaf) {
    const size_t i = static_cast<size_t>(leaf);
    return groups_[i / kFanout].slots[i % kFanout];
  }
  void Touch(int32_t leaf);
  void Refresh();
  double Summarize(size_t rank, size_t i, int32_t& count) const;

  int32_t size_;
  double sum_ = 0;
  int32_t count_ = 0;
  std::vector<LeafGroup> groups_;
  std::vector<std::vector<Node>> levels_;  // [0] sums the leaf groups, the last one has one node
  std::vector<std::vector<Signpost>> signposts_;  // of each level, if it has few nodes
  double signposted_floor_ = 0;
  // What Touch marked and Refresh works off: a list, and a flag for each leaf group ([0]) and each
  // node of levels_[i - 1] ([i]) that says whether it is listed.
  std::vector<size_t> stale_;
  std::vector<std::vector<uint8_t>> is_stale_;
};

}  // namespace strads
