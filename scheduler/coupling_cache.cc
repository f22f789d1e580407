#include "strads/coupling_cache.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "strads/error.h"

namespace strads {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kMostPairs = size_t{1}
                              << 30;  // HomeOf has 32 bits, and half of the slots are free

}  // namespace

CouplingCache::CouplingCache(size_t max_pairs)
    : max_pairs_(max_pairs), mask_(kFirstSlots - 1), slots_(kFirstSlots, Slot{kNoPair, 0}) {
  if (max_pairs < 1 || max_pairs > kMostPairs) {
    throw UsageError("the number of cached couplings is " + std::to_string(max_pairs) +
                     ", expected 1 to " + std::to_string(kMostPairs));
  }
}

void CouplingCache::Store(int32_t j, int32_t k, float cosine) {
  if (j < 0 || k < 0) throw std::logic_error("the coupling of a negative variable");
  const Pair pair = MakePair(j, k);
  size_t slot = SlotFor(pair);
  if (slots_[slot].pair == kNoPair) {
    if (size_ == max_pairs_) {
      EvictOne();
    } else if (2 * (size_ + 1) > slots_.size()) {
      Grow();
    }
    slot = SlotFor(pair);
    ++size_;
  }
  slots_[slot] = {pair, cosine};
}

// Where the pair is, or where it would go.
size_t CouplingCache::SlotFor(Pair pair) const {
  size_t slot = HomeOf(pair);
  while (slots_[slot].pair != pair && slots_[slot].pair != kNoPair) slot = (slot + 1) & mask_;
  return slot;
}

void CouplingCache::Grow() {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(2 * slots_.size(), Slot{kNoPair, 0}));
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.pair != kNoPair) slots_[SlotFor(slot.pair)] = slot;
  }
}

void CouplingCache::EvictOne() {
  // A hand that walked slot by slot would leave the table empty behind it and full before it, and
  // searches there would have no end. Jumps of the golden ratio thin it out evenly.
  hand_ = (hand_ + static_cast<size_t>(0x9e3779b97f4a7c15)) & mask_;
  while (slots_[hand_].pair == kNoPair) hand_ = (hand_ + 1) & mask_;

  // A search stops at a free slot, so what stands behind the hole moves up, unless its home lies
  // between the hole and itself.
  size_t hole = hand_;
  for (size_t slot = (hole + 1) & mask_; slots_[slot].pair != kNoPair; slot = (slot + 1) & mask_) {
    const size_t distance_from_home = (slot - HomeOf(slots_[slot].pair)) & mask_;
    if (distance_from_home < ((slot - hole) & mask_)) continue;
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole].pair = kNoPair;
  --size_;
}

}  // namespace strads
