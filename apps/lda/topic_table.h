#pragma once

#include <algorithm>
#include <cstdint>

#include "apps/lda/prior.h"
#include "apps/lda/vectors.h"

namespace strads::lda {

// How often a document of `length` tokens has each of K topics, in memory that is lent and begins
// as zeros, at most 8 bytes a token: K counts, or, with more topics than two for each token, a hash
// table of 2 length slots with linear probing (Knuth, TAOCP 3, 6.4), at least half of them empty.
// Every call takes O(1), of the hash table expected.
class TopicTable {
 public:
  // Of the memory.
  static int64_t SizeInTopics(int64_t length, int topics) {
    return kUnits * std::min<int64_t>(topics, 2 * length);
  }

  STRADS_INLINE TopicTable(Topic* memory, int64_t length, int topics)
      : memory_(memory),
        hashed_(topics > 2 * length),
        size_(std::min<int64_t>(topics, 2 * length)) {}

  STRADS_INLINE int32_t Of(int topic) const {
    if (!hashed_) return static_cast<int32_t>(At(topic));
    return static_cast<int32_t>(At(Find(topic)) >> kTopicBits);
  }

  // Asks for what Of(topic) reads first.
  STRADS_INLINE void Prefetch(uint32_t topic) const {
    __builtin_prefetch(memory_ + kUnits * (hashed_ ? Home(topic) : topic), 1);
  }

  STRADS_INLINE void Add(int topic) {
    if (!hashed_) return Set(topic, At(topic) + 1);
    const int64_t slot = Find(topic);
    Set(slot, (At(slot) | static_cast<uint32_t>(topic)) + kOnce);
  }

  // The document must have it.
  STRADS_INLINE void Remove(int topic) {
    if (!hashed_) return Set(topic, At(topic) - 1);
    const int64_t slot = Find(topic);
    Set(slot, At(slot) - kOnce);
    if (At(slot) < kOnce) Empty(slot);
  }

 private:
  // A slot is a count, or the topic in its low half and the count in the other, which is wide
  // enough for a document that is shorter than K / 2; 0 if it is empty.
  static constexpr int kTopicBits = 16;
  static constexpr uint32_t kOnce = uint32_t{1} << kTopicBits;
  static constexpr int64_t kUnits = sizeof(uint32_t) / sizeof(Topic);

  STRADS_INLINE uint32_t At(int64_t slot) const {
    uint32_t value;
    Load(memory_ + kUnits * slot, value);
    return value;
  }
  STRADS_INLINE void Set(int64_t slot, uint32_t value) { Store(value, memory_ + kUnits * slot); }

  STRADS_INLINE int64_t Home(uint32_t topic) const {
    const uint32_t hash = topic * 0x9E3779B1U;  // 2^32 by the golden ratio
    return static_cast<int64_t>(hash * static_cast<uint64_t>(size_) >> 32);
  }
  STRADS_INLINE int64_t Next(int64_t slot) const { return slot + 1 < size_ ? slot + 1 : 0; }
  // The slot of the topic, or the empty one where it would go.
  STRADS_INLINE int64_t Find(int topic) const {
    int64_t slot = Home(static_cast<uint32_t>(topic));
    while (At(slot) != 0 && static_cast<Topic>(At(slot)) != topic) slot = Next(slot);
    return slot;
  }
  // Moves those up that would not be found beyond an empty slot.
  void Empty(int64_t empty) {
    Set(empty, 0);
    for (int64_t slot = Next(empty); At(slot) != 0; slot = Next(slot)) {
      const int64_t home = Home(At(slot) & (kOnce - 1));
      const bool is_between =
          empty < slot ? empty < home && home <= slot : empty < home || home <= slot;
      if (is_between) continue;
      Set(empty, At(slot));
      Set(slot, 0);
      empty = slot;
    }
  }

  Topic* memory_;
  bool hashed_;
  int64_t size_;
};

}  // namespace strads::lda
