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

std::array<double, 4> Begins(double x0, double x1, double x2) {
  return {0, x0, x0 + x1, x0 + x1 + x2};
}

// Of the four blocks that four children each make.
std::array<double, 4> BlockBegins(const SumTree::Sums& lengths) {
  std::array<double, 3> block;
  for (size_t k = 0; k < block.size(); ++k) {
    const double* x = &lengths[4 * k];
    block[k] = (x[0] + x[1]) + (x[2] + x[3]);
  }
  return Begins(block[0], block[1], block[2]);
}

std::array<double, 4> BeginsInBlock(const SumTree::Sums& lengths, size_t k) {
  return Begins(lengths[4 * k], lengths[4 * k + 1], lengths[4 * k + 2]);
}

size_t Step(const std::array<double, 4>& begins, double& at) {
  const size_t k = FirstBeyond(at, begins[1], begins[2], begins[3]);
  at -= begins[k];
  return k;
}

// Rounding may put a place beyond the last stretch: the last child of a positive length is meant
// then.
size_t OrBefore(size_t child, const SumTree::Sums& lengths) {
  while (child > 0 && !(lengths[child] > 0)) --child;
  return child;
}

// The child whose stretch `at` is in, a place on the line of the children's lengths, which becomes
// relative to that child.
inline size_t ChildAt(const SumTree::Sums& lengths, double& at) {
  const size_t k = Step(BlockBegins(lengths), at);
  return OrBefore(4 * k + Step(BeginsInBlock(lengths, k), at), lengths);
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
    signposts_.emplace_back(nodes <= kMostSignposts ? nodes : 0);
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

SumTree::Sums SumTree::LengthsIn(const Node& node, double floor) {
  Sums lengths;
  for (size_t k = 0; k < kFanout; ++k) lengths[k] = node.sums[k] + floor * node.counts[k];
  return lengths;
}

// Steps through a node that many searches pass, made at the first of them.
const SumTree::Signpost& SumTree::SignpostOf(size_t level, size_t node, double floor) {
  Signpost& post = signposts_[level][node];
  if (post.stands) return post;
  post.lengths = LengthsIn(levels_[level][node], floor);
  post.blocks = BlockBegins(post.lengths);
  for (size_t k = 0; k < 4; ++k) post.in_block[k] = BeginsInBlock(post.lengths, k);
  post.stands = true;
  return post;
}

void SumTree::Find(std::span<const double> u, double floor, std::span<int32_t> leaves) {
  Refresh();
  if (floor != signposted_floor_) {
    for (std::vector<Signpost>& level : signposts_) {
      for (Signpost& post : level) post.stands = false;
    }
    signposted_floor_ = floor;
  }
  assert(sum_ + floor * count_ > 0 && u.size() == leaves.size());
  constexpr size_t kBatch = 64;
  for (size_t first = 0; first < u.size(); first += kBatch) {
    const size_t size = std::min(kBatch, u.size() - first);
    std::array<double, kBatch> at;
    std::array<size_t, kBatch> node{};
    for (size_t i = 0; i < size; ++i) at[i] = u[first + i] * (sum_ + floor * count_);
    for (size_t level = levels_.size(); level-- > 0;) {
      const bool has_signposts = !signposts_[level].empty();
      for (size_t i = 0; i < size; ++i) {
        if (has_signposts) {
          const Signpost& post = SignpostOf(level, node[i], floor);
          const size_t k = Step(post.blocks, at[i]);
          node[i] =
              node[i] * kFanout + OrBefore(4 * k + Step(post.in_block[k], at[i]), post.lengths);
        } else {
          node[i] = node[i] * kFanout + ChildAt(LengthsIn(levels_[level][node[i]], floor), at[i]);
        }
      }
    }
    for (size_t i = 0; i < size; ++i) {
      const Sums& slots = groups_[node[i]].slots;
      Sums lengths;
      for (size_t k = 0; k < kFanout; ++k) lengths[k] = IsPresent(slots[k]) ? slots[k] + floor : 0;
      leaves[first + i] = static_cast<int32_t>(node[i] * kFanout + ChildAt(lengths, at[i]));
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
      if (!signposts_[rank].empty()) signposts_[rank][parent].stands = false;
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
