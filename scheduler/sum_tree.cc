#include "scheduler/sum_tree.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace strads {
namespace {

constexpr size_t kFanout = SumTree::kFanout;

// Whether the slot is of a leaf that is not removed: a comparison with 0 would not see the sign of
// -0.
bool IsPresent(double slot) { return !std::signbit(slot); }

size_t NodesAbove(size_t nodes) { return (nodes + kFanout - 1) / kFanout; }

// The first of four stretches that ends beyond `at`, else the last one, given the first three ends.
// Counts instead of leaving a loop: the branch would be a coin toss for the processor.
size_t FirstBeyond(double at, double end0, double end1, double end2) {
  return static_cast<size_t>(at >= end0) + static_cast<size_t>(at >= end1) +
         static_cast<size_t>(at >= end2);
}

// The first child whose stretch ends beyond `at`, a place on the line of the children's lengths.
// Makes `at` relative to that child. Rounding may put `at` beyond the last stretch: the last child
// of a positive length is meant then.
inline size_t Step(const SumTree::Sums& lengths, double& at) {
  std::array<double, 4> block;
  for (size_t k = 0; k < 4; ++k) {
    const double* x = &lengths[4 * k];
    block[k] = (x[0] + x[1]) + (x[2] + x[3]);
  }
  const std::array<double, 4> begin = {0, block[0], block[0] + block[1],
                                       block[0] + block[1] + block[2]};
  const size_t k = FirstBeyond(at, begin[1], begin[2], begin[3]);
  at -= begin[k];

  const double* x = &lengths[4 * k];
  const std::array<double, 4> start = {0, x[0], x[0] + x[1], x[0] + x[1] + x[2]};
  const size_t i = FirstBeyond(at, start[1], start[2], start[3]);
  at -= start[i];

  size_t child = 4 * k + i;
  while (child > 0 && !(lengths[child] > 0)) --child;
  return child;
}

}  // namespace

SumTree::SumTree(int32_t size) : size_(size), count_(size) {
  assert(size >= 0);
  size_t nodes = std::max<size_t>(1, NodesAbove(static_cast<size_t>(size)));
  LeafGroup none;
  none.slots.fill(-0.0);
  groups_.assign(nodes, none);
  is_stale_.emplace_back(nodes);
  do {
    nodes = NodesAbove(nodes);
    levels_.emplace_back(nodes);
    is_stale_.emplace_back(nodes);
  } while (nodes > 1);

  for (int32_t leaf = 0; leaf < size; ++leaf) {
    MutableSlot(leaf) = 0;
    Touch(leaf);
  }
}

double SumTree::Sum() {
  Refresh();
  return sum_;
}

int32_t SumTree::Count() {
  Refresh();
  return count_;
}

bool SumTree::IsRemoved(int32_t leaf) const { return !IsPresent(Slot(leaf)); }

double SumTree::Weight(int32_t leaf) const { return std::abs(Slot(leaf)); }

void SumTree::Set(std::span<const int32_t> leaves, std::span<const double> weights) {
  assert(leaves.size() == weights.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    assert(leaves[i] >= 0 && leaves[i] < size_ && weights[i] >= 0);
    double& slot = MutableSlot(leaves[i]);
    slot = std::copysign(weights[i], slot);
    Touch(leaves[i]);
  }
}

void SumTree::Remove(std::span<const int32_t> leaves) {
  for (const int32_t leaf : leaves) {
    assert(leaf >= 0 && leaf < size_);
    MutableSlot(leaf) = -Weight(leaf);
    Touch(leaf);
  }
}

void SumTree::Restore(std::span<const int32_t> leaves) {
  for (const int32_t leaf : leaves) {
    assert(leaf >= 0 && leaf < size_);
    MutableSlot(leaf) = Weight(leaf);
    Touch(leaf);
  }
}

void SumTree::Find(std::span<const double> u, double floor, std::span<int32_t> leaves) {
  Refresh();
  assert(sum_ + floor * count_ > 0 && u.size() == leaves.size());
  constexpr size_t kBatch = 64;
  for (size_t first = 0; first < u.size(); first += kBatch) {
    const size_t size = std::min(kBatch, u.size() - first);
    std::array<double, kBatch> at;
    std::array<size_t, kBatch> node{};
    for (size_t i = 0; i < size; ++i) at[i] = u[first + i] * (sum_ + floor * count_);
    for (size_t level = levels_.size(); level-- > 0;) {
      for (size_t i = 0; i < size; ++i) {
        const Node& parent = levels_[level][node[i]];
        Sums lengths;
        for (size_t k = 0; k < kFanout; ++k) lengths[k] = parent.sums[k] + floor * parent.counts[k];
        node[i] = node[i] * kFanout + Step(lengths, at[i]);
      }
    }
    for (size_t i = 0; i < size; ++i) {
      const Sums& slots = groups_[node[i]].slots;
      Sums lengths;
      for (size_t k = 0; k < kFanout; ++k) lengths[k] = IsPresent(slots[k]) ? slots[k] + floor : 0;
      leaves[first + i] = static_cast<int32_t>(node[i] * kFanout + Step(lengths, at[i]));
    }
  }
}

double SumTree::AddUp(const Sums& x) {
  std::array<double, 4> part = {x[0], x[1], x[2], x[3]};
  for (size_t i = 4; i < kFanout; i += 4) {
    for (size_t k = 0; k < 4; ++k) part[k] += x[i + k];
  }
  return (part[0] + part[1]) + (part[2] + part[3]);
}

void SumTree::Touch(int32_t leaf) {
  const size_t group = static_cast<size_t>(leaf) / kFanout;
  if (is_stale_[0][group]) return;
  is_stale_[0][group] = 1;
  stale_.push_back(group);
}

// The sum and the count of leaf group i (rank 0) or of node i of levels_[rank - 1].
double SumTree::Summarize(size_t rank, size_t i, int32_t& count) const {
  if (rank > 0) {
    const Node& node = levels_[rank - 1][i];
    count = std::accumulate(node.counts.begin(), node.counts.end(), 0);
    return AddUp(node.sums);
  }
  const Sums& slots = groups_[i].slots;
  Sums weights;
  for (size_t k = 0; k < kFanout; ++k) weights[k] = IsPresent(slots[k]) ? slots[k] : 0;
  count = static_cast<int32_t>(std::ranges::count_if(slots, IsPresent));
  return AddUp(weights);
}

// Level by level, so that a node above many changed leaves is summed once.
void SumTree::Refresh() {
  if (stale_.empty()) return;
  for (size_t rank = 0; rank < levels_.size(); ++rank) {
    size_t num_parents = 0;
    for (const size_t i : stale_) {
      is_stale_[rank][i] = 0;
      const size_t parent = i / kFanout;
      Node& node = levels_[rank][parent];
      node.sums[i % kFanout] = Summarize(rank, i, node.counts[i % kFanout]);
      if (is_stale_[rank + 1][parent]) continue;
      is_stale_[rank + 1][parent] = 1;
      stale_[num_parents++] = parent;  // behind the loop: at most one parent for each child seen
    }
    stale_.resize(num_parents);
  }
  is_stale_.back()[0] = 0;
  stale_.clear();
  sum_ = Summarize(levels_.size(), 0, count_);
}

}  // namespace strads
