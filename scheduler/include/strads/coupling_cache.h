#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace strads {

// Remembers cos(x_j, x_k) of unordered pairs of variables, as floats, zeros included.
//
// An open-addressing hash table with linear probing, a power of two of slots and at most half of
// them taken; 12 bytes a slot, allocated as the table fills. Store and Find take O(1) expected and
// usually one cache miss. Invariants: size() <= max_pairs(); Find never returns anything but the
// last value stored for that pair.
//
// When max_pairs are known, each new pair evicts another one, from a place that jumps over the
// table, so a pair stays for about max_pairs new pairs. That is safe: a pair that was forgotten is unknown, which a
// dependency check takes for coupled and asks for again. Clearing the whole table instead would
// make one round in many lose all it knows.
class CouplingCache {
 public:
  // Throws UsageError unless 1 <= max_pairs <= 2^30.
  explicit CouplingCache(size_t max_pairs);

  // The cosine stored for the pair, in either order; empty if it is not known.
  std::optional<float> Find(int32_t j, int32_t k) const {
    const Pair pair = MakePair(j, k);
    for (size_t slot = HomeOf(pair);; slot = (slot + 1) & mask_) {
      if (slots_[slot].pair == pair) return slots_[slot].cosine;
      if (slots_[slot].pair == kNoPair) return std::nullopt;
    }
  }

  // Remembers the cosine of the pair j, k >= 0, in either order, instead of an earlier one.
  void Store(int32_t j, int32_t k, float cosine);

  size_t size() const { return size_; }
  size_t max_pairs() const { return max_pairs_; }

 private:
  struct Pair {
    int32_t low;
    int32_t high;
    bool operator==(const Pair&) const = default;
  };
  struct Slot {
    Pair pair;
    float cosine;
  };
  static constexpr Pair kNoPair = {-1, -1};

  static Pair MakePair(int32_t j, int32_t k) { return j < k ? Pair{j, k} : Pair{k, j}; }
  size_t HomeOf(Pair pair) const {
    uint64_t hash = (static_cast<uint64_t>(static_cast<uint32_t>(pair.low)) << 32 |
                     static_cast<uint32_t>(pair.high)) *
                    0x9e3779b97f4a7c15;
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
    return static_cast<size_t>(hash >> 32) & mask_;
  }
  size_t SlotFor(Pair pair) const;
  void Grow();
  void EvictOne();

  size_t max_pairs_;
  size_t size_ = 0;
  size_t mask_;  // number of slots - 1
  size_t hand_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace strads
